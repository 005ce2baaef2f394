//! Addresses and networks out of foreign text.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::neighbors::NetworkNeighbor;

/// The network that a CIDR is in: `142.250.1.100/24` is `142.250.1.0/24`.
pub(crate) fn network(cidr: &str) -> Option<IpNet> {
    cidr.parse::<IpNet>().ok().map(|net| net.trunc())
}

/// The network of one address. An IPv4 address written as IPv6
/// (`::ffff:10.0.0.1`) is the IPv4 one.
fn single(text: &str) -> Option<IpNet> {
    let address: IpAddr = text.parse().ok()?;
    Some(IpNet::from(address.to_canonical()))
}

/// The networks that an address of a neighbour stands for: a literal one, a
/// CIDR, or `*`, which is all of IPv4 and all of IPv6. None if it is wrong.
pub(crate) fn networks(text: &str) -> Vec<IpNet> {
    if text == "*" {
        return vec![Ipv4Net::default().into(), Ipv6Net::default().into()];
    }
    single(text).or_else(|| network(text)).into_iter().collect()
}

/// The addresses of a neighbour as they were written.
pub(crate) fn written(neighbor: &NetworkNeighbor) -> impl Iterator<Item = &str> {
    let first = (!neighbor.ip_address.is_empty()).then_some(neighbor.ip_address.as_str());
    let further = neighbor.ip_addresses.iter().map(String::as_str);
    first.into_iter().chain(further)
}

/// Whether two networks have an address in common.
pub(crate) fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_networks_of_their_family() {
        let cases = [
            ("10.0.0.9", "10.0.0.9/32"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("::ffff:10.0.0.9", "10.0.0.9/32"),
            ("10.1.2.3/8", "10.0.0.0/8"),
        ];
        for (text, expected) in cases {
            let found: Vec<_> = networks(text).iter().map(ToString::to_string).collect();
            assert_eq!(found, [expected], "{text}");
        }
        assert_eq!(networks("*").len(), 2);
        for text in ["", "cart", "10.0.0", "10.0.0.9/33", "10.0.0.9/", "/8", "**"] {
            assert!(networks(text).is_empty(), "{text}");
        }
    }
}
