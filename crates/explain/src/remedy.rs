//! What to do.

use crate::explanation::Verdict;
use crate::facts::{Delivery, Facts, KindState};
use crate::object::ObjectRef;

/// What to do about a verdict; empty when nothing is to be done.
pub(crate) fn remedy(verdict: &Verdict, object: &ObjectRef, facts: &Facts) -> String {
    let ObjectRef {
        kind,
        namespace,
        name,
        ..
    } = object;
    let in_namespace = match &**namespace {
        "" => String::new(),
        namespace => format!(" -n {namespace}"),
    };
    let lower = kind.to_lowercase();
    match verdict {
        Verdict::Current | Verdict::Gone => String::new(),
        Verdict::Stale => format!(
            "see that continuous scanning is on and the scanner runs (`kubescape doctor`); `kubescape scan workload {kind}/{name}{in_namespace}` judges it now"
        ),
        Verdict::Partial => {
            "let the scanner read what is named above (rights `list` and `watch`, matchingRules.json, a server that answers); results follow by themselves"
                .to_owned()
        }
        Verdict::NotYet => not_yet(facts),
        Verdict::NoSuchKind => {
            "check the kind and its API group; `kubectl api-resources` shows all that the cluster has"
                .to_owned()
        }
        Verdict::NamespaceExcluded => format!(
            "if {namespace} is to be judged, change KS_INCLUDE_NAMESPACES and KS_EXCLUDE_NAMESPACES of the scanner, or `namespaces` in matchingRules.json"
        ),
        Verdict::OwnedByParent { owner } => format!(
            "ask for the owner: `kubescape explain {}/{}{in_namespace}`",
            owner.kind.to_lowercase(),
            owner.name
        ),
        Verdict::Forbidden => format!(
            "give the scanner's account `list` and `watch` on the kind {kind}; `kubescape doctor` shows all rights that are missing"
        ),
        Verdict::Unreadable => match &facts.kind {
            KindState::LeftOut(_) => format!(
                "if {kind} is to be judged, name it under `match` in matchingRules.json, which is read again by itself"
            ),
            _ => "see that the API server, or the extension that serves this kind, answers: `kubectl get --raw /readyz` and `kubectl get apiservices`; it is tried again by itself"
                .to_owned(),
        },
        Verdict::Waiting => waiting(facts),
        Verdict::Refused { .. } => {
            "the storage's words say what it lacks: room, a budget, a right or a smaller object; `kubescape doctor` looks at the storage. It is tried again when the object changes and when the scanner starts"
                .to_owned()
        }
        Verdict::NoSuchObject => {
            let there = match &**namespace {
                "" => format!("kubectl get {lower}"),
                namespace => format!("kubectl get {lower} -n {namespace}"),
            };
            format!("check name and namespace; `{there}` shows what is there")
        }
        Verdict::NotJudged => {
            "`kubescape list controls` shows all controls, `kubescape explain C-0016` which kinds one looks at"
                .to_owned()
        }
        Verdict::Unknown => {
            "`kubescape doctor` says what of the platform cannot be reached and why".to_owned()
        }
    }
}

fn not_yet(facts: &Facts) -> String {
    if !facts.synced {
        return "wait; GET /v1/progress of the scanner says how far it is".to_owned();
    }
    if facts.delivery == Delivery::Unknown {
        return "see that continuous scanning is on and the scanner runs (`kubescape doctor`)"
            .to_owned();
    }
    "ask again in a few seconds; if that stays so, the scanner's log says why, and what is stored is read anew every day and at each start"
        .to_owned()
}

fn waiting(facts: &Facts) -> String {
    match &facts.delivery {
        Delivery::Away { .. } => {
            "see that the storage runs and may be reached (`kubescape doctor`); what waits is written when it answers"
                .to_owned()
        }
        _ => "wait a few seconds; GET /v1/progress of the scanner says how much is left".to_owned(),
    }
}
