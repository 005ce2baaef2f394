//! Which service account a workload runs under, and whether its pods get that
//! account's token.

use kubescape_engine::{Corpus, Object, Value, Workload};

/// The account that the workload's pods run under, when it is known.
pub(super) fn account_of<'a>(
    workload: &Workload<'a>,
    corpus: &Corpus<'a>,
) -> Option<&'a Object<'a>> {
    let namespace = workload.object.namespace;
    corpus.named("ServiceAccount", namespace, account_name(workload.pod))
}

/// The place where a pod specification names its account: the present field
/// or, when that is empty, the deprecated one that it replaced.
pub(super) fn named_account(pod: Value<'_>) -> Option<(&'static str, &str)> {
    let fields = ["serviceAccountName", "serviceAccount"].into_iter();
    let mut named = fields.map(|field| (field, pod.at(field).str()));
    named.find(|(_, name)| !name.is_empty())
}

/// The name of the account that a pod runs under.
pub(super) fn account_name(pod: Value<'_>) -> &str {
    named_account(pod).map_or("default", |(_, name)| name)
}

/// Whether pods get the account's token. The pod decides; when it is silent the
/// account does, and when that is silent or unknown, they do.
pub(super) fn mounts_token(pod: Value<'_>, account: Option<&Object<'_>>) -> bool {
    let field = "automountServiceAccountToken";
    pod.at(field)
        .as_bool()
        .unwrap_or_else(|| !account.is_some_and(|account| account.at(field).is_false()))
}
