//! Which service account a workload runs under, and whether its pods get that
//! account's token.

use std::collections::HashMap;

use kubescape_engine::{Corpus, Object, Value, Workload};

/// The service accounts of a scan by namespace and name.
pub(super) struct Accounts<'a>(HashMap<(&'a str, &'a str), &'a Object<'a>>);

impl<'a> Accounts<'a> {
    /// Indexes the service accounts of the corpus.
    pub(super) fn new(corpus: &'a Corpus<'a>) -> Self {
        let accounts = corpus.of_kind("ServiceAccount").iter();
        Self(
            accounts
                .map(|account| ((account.namespace_or_default(), account.name), *account))
                .collect(),
        )
    }

    /// The account that the workload's pods run under, when it is known.
    pub(super) fn of(&self, workload: &Workload<'a>) -> Option<&'a Object<'a>> {
        let namespace = workload.object.namespace_or_default();
        self.named(namespace, account_name(workload.pod))
    }

    /// The account of that namespace and name.
    pub(super) fn named(&self, namespace: &'a str, name: &'a str) -> Option<&'a Object<'a>> {
        self.0.get(&(namespace, name)).copied()
    }
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
