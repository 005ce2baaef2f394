//! How the API server decides who may do what.

use kubescape_engine::{Object, Out};

use super::component::Component;
use super::shapes::{must_list, must_not_list};

pub(super) const MODE: &str = "authorization-mode";

/// `AlwaysAllow` is among the modes: everybody may do everything.
pub(crate) fn always_allow<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_not_list(&component, MODE, "AlwaysAllow", Some("RBAC"), out);
    }
}

/// `Node` is not among the modes: kubelets are not confined to their own objects.
pub(crate) fn without_node<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_list(&component, MODE, "Node", out);
    }
}

/// `RBAC` is not among the modes.
pub(crate) fn without_rbac<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::api_server(object) {
        must_list(&component, MODE, "RBAC", out);
    }
}
