//! Networks that users gave a name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ipnet::IpNet;
use serde::Deserialize;

use crate::address::network;
use crate::lenient::null_as_default;

/// A `KnownServer` object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KnownServer {
    /// The networks, as a bare list. The first that fits counts.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: Vec<KnownServerEntry>,
}

/// A network of a [`KnownServer`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KnownServerEntry {
    /// Its CIDR. Policies repeat it letter for letter.
    #[serde(deserialize_with = "null_as_default")]
    pub ip_block: String,
    /// Its domain, as in `payments.example`.
    #[serde(deserialize_with = "null_as_default")]
    pub server: String,
    /// Its name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
}

/// All [`KnownServer`]s, ready to look addresses up: a lookup costs as much as
/// there are different prefix lengths, not as there are entries.
#[derive(Debug, Default)]
pub struct KnownServers<'a> {
    servers: &'a [KnownServer],
    /// Places (object, entry) of the entries of a network.
    places: HashMap<IpNet, Vec<(usize, usize)>>,
    /// The prefix lengths in `places`.
    lengths: BTreeSet<u8>,
}

impl<'a> KnownServers<'a> {
    /// Reads all entries; those whose CIDR is wrong are skipped.
    pub fn new(servers: &'a [KnownServer]) -> Self {
        let mut known = Self {
            servers,
            ..Self::default()
        };
        for (object, server) in servers.iter().enumerate() {
            for (entry, value) in server.spec.iter().enumerate() {
                let Some(net) = network(&value.ip_block) else {
                    continue;
                };
                known.lengths.insert(net.prefix_len());
                let places = known.places.entry(net).or_default();
                // Only the first entry of an object counts.
                if places.last().is_none_or(|place| place.0 != object) {
                    places.push((object, entry));
                }
            }
        }
        known
    }

    /// Of every object the first entry that contains `net`, in the objects' order.
    pub(crate) fn containing(&self, net: &IpNet) -> Vec<&'a KnownServerEntry> {
        let mut first: BTreeMap<usize, usize> = BTreeMap::new();
        for &length in self.lengths.range(..=net.prefix_len()) {
            let Ok(wider) = IpNet::new(net.addr(), length) else {
                continue;
            };
            for &(object, entry) in self.places.get(&wider.trunc()).into_iter().flatten() {
                let known = first.entry(object).or_insert(entry);
                *known = entry.min(*known);
            }
        }
        let entries = first.into_iter();
        entries
            .filter_map(|(object, entry)| self.servers.get(object)?.spec.get(entry))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server(blocks: &[&str]) -> KnownServer {
        let entry = |block: &&str| KnownServerEntry {
            ip_block: (*block).to_owned(),
            ..KnownServerEntry::default()
        };
        KnownServer {
            spec: blocks.iter().map(entry).collect(),
        }
    }

    fn found(servers: &[KnownServer], net: &str) -> Vec<String> {
        let known = KnownServers::new(servers);
        let entries = known.containing(&net.parse().unwrap());
        entries.iter().map(|it| it.ip_block.clone()).collect()
    }

    #[test]
    fn the_first_entry_of_every_object_counts() {
        let servers = [
            server(&["192.0.2.0/24", "10.1.2.3/8", "10.0.0.0/16"]),
            server(&["nonsense", "10.0.0.0/33", "10.0.0.0/24", "10.0.0.9/32"]),
            server(&["2001:db8::/32", "::/0"]),
        ];
        assert_eq!(
            found(&servers, "10.0.0.9/32"),
            ["10.1.2.3/8", "10.0.0.0/24"]
        );
        assert_eq!(found(&servers, "10.0.0.0/8"), ["10.1.2.3/8"]);
        assert_eq!(found(&servers, "2001:db8::1/128"), ["2001:db8::/32"]);
        assert!(found(&servers, "0.0.0.0/0").is_empty());
    }

    proptest! {
        #[test]
        fn the_index_finds_what_a_walk_finds(
            blocks in proptest::collection::vec(proptest::collection::vec((0u8..4, 22u8..=32), 0..5), 0..4),
            address in 0u8..4
        ) {
            let servers: Vec<_> = blocks.iter().map(|entries| {
                let texts: Vec<_> = entries.iter().map(|(at, len)| format!("10.0.{at}.7/{len}")).collect();
                server(&texts.iter().map(String::as_str).collect::<Vec<_>>())
            }).collect();
            let net: IpNet = format!("10.0.{address}.7/32").parse().unwrap();
            let walked: Vec<_> = servers.iter().filter_map(|server| {
                server.spec.iter().find(|it| it.ip_block.parse::<IpNet>().unwrap().contains(&net))
            }).map(|it| it.ip_block.clone()).collect();
            prop_assert_eq!(found(&servers, &net.to_string()), walked);
        }
    }
}
