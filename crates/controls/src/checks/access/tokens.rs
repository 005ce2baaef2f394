//! Tokens of service accounts that are mounted into pods.

use std::collections::HashSet;

use kubescape_engine::{Corpus, Object, Out};

use super::accounts::{account_of, mounts_token};
use crate::checks::kinds::workloads;

const FIELD: &str = "automountServiceAccountToken";

/// Pods of the workload get a token of their service account.
pub(crate) fn mounted<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for workload in workloads(corpus) {
        if mounts_token(workload.pod, account_of(workload, corpus)) {
            out.fail(workload.object)
                .fix(format_args!("{workload}.{FIELD}"), false)
                .message(format_args!(
                    "Pods of {} {} get a token of their service account.",
                    workload.object.kind, workload.object.name
                ));
        }
    }
}

/// Pods of the workload get a token of a service account that some binding
/// gives a role, so that the token is worth stealing.
pub(crate) fn mounted_and_bound<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let bound = bound_accounts(corpus);
    for workload in workloads(corpus) {
        let Some(account) = account_of(workload, corpus) else {
            continue;
        };
        let is_bound = bound.contains(&(account.namespace_or_default(), account.name));
        if is_bound && mounts_token(workload.pod, Some(account)) {
            let finding = out.fail(workload.object);
            finding.with_review_list();
            // Whoever asked for the token may need it.
            if workload.pod.at(FIELD).is_true() {
                finding.review(format_args!("{workload}.{FIELD}"));
            } else {
                finding.fix(format_args!("{workload}.{FIELD}"), false);
            }
            finding.related(account).message(format_args!(
                "Pods of {} {} get a token of service account {}, which holds a role.",
                workload.object.kind, workload.object.name, account.name
            ));
        }
    }
}

/// Namespace and name of the service accounts that bindings name.
fn bound_accounts<'a>(corpus: &'a Corpus<'a>) -> HashSet<(&'a str, &'a str)> {
    let kinds = ["RoleBinding", "ClusterRoleBinding"].into_iter();
    let bindings = kinds.flat_map(|kind| corpus.of_kind(kind));
    let subjects = bindings.flat_map(|binding| binding.at("subjects").items());
    let accounts = subjects.filter(|subject| subject.at("kind").is("ServiceAccount"));
    accounts
        .map(|subject| (subject.at("namespace").str(), subject.at("name").str()))
        .collect()
}

/// Every pod that runs under the `default` service account gets its token
/// unless the pod says otherwise.
pub(crate) fn default_account<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !is_default_account(object) {
        return;
    }
    let automount = object.at(FIELD);
    if automount.is_false() {
        return;
    }
    let finding = out.fail(object);
    finding.with_delete_list().message(format_args!(
        "The default service account of namespace {} mounts its token into pods.",
        object.namespace_or_default()
    ));
    if automount.is_true() {
        finding.delete(FIELD);
    } else {
        finding.fix(FIELD, false);
    }
}

/// Whether this is the account that pods run under when they name none.
pub(crate) fn is_default_account(object: &Object<'_>) -> bool {
    object.kind == "ServiceAccount" && object.name == "default"
}
