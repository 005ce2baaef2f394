//! Workloads whose pods hold a token that is as good as the cluster.

use std::collections::HashMap;

use kubescape_engine::{Corpus, Object, Out, Places, Vector, Workload};

use super::accounts::{account_name, account_of, mounts_token};
use super::grant::Grant;
use crate::checks::kinds::workloads;

/// Everything with everything.
const ADMINISTRATE: Grant = Grant {
    resources: &[],
    verbs: &[],
    groups: &[""],
    says: "",
};

/// Pods may run under any account and on any node.
const CREATE_PODS: Grant = Grant {
    resources: &["pods"],
    verbs: &["create"],
    groups: &[""],
    says: "",
};

/// Secrets hold the tokens and passwords of others.
const READ_SECRETS: Grant = Grant {
    resources: &["secrets"],
    verbs: &["get", "list", "watch"],
    groups: &[""],
    says: "",
};

/// Pods of the workload get a token whose role is an administrator's.
pub(crate) fn administrative<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for held in held_roles(corpus, &[&ADMINISTRATE]) {
        let binding = Places {
            review: Some(vec!["roleRef"]),
            ..held.subject_place(out)
        };
        held.fail(binding, "has administrative roles", out);
    }
}

/// Pods of the workload get a token with which the cluster can be taken over.
pub(crate) fn takeover<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for held in held_roles(corpus, &[&CREATE_PODS, &READ_SECRETS]) {
        let binding = held.subject_place(out);
        held.fail(binding, "has roles that can take over the cluster", out);
    }
}

/// A workload, the account whose token its pods get, and a role of that account.
struct HeldRole<'a> {
    workload: &'a Object<'a>,
    account: &'a Object<'a>,
    vector: &'a Vector<'a>,
}

impl<'a> HeldRole<'a> {
    /// The account's place in the binding.
    fn subject_place(&self, out: &Out<'a>) -> Places<'a> {
        let index = self.vector.subject_index;
        Places {
            delete: Some(vec![out.arena.fmt(format_args!("subjects[{index}]"))]),
            ..Places::default()
        }
    }

    fn fail(&self, binding: Places<'a>, says: &str, out: &mut Out<'a>) {
        let finding = out.fail(self.workload);
        finding
            .without_failed_list()
            .without_fix_list()
            .related(self.account)
            .related_at(self.vector.binding, binding)
            .related(self.vector.role)
            .message(format_args!(
                "{} {} {says}.",
                self.workload.kind, self.workload.name
            ));
    }
}

/// The workloads that get a token of an account whose role gives one of the
/// powers, each with account and role.
fn held_roles<'a>(corpus: &'a Corpus<'a>, powers: &[&Grant]) -> Vec<HeldRole<'a>> {
    let mut holders: HashMap<_, Vec<&'a Vector<'a>>> = HashMap::new();
    for vector in corpus.vectors() {
        let rules = vector.rules();
        let is_powerful = || {
            let mut rules = rules.iter();
            rules.any(|rule| powers.iter().any(|power| power.is_given_by(*rule)))
        };
        if vector.subject_kind() == "ServiceAccount" && is_powerful() {
            let account = (vector.subject_namespace(), vector.subject_name());
            holders.entry(account).or_default().push(vector);
        }
    }
    if holders.is_empty() {
        return Vec::new();
    }
    let key = |workload: &Workload<'a>| {
        (
            workload.object.namespace_or_default(),
            account_name(workload.pod),
        )
    };
    let mut held = Vec::new();
    for workload in workloads(corpus) {
        let vectors = holders.get(&key(workload));
        let Some((vectors, account)) = vectors.zip(account_of(workload, corpus)) else {
            continue;
        };
        if mounts_token(workload.pod, Some(account)) {
            held.extend(vectors.iter().map(|vector| HeldRole {
                workload: workload.object,
                account,
                vector,
            }));
        }
    }
    held
}
