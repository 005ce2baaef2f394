//! Which addresses may be called: a service inside a cluster must not be made to
//! knock at other services' doors. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::CallbackPolicy;

/// Whether an address may be called; `Err` says why not.
pub(super) fn judge(policy: &CallbackPolicy, address: IpAddr) -> Result<(), String> {
    let address = address.to_canonical();
    if policy
        .allowed
        .iter()
        .any(|network| network.contains(&address))
    {
        return Ok(());
    }
    if !policy.enabled {
        return Err(format!("{address} is not of KS_CALLBACK_ALLOWED_CIDRS"));
    }
    let public = match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    };
    if public {
        return Ok(());
    }
    Err(format!(
        "{address} is not public; allow its network with KS_CALLBACK_ALLOWED_CIDRS if it is meant"
    ))
}

/// Not of the special-purpose registry.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 198 && b & 0xfe == 18)
        || (a == 192 && b == 0 && c == 0))
}

/// Of `2000::/3`, which is all that is given out, without the parts that stand for
/// something else: documentation, Teredo and 6to4, whose addresses hold IPv4 ones.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let global = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || a == 0x3fff;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(policy: &CallbackPolicy, address: &str) -> bool {
        judge(policy, address.parse().unwrap()).is_ok()
    }

    #[test]
    fn only_public_addresses_may_be_called() {
        let policy = CallbackPolicy {
            enabled: true,
            allowed: Vec::new(),
        };
        for address in ["1.1.1.1", "93.184.216.34", "2606:4700::1111"] {
            assert!(allows(&policy, address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
        ] {
            assert!(!allows(&policy, address), "{address}");
        }
    }

    #[test]
    fn networks_can_be_allowed_alone_or_beside() {
        let only = CallbackPolicy {
            enabled: false,
            allowed: vec!["10.0.0.0/8".parse().unwrap()],
        };
        assert!(allows(&only, "10.9.9.9"));
        assert!(allows(&only, "::ffff:10.9.9.9"));
        assert!(!allows(&only, "1.1.1.1"));
        let both = CallbackPolicy {
            enabled: true,
            ..only
        };
        assert!(allows(&both, "10.9.9.9") && allows(&both, "1.1.1.1"));
        assert!(!allows(&both, "192.168.0.1"));
    }
}
