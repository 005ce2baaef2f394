//! Whether the kubelet answers people it does not know, and lets them do things.

use kubescape_engine::{Object, Out};

use super::kubelet::{Config, Kubelet};

/// The kubelet serves anonymous requests. Without a configuration file it does
/// unless told otherwise; with one, only if told to.
pub(crate) fn anonymous_requests<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    judge(object, true, out);
}

/// As [`anonymous_requests`], but passes a kubelet that was told nothing.
pub(crate) fn anonymous_requests_enabled<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    judge(object, false, out);
}

fn judge<'a>(object: &'a Object<'a>, blame_default: bool, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    let on = match kubelet.switch("--anonymous-auth") {
        Some(on) => on,
        None => match kubelet.config(out.arena) {
            Config::None => blame_default,
            Config::Unreadable => {
                kubelet.blame_unreadable(out);
                false
            }
            Config::Read(file) => {
                let enabled = file
                    .settings
                    .dig(&["authentication", "anonymous", "enabled"]);
                if enabled.is_true() {
                    kubelet
                        .blame_config(file, out)
                        .review("authentication.anonymous.enabled")
                        .message("The kubelet's configuration file allows anonymous requests");
                }
                false
            }
        },
    };
    if on {
        kubelet
            .blame_command(out)
            .message("The kubelet's command line allows anonymous requests");
    }
}

/// The kubelet lets every request through. That is its default when it has no
/// configuration file.
pub(crate) fn always_allow<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    let allowed = match kubelet.flag("--authorization-mode") {
        Some(mode) => mode.split(',').any(|mode| mode == "AlwaysAllow"),
        None => match kubelet.config(out.arena) {
            Config::None => true,
            Config::Unreadable => {
                kubelet.blame_unreadable(out).with_review_list();
                false
            }
            Config::Read(file) => {
                if file
                    .settings
                    .dig(&["authorization", "mode"])
                    .is("AlwaysAllow")
                {
                    kubelet
                        .blame_config(file, out)
                        .review("authorization.mode")
                        .message("The kubelet's configuration file allows every request");
                }
                false
            }
        },
    };
    if allowed {
        kubelet
            .blame_command(out)
            .with_review_list()
            .message("The kubelet allows every request: its authorization mode is AlwaysAllow");
    }
}
