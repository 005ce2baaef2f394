//! `PodSecurityPolicies`, of clusters old enough to have them. Pods are admitted
//! by the policy that fits them, so one strict policy is enough; without any,
//! there is nothing to judge.

use kubescape_engine::{Corpus, Finding, Out, Value};

/// Reports every policy when all are lax.
fn all_lax<'a>(
    corpus: &'a Corpus<'a>,
    is_lax: impl Fn(Value<'a>) -> bool,
    place: impl Fn(&mut Finding<'a>),
    out: &mut Out<'a>,
) {
    let policies = corpus.of_kind("PodSecurityPolicy");
    if policies.iter().all(|policy| is_lax(policy.spec())) {
        for policy in policies {
            let finding = out.fail(*policy);
            place(finding);
            finding.message(format_args!(
                "PodSecurityPolicy {} allows too much.",
                policy.name
            ));
        }
    }
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident: $key:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
            let is_lax = |spec: Value<'a>| spec.at($key).is_true();
            let place = |finding: &mut Finding<'a>| {
                finding.delete(concat!("spec.", $key));
            };
            all_lax(corpus, is_lax, place, out);
        }
    )*};
}

flags! {
    /// No policy forbids privileged containers.
    privileged: "privileged";
    /// No policy forbids to share the node's process IDs.
    host_pid: "hostPID";
    /// No policy forbids to share the node's inter-process communication.
    host_ipc: "hostIPC";
    /// No policy forbids to share the node's network.
    host_network: "hostNetwork";
    /// No policy forbids processes to gain privileges.
    privilege_escalation: "allowPrivilegeEscalation";
}

/// No policy keeps containers from running as root: any user is allowed, or a
/// range that starts at 0.
pub(crate) fn root<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let is_lax = |spec: Value<'a>| {
        let user = spec.at("runAsUser");
        let mut ranges = user.at("ranges").items().iter();
        match user.at("rule").str() {
            "RunAsAny" => true,
            "MustRunAs" => ranges.any(|range| range.at("min").as_i64() == Some(0)),
            _ => false,
        }
    };
    let place = |finding: &mut Finding<'a>| {
        finding.delete("spec.runAsUser.rule");
    };
    all_lax(corpus, is_lax, place, out);
}

/// No policy keeps containers from adding capabilities.
pub(crate) fn allowed_capabilities<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let is_lax = |spec: Value<'a>| !spec.at("allowedCapabilities").items().is_empty();
    let place = |finding: &mut Finding<'a>| {
        finding.delete("spec.allowedCapabilities");
    };
    all_lax(corpus, is_lax, place, out);
}

/// No policy makes containers drop capabilities.
pub(crate) fn no_dropped_capabilities<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let is_lax = |spec: Value<'a>| spec.at("requiredDropCapabilities").items().is_empty();
    let place = |finding: &mut Finding<'a>| {
        finding.fix("spec.requiredDropCapabilities[0]", "ALL");
    };
    all_lax(corpus, is_lax, place, out);
}
