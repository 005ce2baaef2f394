//! Flags of the scheduler.

use kubescape_engine::{Object, Out};

use super::component::Component;
use super::shapes::{must_be, must_switch};

/// It listens beyond the node itself.
pub(crate) fn bind_address<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::scheduler(object) {
        must_be(&component, "bind-address", "127.0.0.1", out);
    }
}

/// Profiling data is served.
pub(crate) fn profiling<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::scheduler(object) {
        must_switch(&component, "profiling", false, out);
    }
}
