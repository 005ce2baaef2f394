//! Objects that no rule can judge: each is shown so that a person does.

use kubescape_engine::{Object, Out};

use crate::checks::kinds::is_namespace;

/// A webhook that changes what is admitted.
pub(crate) fn mutating_webhook<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "MutatingWebhookConfiguration" {
        show(object, out);
    }
}

/// A webhook that decides what is admitted.
pub(crate) fn validating_webhook<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "ValidatingWebhookConfiguration" {
        show(object, out);
    }
}

/// A namespace, as a boundary between teams and purposes.
pub(crate) fn namespace<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if is_namespace(object) {
        out.fail(object)
            .review("metadata.name")
            .message(format_args!("Review namespace {}.", object.name));
    }
}

fn show<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    out.fail(object)
        .message(format_args!("Review {} {}.", object.kind, object.name));
}
