//! Sets of fields.

use std::collections::BTreeMap;
use std::fmt;

use super::PathElement;

/// A set of fields of an object, kept as the tree of their paths.
///
/// A path in the set says nothing about the paths above and below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// Every node is a member or has members below.
    pub(super) nodes: BTreeMap<PathElement, Node>,
}

/// What is known of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Whether the path itself is in the set.
    pub(crate) member: bool,
    /// What is in the set below it.
    pub(crate) children: FieldSet,
}

impl Node {
    pub(crate) fn member() -> Self {
        Self {
            member: true,
            children: FieldSet::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }
}

impl FieldSet {
    /// The set without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether no field is in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many fields are in it.
    pub fn len(&self) -> usize {
        let sizes = self.nodes.values();
        sizes
            .map(|node| usize::from(node.member) + node.children.len())
            .sum()
    }

    /// Adds the field at `path`; the empty path, the whole object, is nobody's.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let node = self.nodes.entry(first.clone()).or_default();
        match rest {
            [] => node.member = true,
            rest => node.children.insert(rest),
        }
    }

    /// Whether the field at `path` is in it.
    pub fn contains(&self, path: &[PathElement]) -> bool {
        let Some((first, rest)) = path.split_first() else {
            return false;
        };
        let node = self.nodes.get(first);
        node.is_some_and(|node| match rest {
            [] => node.member,
            rest => node.children.contains(rest),
        })
    }

    /// The fields of either.
    pub fn union(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    /// The fields of both.
    pub fn intersection(&self, other: &Self) -> Self {
        let (small, large) = if self.nodes.len() <= other.nodes.len() {
            (self, other)
        } else {
            (other, self)
        };
        let mut both = Self::default();
        for (element, one) in &small.nodes {
            if let Some(other) = large.nodes.get(element) {
                let node = Node {
                    member: one.member && other.member,
                    children: one.children.intersection(&other.children),
                };
                both.put(element.clone(), node);
            }
        }
        both
    }

    /// The fields of this one that are not in `other`.
    pub fn difference(mut self, other: &Self) -> Self {
        self.remove(other);
        self
    }

    /// Whether all of its fields are in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.nodes.iter().all(|(element, node)| {
            other.nodes.get(element).is_some_and(|other| {
                (other.member || !node.member) && node.children.is_within(&other.children)
            })
        })
    }

    /// The paths of all fields, those of one level before those below, as
    /// structured-merge-diff walks and conflicts list them.
    pub fn each(&self, mut work: impl FnMut(&[PathElement])) {
        self.walk(&mut Vec::new(), &mut work);
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&PathElement, &Node)> {
        self.nodes.iter()
    }

    pub(crate) fn node(&self, element: &PathElement) -> Option<&Node> {
        self.nodes.get(element)
    }

    pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = (&PathElement, &mut Node)> {
        self.nodes.iter_mut()
    }

    /// Adds what is known of one path; nothing when that is nothing.
    pub(crate) fn put(&mut self, element: PathElement, node: Node) {
        if !node.is_empty() {
            self.nodes.insert(element, node);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if self.nodes.is_empty() {
            self.nodes.clone_from(&other.nodes);
            return;
        }
        for (element, node) in &other.nodes {
            match self.nodes.get_mut(element) {
                Some(known) => {
                    known.member |= node.member;
                    known.children.add(&node.children);
                }
                None => {
                    self.nodes.insert(element.clone(), node.clone());
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, other: &Self) {
        if self.nodes.len() <= other.nodes.len() {
            self.nodes.retain(|element, node| {
                if let Some(other) = other.nodes.get(element) {
                    node.remove(other);
                }
                !node.is_empty()
            });
            return;
        }
        for (element, other) in &other.nodes {
            if let Some(node) = self.nodes.get_mut(element) {
                node.remove(other);
                if node.is_empty() {
                    self.nodes.remove(element);
                }
            }
        }
    }

    fn walk(&self, path: &mut Vec<PathElement>, work: &mut impl FnMut(&[PathElement])) {
        for below in [false, true] {
            for (element, node) in &self.nodes {
                if (below && node.children.is_empty()) || (!below && !node.member) {
                    continue;
                }
                path.push(element.clone());
                if below {
                    node.children.walk(path, work);
                } else {
                    work(path);
                }
                path.pop();
            }
        }
    }
}

impl Node {
    fn remove(&mut self, other: &Self) {
        self.member &= !other.member;
        self.children.remove(&other.children);
    }
}

/// One path a line.
impl fmt::Display for FieldSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        self.each(|path| lines.push(shown(path)));
        out.write_str(&lines.join("\n"))
    }
}

/// A path as conflicts show it.
pub(crate) fn shown(path: &[PathElement]) -> String {
    path.iter().map(ToString::to_string).collect()
}
