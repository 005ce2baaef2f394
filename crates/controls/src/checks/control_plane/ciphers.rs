//! Cipher suites of the API server.

use kubescape_engine::{Object, Out};

use super::component::Component;
use super::shapes::{append, replace};

const FLAG: &str = "tls-cipher-suites";

/// What benchmarks up to 1.9 call strong.
const STRONG: [&str; 21] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
];

/// What benchmarks from 1.10 on call weak.
const WEAK: [&str; 12] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_RC4_128_SHA",
];

/// Some of the strong suites are not offered (older benchmarks).
pub(crate) fn strong_missing<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    judge(object, &STRONG, |given| !given, out);
}

/// Weak suites are offered, or the choice is left to the defaults.
///
/// The fix values are those that upstream reports and the rule cases demand.
/// They name the weak suites as the ones to set, so that reports must not
/// repeat them.
pub(crate) fn weak_offered<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    judge(object, &WEAK, |given| given, out);
    out.withhold_fixes();
}

/// Reports those of `suites` that are at fault by being given or not given.
fn judge<'a>(
    object: &'a Object<'a>,
    suites: &[&str],
    at_fault: fn(bool) -> bool,
    out: &mut Out<'a>,
) {
    let Some(component) = Component::api_server(object) else {
        return;
    };
    let Some(flag) = component.flag(FLAG) else {
        return append(&component, FLAG, &suites.join(","), out);
    };
    let faults: Vec<_> = suites
        .iter()
        .copied()
        .filter(|suite| at_fault(flag.has(suite)))
        .collect();
    if !faults.is_empty() {
        let items: Vec<_> = flag.items().chain(faults).collect();
        replace(&component, &flag, &items.join(","), out);
    }
}
