//! Cipher suites of the kubelet.

use kubescape_engine::{Object, Out, Value};

use super::kubelet::{Config, Kubelet};

/// The suites that the CIS benchmark counts as strong.
const STRONG: [&str; 10] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
];

const MESSAGE: &str = "The kubelet does not limit itself to strong cipher suites";

/// The kubelet accepts weak cipher suites: it names some, or it has neither
/// flag nor configuration file. A file that names none passes.
pub(crate) fn weak_ciphers<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    let weak = match kubelet.flag("--tls-cipher-suites") {
        Some(suites) => !all_strong(suites),
        None => match kubelet.config(out.arena) {
            Config::None => true,
            Config::Unreadable => {
                kubelet.blame_unreadable(out).with_review_list();
                false
            }
            Config::Read(file) => {
                // The kubelet's own name comes first; the other one is a
                // common slip that was meant to say the same.
                let keys = ["tlsCipherSuites", "TLSCipherSuites"];
                let named = keys.into_iter().find(|key| file.settings.at(key).exists());
                if let Some(key) = named.filter(|key| !is_strong(file.settings.at(key))) {
                    kubelet.blame_config(file, out).review(key).message(MESSAGE);
                }
                false
            }
        },
    };
    if weak {
        kubelet
            .blame_command(out)
            .with_review_list()
            .message(MESSAGE);
    }
}

fn is_strong(setting: Value<'_>) -> bool {
    match setting {
        Value::Str(suites) => all_strong(suites),
        Value::Array(suites) => suites.iter().all(|suite| STRONG.contains(&suite.str())),
        _ => false,
    }
}

fn all_strong(suites: &str) -> bool {
    suites
        .split(',')
        .all(|suite| STRONG.contains(&suite.trim()))
}
