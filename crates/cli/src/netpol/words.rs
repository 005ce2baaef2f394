//! Flows in words.

use kubescape_netpol::{
    Blocked, JointFlow, JointVerdict, LabelSelector, LabelSelectorRequirement, NetworkNeighbor,
    Verdict,
};

use super::json::words;

/// The label by which namespaces are known; the API server sets it.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// As much of a selector as is written.
const CONDITIONS: usize = 8;

/// Who the other end is.
pub(super) fn peer(neighbor: &NetworkNeighbor) -> String {
    let namespace = neighbor.namespace_selector.as_ref().map(namespace);
    match (&neighbor.pod_selector, namespace) {
        (Some(pods), None) => selector(pods, "any pod"),
        (Some(pods), Some(namespace)) => format!("{} in {namespace}", selector(pods, "any pod")),
        (None, Some(namespace)) => format!("any pod in {namespace}"),
        (None, None) => {
            let kind = if neighbor.kind.is_empty() {
                "unknown"
            } else {
                &neighbor.kind
            };
            neighbor.names().next().unwrap_or(kind).to_owned()
        }
    }
}

fn namespace(labels: &LabelSelector) -> String {
    let by_name = labels.match_labels.get(NAMESPACE_NAME);
    match by_name {
        Some(name) if labels.match_labels.len() == 1 && labels.match_expressions.is_empty() => {
            name.clone()
        }
        _ => format!("namespaces {}", selector(labels, "of any kind")),
    }
}

/// A selector as kubectl takes it.
fn selector(selector: &LabelSelector, any: &str) -> String {
    let labels = selector.match_labels.iter();
    let labels = labels.map(|(key, value)| format!("{key}={value}"));
    let expressions = selector.match_expressions.iter().map(expression);
    let mut conditions = labels.chain(expressions);
    let mut shown: Vec<_> = conditions.by_ref().take(CONDITIONS).collect();
    if conditions.next().is_some() {
        shown.push("…".to_owned());
    }
    if shown.is_empty() {
        return any.to_owned();
    }
    shown.join(",")
}

fn expression(requirement: &LabelSelectorRequirement) -> String {
    let key = &requirement.key;
    let values = || {
        let shown = requirement.values.iter().take(CONDITIONS);
        let shown: Vec<_> = shown.map(String::as_str).collect();
        let more = if requirement.values.len() > CONDITIONS {
            ",…"
        } else {
            ""
        };
        format!("({}{more})", shown.join(","))
    };
    match requirement.operator.as_str() {
        "Exists" => key.clone(),
        "DoesNotExist" => format!("!{key}"),
        "In" => format!("{key} in {}", values()),
        "NotIn" => format!("{key} notin {}", values()),
        other => format!("{key} {other} {}", values()),
    }
}

/// At which address and port.
pub(super) fn at(flow: &JointFlow<'_, '_>) -> String {
    let port = match flow.port {
        None => "any port".to_owned(),
        Some(port) => {
            let number = port.port.map_or("?".to_owned(), |it| it.to_string());
            format!("{} {number}", port.protocol())
        }
    };
    match flow.address {
        Some(address) => format!("{address} {port}"),
        None => port,
    }
}

/// Policies whose reasons are told.
const REASONS: usize = 3;

/// Why a verdict is what it is: of one policy, its reason; of several, what
/// each that matters says.
pub(super) fn reason(flow: &JointFlow<'_, '_>, name: impl Fn(usize) -> String) -> String {
    // What denies everything to everybody is no news beside policies with rules.
    let has_rules = |verdict: &Verdict| *verdict != Verdict::Blocked(Blocked::NoRules);
    let any_has_rules = flow.opinions.iter().any(|it| has_rules(&it.verdict));
    let matters = |verdict: &Verdict, selects: bool| match flow.verdict {
        JointVerdict::Allowed => matches!(verdict, Verdict::Allowed(_)) && selects,
        JointVerdict::Blocked => has_rules(verdict) || !any_has_rules,
        JointVerdict::Undecidable => !selects || matches!(verdict, Verdict::Undecidable(_)),
    };
    let mut opinions = flow
        .opinions
        .iter()
        .filter(|it| matters(&it.verdict, it.selects));
    let told: Vec<_> = opinions
        .by_ref()
        .take(REASONS)
        .map(|opinion| {
            let (_, why) = words(&opinion.verdict);
            let why = match opinion.verdict {
                Verdict::Allowed(_) if !opinion.selects => {
                    format!("{why}, if it selects these pods")
                }
                _ => why,
            };
            if flow.opinions.len() == 1 {
                why
            } else {
                format!("{why} ({})", name(opinion.policy))
            }
        })
        .collect();
    let more = opinions.count();
    match (told.is_empty(), more) {
        (true, _) if flow.opinions.is_empty() => {
            "no policy is for these pods and this direction".to_owned()
        }
        (true, _) => "by every policy that may be for these pods".to_owned(),
        (false, 0) => told.join("; "),
        (false, more) => format!("{}; and {more} more", told.join("; ")),
    }
}
