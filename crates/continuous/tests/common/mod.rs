//! What all tests of the crate begin with.

use kubescape_collect::Kinds;
use kubescape_continuous::Desk;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_posture::Context;

/// An empty desk of a cluster that is judged by this framework, and the table of the
/// kinds that its events are about.
pub(crate) fn desk(framework: &str) -> (Desk, Kinds) {
    let selection = Selection {
        frameworks: vec![framework.to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs()).unwrap();
    let context = Context {
        cluster: "prod".to_owned(),
        namespace: "kubescape".to_owned(),
        engine_version: "1.2.3".to_owned(),
        now: String::new(),
    };
    let kinds = Kinds::default();
    (Desk::new(plan, context, kinds.clone()), kinds)
}
