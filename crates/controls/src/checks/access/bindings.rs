//! Bindings that name subjects who should hold no role.

use kubescape_engine::{Object, Out};

fn is_binding(object: &Object<'_>) -> bool {
    matches!(object.kind, "RoleBinding" | "ClusterRoleBinding")
}

/// The binding gives permissions to callers who never logged in.
pub(crate) fn anonymous<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !is_binding(object) {
        return;
    }
    for (index, subject) in object.at("subjects").items().iter().enumerate() {
        let name = subject.at("name").str();
        if matches!(name, "system:anonymous" | "system:unauthenticated") {
            out.fail(object)
                .delete(format_args!("subjects[{index}]"))
                .without_fix_list()
                .message(format_args!(
                    "{} {} gives permissions to anonymous users.",
                    object.kind, object.name
                ));
        }
    }
}

/// The binding gives a role to the `default` service account of a namespace,
/// which every pod there uses unless it names another. Bindings that the API
/// server makes for itself are left alone.
pub(crate) fn default_account<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let label = "kubernetes.io/bootstrapping";
    if !is_binding(object) || object.labels().at(label).is("rbac-defaults") {
        return;
    }
    for (index, subject) in object.at("subjects").items().iter().enumerate() {
        if subject.at("kind").is("ServiceAccount") && subject.at("name").is("default") {
            out.fail(object)
                .delete(format_args!("subjects[{index}]"))
                .message(format_args!(
                    "{} {} gives a role to the default service account.",
                    object.kind, object.name
                ));
        }
    }
}
