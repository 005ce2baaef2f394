//! What differs between two versions of an object, in fields that can be owned.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::managed::{FieldSet, Node, PathElement};
use crate::typed::{DEEPEST, Shape, Type, element, is_empty};
use crate::value::same;

/// The fields that differ.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Fields of the new object alone.
    pub(crate) added: FieldSet,
    /// Fields of both with other values.
    pub(crate) modified: FieldSet,
    /// Fields of the old object alone.
    pub(crate) removed: FieldSet,
}

/// What differs at one place.
#[derive(Default)]
struct Change {
    added: Node,
    modified: Node,
    removed: Node,
}

/// Compares two versions of an object of this type.
pub(crate) fn compare(of: Type, old: &Value, new: &Value) -> Difference {
    let change = both(of, old, new, DEEPEST);
    Difference {
        added: change.added.children,
        modified: change.modified.children,
        removed: change.removed.children,
    }
}

fn one_or_both(of: Type, old: Option<&Value>, new: Option<&Value>, depth: usize) -> Change {
    let mut change = Change::default();
    match (old, new) {
        (Some(old), Some(new)) => return both(of, old, new, depth),
        (Some(old), None) => change.removed = whole(of, old, depth),
        (None, Some(new)) => change.added = whole(of, new, depth),
        (None, None) => {}
    }
    change
}

fn both(of: Type, old: &Value, new: &Value, depth: usize) -> Change {
    let mut change = Change::default();
    if same(old, new) {
        return change;
    }
    let (shape, other) = (of.shape(old), of.shape(new));
    let one_thing = shape == Shape::Leaf || (is_empty(old) && is_empty(new)) || depth == 0;
    if shape != other {
        // A text became an object, or the like: all of both goes and comes.
        change.removed.children = parts(of, old, depth);
        change.added.children = parts(of, new, depth);
        change.modified.member = true;
    } else if one_thing {
        change.modified.member = true;
    } else if shape == Shape::Map {
        fields(of, old, new, depth - 1, &mut change);
    } else {
        entries(of, shape, old, new, depth - 1, &mut change);
    }
    change
}

fn fields(of: Type, old: &Value, new: &Value, depth: usize, change: &mut Change) {
    let (old, new) = (old.as_object(), new.as_object());
    let gone = old.into_iter().flatten().map(|(key, value)| {
        let new = new.and_then(|new| new.get(key));
        (key, Some(value), new)
    });
    let come = new.into_iter().flatten().filter_map(|(key, value)| {
        let known = old.is_some_and(|old| old.contains_key(key));
        (!known).then_some((key, None, Some(value)))
    });
    for (key, old, new) in gone.chain(come) {
        let (named, of) = of.field(key);
        let part = one_or_both(of, old, new, depth);
        if !part.is_empty() {
            change.put(&Type::step(named, key), part);
        }
    }
}

/// The entries of a list that one element leads to; more than one is an error
/// of whoever wrote the list.
struct Group<'v> {
    first: &'v Value,
    more: Vec<&'v Value>,
}

fn groups(shape: Shape, list: &Value) -> BTreeMap<PathElement, Group<'_>> {
    let mut groups = BTreeMap::new();
    for item in list.as_array().into_iter().flatten() {
        let Some(element) = element(shape, item) else {
            continue;
        };
        let group = groups.entry(element);
        group
            .and_modify(|group: &mut Group<'_>| group.more.push(item))
            .or_insert(Group {
                first: item,
                more: Vec::new(),
            });
    }
    groups
}

impl<'v> Group<'v> {
    fn only(group: Option<&Self>) -> Option<&'v Value> {
        group
            .filter(|group| group.more.is_empty())
            .map(|group| group.first)
    }

    fn repeats(group: Option<&Self>) -> bool {
        group.is_some_and(|group| !group.more.is_empty())
    }

    fn same(&self, other: &Self) -> bool {
        let mut pairs = self.more.iter().zip(&other.more);
        self.more.len() == other.more.len()
            && same(self.first, other.first)
            && pairs.all(|(one, other)| same(one, other))
    }
}

fn entries(of: Type, shape: Shape, old: &Value, new: &Value, depth: usize, change: &mut Change) {
    let (mut old, new) = (groups(shape, old), groups(shape, new));
    let item = of.item();
    for (element, new) in new {
        let old = old.remove(&element);
        change.put(&element, entry(item, old.as_ref(), Some(&new), depth));
    }
    for (element, old) in old {
        change.put(&element, entry(item, Some(&old), None, depth));
    }
}

/// Entries that repeat have no fields of their own: they are one thing.
fn entry(of: Type, old: Option<&Group<'_>>, new: Option<&Group<'_>>, depth: usize) -> Change {
    let (repeated, repeats) = (Group::repeats(old), Group::repeats(new));
    if let (Some(old), Some(new), true, true) = (old, new, repeated, repeats) {
        let mut change = Change::default();
        change.modified.member = !old.same(new);
        return change;
    }
    let mut change = one_or_both(of, Group::only(old), Group::only(new), depth);
    change.removed.member |= repeated;
    change.added.member |= repeats;
    change
}

/// All fields at and below a place.
fn whole(of: Type, value: &Value, depth: usize) -> Node {
    Node {
        member: true,
        children: parts(of, value, depth),
    }
}

/// All fields below a place.
fn parts(of: Type, value: &Value, depth: usize) -> FieldSet {
    let mut parts = FieldSet::new();
    let Some(depth) = depth.checked_sub(1) else {
        return parts;
    };
    match of.shape(value) {
        Shape::Leaf => {}
        Shape::Map => {
            for (key, value) in value.as_object().into_iter().flatten() {
                let (named, of) = of.field(key);
                parts.put(Type::step(named, key), whole(of, value, depth));
            }
        }
        shape => {
            for (element, group) in groups(shape, value) {
                let node = match Group::only(Some(&group)) {
                    Some(item) => whole(of.item(), item, depth),
                    None => Node::member(),
                };
                parts.put(element, node);
            }
        }
    }
    parts
}

impl Change {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    fn put(&mut self, element: &PathElement, part: Self) {
        let parts = [
            (&mut self.added, part.added),
            (&mut self.modified, part.modified),
            (&mut self.removed, part.removed),
        ];
        for (whole, part) in parts {
            if !part.is_empty() {
                whole.children.put(element.clone(), part);
            }
        }
    }
}
