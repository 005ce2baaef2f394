//! The networks of a rule, ready to look addresses up.

use ipnet::IpNet;

use crate::address::{network, overlap};
use crate::facts::Answer;
use crate::policy::IpBlock;
use crate::verdict::Undecidable;
use crate::warning::shown;

/// The blocks of a rule. A lookup does not walk those without exceptions: a
/// policy may have thousands.
pub(crate) struct ReadBlocks {
    /// Whether there are none.
    empty: bool,
    /// Blocks without exceptions, joined where possible, sorted and apart.
    plain: Vec<IpNet>,
    /// Blocks with exceptions.
    excepting: Vec<(IpNet, Vec<IpNet>)>,
    /// The first wrong CIDR.
    wrong: Option<String>,
}

impl ReadBlocks {
    pub(crate) fn new<'p>(blocks: impl Iterator<Item = &'p IpBlock>) -> Self {
        let mut read = Self {
            empty: true,
            plain: Vec::new(),
            excepting: Vec::new(),
            wrong: None,
        };
        for block in blocks {
            read.empty = false;
            if let Err(cidr) = read.add(block) {
                read.wrong.get_or_insert_with(|| shown(cidr));
            }
        }
        read.plain = IpNet::aggregate(&read.plain);
        read.plain.sort_unstable();
        read
    }

    /// Adds a block, or gives back its first wrong CIDR.
    fn add<'p>(&mut self, block: &'p IpBlock) -> Result<(), &'p str> {
        let parse = |cidr: &'p String| network(cidr).ok_or(cidr.as_str());
        let net = parse(&block.cidr)?;
        let except = block
            .except
            .iter()
            .map(parse)
            .collect::<Result<Vec<_>, _>>()?;
        if except.is_empty() {
            self.plain.push(net);
        } else {
            self.excepting.push((net, except));
        }
        Ok(())
    }

    /// Whether all of `net` is in the blocks; `None` if the peer's address is
    /// unknown, as that of pods is.
    pub(crate) fn have(&self, net: Option<&IpNet>) -> Answer<Undecidable> {
        if self.empty {
            return Answer::No;
        }
        let Some(net) = net else {
            return Answer::Unknown(Undecidable::Address);
        };
        let mut answer = self.plain_have(net);
        for block in &self.excepting {
            answer = answer.or(|| in_excepting(block, net));
        }
        answer.or(|| match &self.wrong {
            Some(cidr) => Answer::Unknown(Undecidable::Cidr(cidr.clone())),
            None => Answer::No,
        })
    }

    fn plain_have(&self, net: &IpNet) -> Answer<Undecidable> {
        // What contains `net` starts before it and, as nothing overlaps, last.
        let after = self.plain.partition_point(|it| it <= net);
        let before = after.checked_sub(1).and_then(|it| self.plain.get(it));
        if before.is_some_and(|it| it.contains(net)) {
            Answer::Yes
        } else if self.plain.get(after).is_some_and(|it| net.contains(it)) {
            Answer::Unknown(Undecidable::Address)
        } else {
            Answer::No
        }
    }
}

fn in_excepting((cidr, except): &(IpNet, Vec<IpNet>), net: &IpNet) -> Answer<Undecidable> {
    let excepted = except.iter().any(|it| it.contains(net));
    if excepted || !overlap(cidr, net) {
        Answer::No
    } else if cidr.contains(net) && !except.iter().any(|it| net.contains(it)) {
        Answer::Yes
    } else {
        Answer::Unknown(Undecidable::Address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn net() -> impl Strategy<Value = IpNet> {
        let address = prop_oneof![Just("10.0.0."), Just("10.0.1."), Just("2001:db8::")];
        (address, 0u8..=99, 0u8..=32).prop_map(|(start, end, length)| {
            let text = format!("{start}{end}/{length}");
            text.parse::<IpNet>().unwrap().trunc()
        })
    }

    proptest! {
        #[test]
        fn the_index_finds_what_a_walk_finds(
            nets in proptest::collection::vec(net(), 0..8), wanted in net()
        ) {
            let block = |net: &IpNet| IpBlock { cidr: net.to_string(), except: vec![] };
            let blocks: Vec<_> = nets.iter().map(block).collect();
            let found = ReadBlocks::new(blocks.iter()).have(Some(&wanted));
            // Two halves of a network are all of it.
            let joined = IpNet::aggregate(&nets);
            let expected = if joined.iter().any(|it| it.contains(&wanted)) {
                Answer::Yes
            } else if joined.iter().any(|it| wanted.contains(it)) {
                Answer::Unknown(Undecidable::Address)
            } else {
                Answer::No
            };
            prop_assert_eq!(found, expected);
        }
    }
}
