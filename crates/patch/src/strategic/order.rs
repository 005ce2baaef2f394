//! The order of merged lists.

use std::collections::HashMap;

use kubescape_api::schema::Merge;
use serde_json::{Map, Value};

use super::directive::{MARKER, ORDER, clean_entry, field};
use super::list::{self, key_of, required_key};
use super::{no_list, shown};
use crate::Error;
use crate::typed::Type;
use crate::value::Scalar;

/// Where the first of each is.
pub(super) fn places(items: impl Iterator<Item = Scalar>) -> HashMap<Scalar, usize> {
    let mut places = HashMap::new();
    for (place, item) in items.enumerate() {
        places.entry(item).or_insert(place);
    }
    places
}

/// One list of what the patch has and what it has not, both keeping their
/// order: an entry of the rest comes first where it was before the other.
/// (strategicpatch: mergeSortedSlice)
pub(super) fn weave(
    rest: Vec<Value>,
    patched: Vec<Value>,
    place: impl Fn(&Value) -> Option<usize>,
) -> Vec<Value> {
    let mut woven = Vec::with_capacity(rest.len() + patched.len());
    let mut rest = rest.into_iter().peekable();
    for item in patched {
        if let Some(at) = place(&item) {
            let before = |one: &Value| place(one).is_some_and(|one| one < at);
            while let Some(one) = rest.next_if(before) {
                woven.push(one);
            }
        }
        woven.push(item);
    }
    woven.extend(rest);
    woven
}

/// Merges the list that `$setElementOrder/…` is about and gives it that order.
/// Takes the list out of the patch.
pub(super) fn apply(
    object: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    directive: &str,
    order: Value,
    of: Type,
) -> Result<(), Error> {
    let Value::Array(order) = order else {
        return Err(no_list(&order));
    };
    let name = field(directive, ORDER).ok_or_else(malformed)?;
    let items = match object.get_mut(name).map(Value::take) {
        Some(Value::Array(items)) => Some(items),
        Some(Value::Null) | None => None,
        Some(other) => return Err(no_list(&other)),
    };
    let given = match patch.remove(name) {
        Some(Value::Array(given)) => Some(given),
        Some(Value::Null) => {
            object.remove(name);
            return Ok(());
        }
        None => None,
        Some(other) => return Err(no_list(&other)),
    };
    let of = of.field(name).1;
    let key = match of.merge() {
        Merge::Key(key) | Merge::PatchKey(key) => Some(key),
        Merge::Atomic | Merge::Set => None,
    };
    let listed = ids(&order, key)?;
    if !matches(given.as_deref().unwrap_or_default(), &listed, key)? {
        let given = shown(&Value::Array(given.unwrap_or_default()));
        let order = shown(&Value::Array(order));
        return Err(Error::BadRequest(format!(
            "The order in patch list:\n{given}\n doesn't match {ORDER} list:\n{order}\n"
        )));
    }
    let identify = |item: &Value| identity(item, key);
    let before = items.iter().flatten().enumerate();
    let mut place = HashMap::new();
    for (at, item) in before {
        if let Some(id) = identify(item) {
            place.entry(id).or_insert(at);
        }
    }
    let merged = match (items, given) {
        (Some(items), Some(given)) => list::merge(items, given, of)?,
        (Some(items), None) => items,
        (None, Some(given)) => given.into_iter().filter_map(clean_entry).collect(),
        (None, None) => return Ok(()),
    };
    let wanted = places(listed.into_iter());
    let (mut patched, mut rest) = (Vec::new(), Vec::new());
    for item in merged {
        match identify(&item).and_then(|id| wanted.get(&id).copied()) {
            Some(at) => patched.push((at, item)),
            None => rest.push(item),
        }
    }
    patched.sort_by_key(|(at, _)| *at);
    let of_old = |item: &Value| identify(item).and_then(|id| place.get(&id).copied());
    rest.sort_by_cached_key(|item| of_old(item).unwrap_or(usize::MAX));
    let patched = patched.into_iter().map(|(_, item)| item).collect();
    let woven = weave(rest, patched, of_old);
    object.insert(name.to_owned(), Value::Array(woven));
    Ok(())
}

fn malformed() -> Error {
    Error::BadRequest("invalid patch format of setElementOrder list".to_owned())
}

/// What tells an item apart; `None` for what nothing does.
fn identity(item: &Value, key: Option<&str>) -> Option<Scalar> {
    match key {
        Some(key) => key_of(item, key),
        None if item.is_array() || item.is_object() => None,
        None => Some(Scalar(item.clone())),
    }
}

fn ids(order: &[Value], key: Option<&str>) -> Result<Vec<Scalar>, Error> {
    let id = |item: &Value| match (key, item) {
        (Some(key), Value::Object(fields)) => required_key(fields, key),
        _ => identity(item, key).ok_or_else(malformed),
    };
    order.iter().map(id).collect()
}

/// Whether a patch lists nothing that the order lacks, and in no other order.
fn matches(given: &[Value], order: &[Scalar], key: Option<&str>) -> Result<bool, Error> {
    if given.is_empty() || order.is_empty() {
        return Ok(true);
    }
    let mut order = order.iter();
    for item in given {
        if item.get(MARKER).is_some() {
            continue;
        }
        let id = match (key, item) {
            (Some(key), Value::Object(fields)) => required_key(fields, key)?,
            _ => identity(item, key).ok_or_else(malformed)?,
        };
        if !order.any(|one| *one == id) {
            return Ok(false);
        }
    }
    Ok(true)
}
