//! The ports of a rule, ready to look flows up.

use std::collections::BTreeMap;

use crate::facts::Answer;
use crate::policy::{PolicyPort, PortNumberOrName};
use crate::verdict::Undecidable;
use crate::warning::shown;

/// The ports of a rule. A lookup does not walk them: a policy may have thousands.
pub(crate) struct ReadPorts<'p> {
    /// Whether there are none, which means all.
    all: bool,
    by_protocol: BTreeMap<&'p str, OfProtocol<'p>>,
}

#[derive(Default)]
struct OfProtocol<'p> {
    /// First and last port of ranges, sorted and apart.
    ranges: Vec<(i32, i32)>,
    /// The first port by name.
    name: Option<&'p str>,
}

impl<'p> ReadPorts<'p> {
    pub(crate) fn new(ports: &'p [PolicyPort]) -> Self {
        let mut by_protocol: BTreeMap<&str, OfProtocol<'_>> = BTreeMap::new();
        for port in ports {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            let known = by_protocol.entry(protocol).or_default();
            match &port.port {
                None => known.ranges.push((i32::MIN, i32::MAX)),
                Some(PortNumberOrName::Number(first)) => {
                    let last = port.end_port.unwrap_or(*first);
                    known.ranges.push((*first, last));
                }
                Some(PortNumberOrName::Name(name)) => {
                    known.name.get_or_insert(name);
                }
            }
        }
        for known in by_protocol.values_mut() {
            known.ranges = joined(std::mem::take(&mut known.ranges));
        }
        Self {
            all: ports.is_empty(),
            by_protocol,
        }
    }

    /// Whether the rule has this protocol and port; `None` if they are unknown.
    pub(crate) fn has(&self, port: Option<(&str, i32)>) -> Answer<Undecidable> {
        if self.all {
            return Answer::Yes;
        }
        let Some((protocol, port)) = port else {
            return Answer::Unknown(Undecidable::Port);
        };
        let Some(known) = self.by_protocol.get(protocol) else {
            return Answer::No;
        };
        let after = known.ranges.partition_point(|range| range.0 <= port);
        let range = after.checked_sub(1).and_then(|it| known.ranges.get(it));
        match known.name {
            _ if range.is_some_and(|range| port <= range.1) => Answer::Yes,
            Some(name) => Answer::Unknown(Undecidable::NamedPort(shown(name))),
            None => Answer::No,
        }
    }
}

/// The same ports in ranges that are sorted and apart.
fn joined(mut ranges: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    ranges.retain(|range| range.0 <= range.1);
    ranges.sort_unstable();
    let mut joined: Vec<(i32, i32)> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.0 <= last.1 => last.1 = last.1.max(range.1),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_index_finds_what_a_walk_finds(
            ranges in proptest::collection::vec((0i32..40, proptest::option::of(0i32..40)), 1..8),
            port in 0i32..40
        ) {
            let ports: Vec<_> = ranges.iter().map(|(first, last)| PolicyPort {
                port: Some(PortNumberOrName::Number(*first)),
                end_port: *last,
                protocol: None,
            }).collect();
            let walked = ranges.iter().any(|(first, last)| *first <= port && port <= last.unwrap_or(*first));
            let found = ReadPorts::new(&ports).has(Some(("TCP", port)));
            prop_assert_eq!(found == Answer::Yes, walked);
        }
    }
}
