//! How workloads name their service accounts, and which accounts there are.

use kubescape_engine::{Corpus, Object, Out, Workload};

use super::accounts::named_account;

/// The pod specification names its account in the deprecated field. The old
/// name is offered for the present field unless that holds another one.
pub(crate) fn deprecated_field<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(workload) = Workload::of_any(object, out.arena) else {
        return;
    };
    let old = workload.pod.at("serviceAccount").str();
    let new = workload.pod.at("serviceAccountName").str();
    if old.is_empty() || old == new {
        return;
    }
    let finding = out.fail(object);
    finding
        .delete(format_args!("{workload}.serviceAccount"))
        .message(format_args!(
            "{} {} names its service account in the deprecated field serviceAccount.",
            object.kind, object.name
        ));
    if new.is_empty() {
        finding.fix(format_args!("{workload}.serviceAccountName"), old);
    }
}

/// The pod specification names an account that its namespace does not have, so
/// that pods cannot start. `default` is there in every namespace.
pub(crate) fn missing<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for workload in corpus.workloads() {
        let Some((field, name)) = named_account(workload.pod) else {
            continue;
        };
        let namespace = workload.object.namespace_or_default();
        if name != "default" && corpus.named("ServiceAccount", namespace, name).is_none() {
            out.fail(workload.object)
                .failed(format_args!("{workload}.{field}"))
                .message(format_args!(
                    "Namespace {namespace} has no service account {name}, which {} {} names.",
                    workload.object.kind, workload.object.name
                ));
        }
    }
}

/// The namespace has only the `default` account, so that its workloads share it.
pub(crate) fn only_default<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for namespace in corpus.of_kind("Namespace") {
        let mut accounts = corpus.in_namespace("ServiceAccount", namespace.name).iter();
        if accounts.all(|account| account.name == "default") {
            out.fail(*namespace).message(format_args!(
                "Namespace {} has no service account but the default one.",
                namespace.name
            ));
        }
    }
}

/// Something other than the dashboard runs under the dashboard's account.
pub(crate) fn dashboard_account<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    const DASHBOARD: &str = "kubernetes-dashboard";
    let account = workload.pod.at("serviceAccountName");
    if account.is(DASHBOARD) && !workload.object.name.starts_with(DASHBOARD) {
        out.fail(workload.object)
            .delete(format_args!("{workload}.serviceAccountName"))
            .message(format_args!(
                "{} {} runs under the service account of the dashboard.",
                workload.object.kind, workload.object.name
            ));
    }
}
