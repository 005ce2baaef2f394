//! Lays a configuration over an object, and takes fields out of one.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use crate::managed::{FieldSet, PathElement};
use crate::typed::{DEEPEST, Shape, Type, element, is_empty};

/// Makes the fields of `config` so in `object`.
pub(crate) fn merge(of: Type, object: &mut Value, config: &Value) {
    lay(of, object, config, DEEPEST);
}

fn lay(of: Type, object: &mut Value, config: &Value, depth: usize) {
    let shape = of.shape(config);
    let one_thing = shape == Shape::Leaf || depth == 0;
    if one_thing || is_empty(object) || of.shape(object) != shape {
        object.clone_from(config);
        return;
    }
    // What is empty takes nothing away from what is not: absence does not.
    match (object, config) {
        (Value::Object(fields), Value::Object(config)) => {
            for (key, config) in config {
                match fields.get_mut(key) {
                    Some(value) => lay(of.field(key).1, value, config, depth - 1),
                    None => {
                        fields.insert(key.clone(), config.clone());
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(config)) => {
            let old = std::mem::take(items);
            *items = Lists::new(shape, old, config).merge(of.item(), depth - 1);
        }
        _ => {}
    }
}

/// Two lists whose entries are to be one list, each entry by its number.
struct Lists<'c> {
    old: Vec<Value>,
    /// The number of each old entry.
    old_ids: Vec<usize>,
    /// Where a number is among the old entries; `None` when it repeats there.
    old_at: HashMap<usize, Option<usize>>,
    config: &'c [Value],
    config_ids: Vec<usize>,
    /// By number: whether the configuration has it, and whether it was merged.
    wanted: Vec<bool>,
    merged: Vec<bool>,
}

impl<'c> Lists<'c> {
    fn new(shape: Shape, old: Vec<Value>, config: &'c [Value]) -> Self {
        let mut ids: HashMap<PathElement, usize> = HashMap::new();
        let mut number = |item: &Value| {
            let next = ids.len();
            element(shape, item).map_or(next, |element| *ids.entry(element).or_insert(next))
        };
        let old_ids: Vec<usize> = old.iter().map(&mut number).collect();
        let config_ids: Vec<usize> = config.iter().map(&mut number).collect();
        let mut old_at = HashMap::new();
        for (at, id) in old_ids.iter().enumerate() {
            let known = old_at.entry(*id);
            known.and_modify(|at| *at = None).or_insert(Some(at));
        }
        let mut wanted = vec![false; ids.len() + 1];
        for id in &config_ids {
            wanted[*id] = true;
        }
        let merged = vec![false; wanted.len()];
        Self {
            old,
            old_ids,
            old_at,
            config,
            config_ids,
            wanted,
            merged,
        }
    }

    /// The entries of both, in the order of structured-merge-diff: that of the
    /// configuration, and old entries stay before the shared entry that they
    /// were before.
    fn merge(mut self, of: Type, depth: usize) -> Vec<Value> {
        let shared = self.config_ids.iter().copied();
        let mut shared: VecDeque<usize> =
            shared.filter(|id| self.old_at.contains_key(id)).collect();
        let mut out = Vec::with_capacity(self.old.len().max(self.config.len()));
        let (mut left, mut right) = (0, 0);
        while left < self.old_ids.len() || right < self.config_ids.len() {
            let old = self.old_ids.get(left).copied();
            let new = self.config_ids.get(right).copied();
            if let Some(id) = old {
                let wanted = self.wanted[id];
                if !wanted {
                    out.push(std::mem::take(&mut self.old[left]));
                    left += 1;
                    continue;
                }
                let later = shared.front().is_some_and(|next| *next != id);
                if old != new && new.is_some() && later {
                    left += 1;
                    continue;
                }
                if old == new || self.merged[id] {
                    left += 1;
                }
            }
            let Some(id) = new else {
                left += 1;
                continue;
            };
            out.push(self.entry(of, id, right, depth));
            right += 1;
            if shared.front() == Some(&id) {
                shared.pop_front();
            }
        }
        out
    }

    fn entry(&mut self, of: Type, id: usize, at: usize, depth: usize) -> Value {
        self.merged[id] = true;
        let config = &self.config[at];
        match self.old_at.get(&id) {
            Some(Some(old)) => {
                let mut value = std::mem::take(&mut self.old[*old]);
                lay(of, &mut value, config, depth);
                value
            }
            // New, or repeated before, which leaves nothing to merge with.
            _ => config.clone(),
        }
    }
}

/// Takes fields out of an object; what is left without any becomes null.
pub(crate) fn take_out(of: Type, value: &mut Value, set: &FieldSet) {
    if is_empty(value) || set.is_empty() {
        return;
    }
    let shape = of.shape(value);
    match value {
        Value::Object(fields) if shape == Shape::Map => {
            for (element, node) in set.nodes() {
                let PathElement::Field(name) = element else {
                    continue;
                };
                if node.member {
                    fields.remove(name.as_ref());
                } else if let Some(value) = fields.get_mut(name.as_ref()) {
                    take_out(of.field(name).1, value, &node.children);
                }
            }
        }
        Value::Array(items) if matches!(shape, Shape::Keyed(_) | Shape::Set) => {
            items.retain_mut(|item| {
                let Some(node) = element(shape, item).and_then(|element| set.node(&element)) else {
                    return true;
                };
                if !node.member {
                    take_out(of.item(), item, &node.children);
                }
                !node.member
            });
        }
        _ => return,
    }
    if is_empty(value) {
        *value = Value::Null;
    }
}
