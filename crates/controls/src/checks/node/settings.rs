//! Other settings of the kubelet, each with a flag and a configuration key.

use kubescape_engine::{Object, Out, Value};

use super::kubelet::{Config, ConfigFile, Kubelet};

/// The kubelet serves its unprotected port. Without a configuration file it
/// does unless told otherwise; with one, only if told to.
pub(crate) fn read_only_port<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    const MESSAGE: &str = "The kubelet's read-only port is open";
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    if let Some(port) = kubelet.flag("--read-only-port") {
        if port != "0" {
            // Consumers of results know this finding without an object of its
            // own; it still counts for the node data that it was found in.
            out.fail(object).message(MESSAGE).about.clear();
        }
        return;
    }
    match kubelet.config(out.arena) {
        Config::None => {
            kubelet.blame_command(out).message(MESSAGE);
        }
        Config::Unreadable => {
            kubelet.blame_unreadable(out);
        }
        Config::Read(file) => {
            let port = file.settings.at("readOnlyPort");
            if port.exists() && port.as_i64() != Some(0) {
                kubelet
                    .blame_config(file, out)
                    .review("readOnlyPort")
                    .message(MESSAGE);
            }
        }
    }
}

/// Streaming connections never time out.
pub(crate) fn endless_streaming<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let setting = Setting {
        flag: "--streaming-connection-idle-timeout",
        key: "streamingConnectionIdleTimeout",
        bad_flag: |value| is_zero_duration(Value::Str(value)),
        bad_value: is_zero_duration,
        blame_default: false,
    };
    setting.judge(object, out, None);
}

/// The kubelet may change kernel settings instead of insisting on its own.
/// That is its default.
pub(crate) fn kernel_defaults_unprotected<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let setting = Setting {
        flag: "--protect-kernel-defaults",
        key: "protectKernelDefaults",
        bad_flag: |value| value != "true" && !value.is_empty(),
        bad_value: |value| !value.is_true(),
        blame_default: true,
    };
    setting.judge(object, out, None);
}

/// The kubelet leaves iptables chains to others.
pub(crate) fn no_iptables_chains<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let setting = Setting {
        flag: "--make-iptables-util-chains",
        key: "makeIPTablesUtilChains",
        bad_flag: |value| value != "true" && !value.is_empty(),
        bad_value: |value| value.exists() && !value.is_true(),
        blame_default: false,
    };
    setting.judge(object, out, Some(6.0));
}

/// The configuration file sets the event rate to 0. The flag, deprecated as it
/// is, takes precedence and is not judged.
pub(crate) fn event_rate_zero<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let setting = Setting {
        flag: "--event-qps",
        key: "eventRecordQPS",
        bad_flag: |_| false,
        bad_value: |value| value.as_i64() == Some(0),
        blame_default: false,
    };
    setting.judge(object, out, None);
}

/// Pods may start any number of processes. That is the kubelet's default.
pub(crate) fn pids_unlimited<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let setting = Setting {
        flag: "--pod-max-pids",
        key: "podPidsLimit",
        bad_flag: |value| value.parse::<i64>().is_ok_and(|limit| limit <= 0),
        bad_value: |value| value.as_i64().is_none_or(|limit| limit <= 0),
        blame_default: true,
    };
    setting.judge(object, out, None);
}

/// The kubelet goes by another name than its node, which breaks what relies on
/// the name, certificates for one.
pub(crate) fn hostname_overridden<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    if kubelet.flag("--hostname-override").is_some() {
        kubelet
            .blame_command(out)
            .message("The kubelet is started with --hostname-override");
    }
}

/// A setting that a flag makes, else the configuration file.
struct Setting {
    flag: &'static str,
    key: &'static str,
    /// Whether this value of the flag is at fault.
    bad_flag: fn(&str) -> bool,
    /// Whether this value in the file, or its absence, is at fault.
    bad_value: fn(Value<'_>) -> bool,
    /// Whether a kubelet with neither flag nor file is at fault.
    blame_default: bool,
}

impl Setting {
    /// `unreadable_score` is the alert score when the file cannot be read,
    /// where it differs.
    fn judge<'a>(&self, object: &'a Object<'a>, out: &mut Out<'a>, unreadable_score: Option<f64>) {
        let Some(kubelet) = Kubelet::of(object) else {
            return;
        };
        if let Some(value) = kubelet.flag(self.flag) {
            if (self.bad_flag)(value) {
                self.blame_command(&kubelet, out);
            }
            return;
        }
        match kubelet.config(out.arena) {
            Config::None if self.blame_default => self.blame_command(&kubelet, out),
            Config::None => {}
            Config::Unreadable => {
                kubelet.blame_unreadable(out).with_review_list().score = unreadable_score;
            }
            Config::Read(file) => self.judge_file(&kubelet, file, out),
        }
    }

    fn blame_command<'a>(&self, kubelet: &Kubelet<'a>, out: &mut Out<'a>) {
        let flag = self.flag;
        kubelet
            .blame_command(out)
            .with_review_list()
            .message(format_args!(
                "The kubelet is not started with a good value of {flag}"
            ));
    }

    fn judge_file<'a>(&self, kubelet: &Kubelet<'a>, file: ConfigFile<'a>, out: &mut Out<'a>) {
        let key = self.key;
        if (self.bad_value)(file.settings.at(key)) {
            kubelet
                .blame_config(file, out)
                .review(key)
                .message(format_args!(
                    "The kubelet's configuration file sets no good {key}"
                ));
        }
    }
}

/// Whether this is zero, as a number or as a duration such as `0s` or `0h0m0s`.
fn is_zero_duration(value: Value<'_>) -> bool {
    match value {
        Value::Str(text) => {
            let mut letters = text.chars();
            text.starts_with('0')
                && letters.all(|letter| matches!(letter, '0' | '.' | 'h' | 'm' | 's'))
        }
        other => other.as_f64() == Some(0.0),
    }
}
