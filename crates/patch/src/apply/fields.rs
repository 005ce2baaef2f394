//! The fields of an object, as whoever applies it owns them.

use serde_json::Value;

use crate::managed::{FieldSet, Node, PathElement};
use crate::typed::{DEEPEST, Shape, Type, element, is_empty};

/// The fields that whoever applies `value` owns.
pub(crate) fn fields(of: Type, value: &Value) -> FieldSet {
    node(of, value, DEEPEST).children
}

fn node(of: Type, value: &Value, depth: usize) -> Node {
    let shape = of.shape(value);
    if shape == Shape::Leaf || depth == 0 {
        return Node::member();
    }
    let mut children = FieldSet::new();
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let (named, of) = of.field(key);
                let mut node = node(of, value, depth - 1);
                // Named fields are owned through what is in them; keys, and
                // what has nothing in it, on their own.
                let nothing = value.is_null() || (value.is_object() && is_empty(value));
                node.member |= named.is_none() || nothing;
                children.put(Type::step(named, key), node);
            }
        }
        Value::Array(items) => {
            for item in items {
                if let Some(element) = element(shape, item) {
                    let mut node = node(of.item(), item, depth - 1);
                    node.member = true;
                    children.put(element, node);
                }
            }
        }
        _ => {}
    }
    Node {
        member: false,
        children,
    }
}

/// Adds the named fields through which members are reached.
pub(crate) fn with_named(of: Type, set: &mut FieldSet) {
    for (element, node) in set.nodes_mut() {
        if node.children.is_empty() {
            continue;
        }
        let (named, below) = below(of, element);
        node.member |= named;
        with_named(below, &mut node.children);
    }
}

/// Makes sets of an older schema fit this one: what was divided and no longer
/// is belongs, as one thing, to whoever had a part of it.
pub(crate) fn reconcile(of: Type, set: &mut FieldSet) {
    for (element, node) in set.nodes_mut() {
        if node.children.is_empty() {
            continue;
        }
        let (_, below) = below(of, element);
        if below.schema().is_some() && below.shape(&Value::Null) == Shape::Leaf {
            *node = Node::member();
        } else {
            reconcile(below, &mut node.children);
        }
    }
}

fn below(of: Type, element: &PathElement) -> (bool, Type) {
    match element {
        PathElement::Field(name) => {
            let (named, of) = of.field(name);
            (named.is_some(), of)
        }
        PathElement::Key(_) | PathElement::Value(_) | PathElement::Index(_) => (false, of.item()),
    }
}
