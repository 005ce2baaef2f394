//! What routes of the Gateway API say.

use std::fmt;

use kubescape_engine::{Corpus, Object, Value};

/// Calls `visit` with each reference to a backend in a route, and the path of
/// the name in it.
pub(crate) fn each_backend<'a>(
    corpus: &'a Corpus<'a>,
    mut visit: impl FnMut(&'a Object<'a>, Value<'a>, fmt::Arguments<'_>),
) {
    let kinds = ["HTTPRoute", "TCPRoute", "UDPRoute"].into_iter();
    for route in kinds.flat_map(|kind| corpus.of_kind(kind)) {
        for (index, rule) in route.spec().at("rules").items().iter().enumerate() {
            for (number, backend) in rule.at("backendRefs").items().iter().enumerate() {
                let path = format_args!("spec.rules[{index}].backendRefs[{number}].name");
                visit(route, *backend, path);
            }
        }
    }
}
