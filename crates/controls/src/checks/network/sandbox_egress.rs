//! Where agent sandboxes may connect to.

use kubescape_engine::{Finding, Object, Out, Value};

use super::sandbox::is_template;
use crate::selector::Selector;

/// The template leaves egress unmanaged or open. Without `networkPolicy` the
/// controller lets sandboxes reach the whole internet; an empty list of egress
/// rules lets them reach nothing.
pub(crate) fn open_egress<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !is_template(object) {
        return;
    }
    let policy = object.spec().at("networkPolicy");
    if object.spec().at("networkPolicyManagement").is("Unmanaged") {
        // The controller ignores `networkPolicy` then.
        fail(object, out).failed("spec.networkPolicyManagement");
    } else if policy.is_nothing() {
        fail(object, out).failed("spec.networkPolicy");
    } else {
        for (index, rule) in policy.at("egress").items().iter().enumerate() {
            open_rule(object, index, *rule, out);
        }
    }
}

fn open_rule<'a>(object: &'a Object<'a>, index: usize, rule: Value<'a>, out: &mut Out<'a>) {
    let place = format_args!("spec.networkPolicy.egress[{index}]");
    if rule.at("to").is_empty() {
        fail(object, out).failed(place);
        return;
    }
    for (number, peer) in rule.at("to").items().iter().enumerate() {
        let place = format_args!("{place}.to[{number}]");
        if is_everywhere(peer.at("ipBlock").at("cidr").str()) {
            fail(object, out).failed(format_args!("{place}.ipBlock.cidr"));
        } else if is_any_pod(*peer) {
            fail(object, out).failed(place);
        }
    }
}

fn fail<'a, 'o>(object: &'a Object<'a>, out: &'o mut Out<'a>) -> &'o mut Finding<'a> {
    out.fail(object).message(format_args!(
        "SandboxTemplate {} does not limit where its sandboxes connect to",
        object.name
    ))
}

/// Whether the block holds all addresses: `0.0.0.0/0`, `::/0`.
fn is_everywhere(cidr: &str) -> bool {
    let bits = cidr.rsplit_once('/').map(|(_, bits)| bits);
    bits.is_some_and(|bits| bits.parse() == Ok(0_u8))
}

/// Whether the peer is every pod of every namespace.
fn is_any_pod(peer: Value<'_>) -> bool {
    let is_open = |selector: Value<'_>| Selector::Labels(selector).is_everything();
    let (namespaces, pods) = (peer.at("namespaceSelector"), peer.at("podSelector"));
    if peer.at("ipBlock").is_object() {
        return false;
    }
    // Pods without a namespace selector are those of the sandbox's own.
    let all_namespaces = !namespaces.is_nothing() && is_open(namespaces);
    let all_pods = pods.is_nothing() || is_open(pods);
    let names_nothing = namespaces.is_nothing() && pods.is_nothing();
    names_nothing || all_namespaces && all_pods
}
