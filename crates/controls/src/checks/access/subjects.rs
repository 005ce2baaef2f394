//! Subjects that hold a role they should not, whatever its rules say.

use kubescape_engine::{Object, Out, Vector};

use super::grant::{Grant, review_binding};

/// A service account holds a role: shown so that a person judges what its
/// stolen token could do.
pub(crate) fn service_account_with_role<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    if vector.subject_kind() == "ServiceAccount" {
        out.fail(vector).message(format_args!(
            "A stolen token of service account {} has the permissions of {} {}.",
            vector.subject_name(),
            vector.role.kind,
            vector.role.name
        ));
    }
}

/// Whether the subject is a service account; others are not judged by
/// [`service_account_with_role`].
pub(crate) fn is_service_account(subject: &Object<'_>) -> bool {
    subject.kind == "ServiceAccount"
}

const DASHBOARD: &str = "kubernetes-dashboard";

/// Someone other than the dashboard itself holds the dashboard's role. Every
/// subject of the binding is pointed at, as each shares it.
pub(crate) fn dashboard_role<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    if vector.role.name != DASHBOARD {
        return;
    }
    let name = vector.subject.at("name");
    if !name.exists() || name.is(DASHBOARD) {
        return;
    }
    for index in 0..vector.binding.at("subjects").items().len() {
        let finding = out.fail(vector);
        review_binding(finding, index);
        finding.message(format_args!(
            "{} {} holds the role of the dashboard.",
            vector.subject_kind(),
            vector.subject_name()
        ));
    }
}

/// The subject holds the built-in `cluster-admin` role for the whole cluster.
pub(crate) fn cluster_admin<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    let is_cluster_wide =
        vector.binding.kind == "ClusterRoleBinding" && vector.role.kind == "ClusterRole";
    if !is_cluster_wide || vector.role.name != "cluster-admin" {
        return;
    }
    let index = vector.subject_index;
    out.fail(vector)
        .delete(format_args!("relatedObjects[0].subjects[{index}]"))
        .delete("relatedObjects[0].roleRef.name")
        .message(format_args!(
            "{} {} holds the cluster-admin role.",
            vector.subject_kind(),
            vector.subject_name()
        ));
}

/// Everyone with any account (on some clouds: any account of the provider)
/// reaches workloads, nodes or secrets.
pub(crate) fn system_authenticated<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    /// Resources through which a cluster can be taken over. Verbs do not matter.
    const SENSITIVE: Grant = Grant {
        resources: &[
            "pods",
            "pods/*",
            "pods/exec",
            "deployments",
            "replicasets",
            "daemonsets",
            "statefulsets",
            "jobs",
            "cronjobs",
            "nodes",
            "nodes/*",
            "secrets",
        ],
        verbs: &[],
        groups: &["", "apps", "batch"],
        says: "",
    };
    let is_everyone =
        vector.subject_kind() == "Group" && vector.subject_name() == "system:authenticated";
    if !is_everyone || !vector.rules().iter().any(|rule| SENSITIVE.touches(*rule)) {
        return;
    }
    // The empty place and the roleRef of the role are what clients know.
    out.fail(vector)
        .review("")
        .review(format_args!(
            "relatedObjects[0].subjects[{}]",
            vector.subject_index
        ))
        .review("relatedObjects[1].roleRef.name")
        .message("Group system:authenticated holds a role over workloads, nodes or secrets.");
}
