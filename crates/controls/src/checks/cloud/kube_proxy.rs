//! The settings of kube-proxy.

use kubescape_engine::{Object, Out};

/// The `ConfigMap` that kubeadm makes for kube-proxy.
pub(crate) fn is_configuration(object: &Object<'_>) -> bool {
    object.kind == "ConfigMap" && object.name == "kube-proxy" && object.namespace == "kube-system"
}

/// kube-proxy serves its metrics on more than the loopback address, or its
/// settings leave open where.
pub(crate) fn metrics_not_on_localhost<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !is_configuration(object) {
        return;
    }
    let Some(settings) = object.at("data").at("config.conf").as_str() else {
        return;
    };
    match metrics_address(settings) {
        None => {
            out.fail(object)
                .failed("data")
                .message("kube-proxy's settings do not say where it serves its metrics");
        }
        Some(address) if !is_local(address) => {
            out.fail(object).failed("data").message(format_args!(
                "kube-proxy serves its metrics on {address} instead of localhost"
            ));
        }
        Some(_) => {}
    }
}

/// The value of `metricsBindAddress`, a key at the top of the settings.
fn metrics_address(settings: &str) -> Option<&str> {
    let value = settings
        .lines()
        .find_map(|line| line.trim().strip_prefix("metricsBindAddress:"))?;
    let value = value.split(" #").next().unwrap_or(value);
    Some(value.trim().trim_matches(['"', '\'']))
}

/// Whether `host:port` is on the loopback device. Empty means kube-proxy's
/// default, which is.
fn is_local(address: &str) -> bool {
    address.is_empty()
        || address.starts_with("127.")
        || address.starts_with("localhost")
        || address.starts_with("[::1]")
        || address == "::1"
}

#[cfg(test)]
mod tests {
    use super::{is_local, metrics_address};

    #[test]
    fn quotes_and_comments_are_no_part_of_the_address() {
        let settings = "mode: ipvs\nmetricsBindAddress: \"[::1]:10249\" # local only\n";
        assert_eq!(metrics_address(settings), Some("[::1]:10249"));
        assert_eq!(metrics_address("mode: ipvs\n"), None);
    }

    #[test]
    fn only_loopback_addresses_are_local() {
        assert!(is_local("127.0.0.1:10249"));
        assert!(is_local(""));
        assert!(!is_local("0.0.0.0:10249"));
        assert!(!is_local("[::]:10249"));
        assert!(!is_local("10.8.0.4:10249"));
    }
}
