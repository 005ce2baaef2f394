//! Merges lists entry by entry.

use std::collections::{HashMap, HashSet};

use kubescape_api::schema::Merge;
use serde_json::{Map, Value};

use super::directive::{Directive, MARKER, clean, clean_entry};
use super::{go_type, merge_map, order, shown};
use crate::Error;
use crate::typed::Type;
use crate::value::{Scalar, is_scalar};

/// Merges a list of a patch into one of an object, as their type says.
pub(super) fn merge(items: Vec<Value>, patch: Vec<Value>, of: Type) -> Result<Vec<Value>, Error> {
    match of.merge() {
        Merge::Atomic => Ok(patch.into_iter().filter_map(clean_entry).collect()),
        Merge::Set => merge_set(items, patch),
        Merge::Key(key) | Merge::PatchKey(key) => merge_keyed(items, patch, key, of.item()),
    }
}

/// A scalar that tells an entry apart; `None` when the entry has none.
pub(super) fn key_of(item: &Value, key: &str) -> Option<Scalar> {
    let value = item.as_object()?.get(key)?;
    is_scalar(value).then(|| Scalar(value.clone()))
}

/// As [`key_of`], where a patch must have one.
pub(super) fn required_key(fields: &Map<String, Value>, key: &str) -> Result<Scalar, Error> {
    match fields.get(key) {
        Some(value) if is_scalar(value) => Ok(Scalar(value.clone())),
        _ => Err(no_key(fields.clone(), key)),
    }
}

fn no_key(fields: Map<String, Value>, key: &str) -> Error {
    let fields = shown(&Value::Object(fields));
    Error::BadRequest(format!(
        "map: {fields} does not contain declared merge key: {key}"
    ))
}

fn merge_set(items: Vec<Value>, patch: Vec<Value>) -> Result<Vec<Value>, Error> {
    same_type(&items, &patch)?;
    let place = order::places(items.iter().cloned().map(Scalar));
    let mut known = HashSet::new();
    let mut unique = |items: Vec<Value>| -> Vec<Value> {
        let items = items.into_iter().map(Scalar);
        let new = items.filter(|item| known.insert(item.clone()));
        new.map(|item| item.0).collect()
    };
    let patch = unique(patch);
    let rest = unique(items);
    Ok(order::weave(rest, patch, |item| {
        place.get(&Scalar(item.clone())).copied()
    }))
}

/// Refuses lists whose entries are of several types, or lists.
fn same_type(items: &[Value], patch: &[Value]) -> Result<(), Error> {
    let mut all = items.iter().chain(patch);
    let Some(first) = all.next() else {
        return Ok(());
    };
    if first.is_array() {
        let message = "lists of lists are not supported".to_owned();
        return Err(Error::Unprocessable(message));
    }
    if all.all(|item| go_type(item) == go_type(first)) {
        return Ok(());
    }
    Err(Error::Unprocessable(format!(
        "list element types are not identical: [{} {}]",
        shown(&Value::Array(items.to_vec())),
        shown(&Value::Array(patch.to_vec()))
    )))
}

/// The entries of a list by their key.
struct Entries {
    /// `None` where one was deleted.
    items: Vec<Option<Value>>,
    /// Where the first entry of a key is.
    places: HashMap<Scalar, usize>,
}

fn merge_keyed(
    items: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
    of: Type,
) -> Result<Vec<Value>, Error> {
    same_type(&items, &patch)?;
    if !patch.iter().all(Value::is_object) {
        let message = "a list with a merge key is a list of objects".to_owned();
        return Err(Error::Unprocessable(message));
    }
    let Specials {
        replace,
        deleted,
        patch,
    } = specials(patch, key)?;
    if replace {
        return Ok(patch
            .into_iter()
            .filter_map(|entry| clean(Value::Object(entry)))
            .collect());
    }
    let known = items.into_iter().filter(|item| {
        deleted.is_empty() || key_of(item, key).is_none_or(|key| !deleted.contains(&key))
    });
    let mut entries = Entries::new(known.collect(), key);
    let before = entries.places.clone();
    let mut order = Vec::with_capacity(patch.len());
    let mut listed = HashSet::new();
    for entry in patch {
        let id = required_key(&entry, key)?;
        entries.merge(&id, entry, of)?;
        if listed.insert(id.clone()) {
            order.push(id);
        }
    }
    let place = |item: &Value| before.get(&key_of(item, key)?).copied();
    let (patched, rest) = entries.part(&order, &listed, key);
    Ok(order::weave(rest, patched, place))
}

struct Specials {
    replace: bool,
    deleted: HashSet<Scalar>,
    patch: Vec<Map<String, Value>>,
}

/// Parts entries that are only directives from those to merge.
fn specials(patch: Vec<Value>, key: &str) -> Result<Specials, Error> {
    let mut specials = Specials {
        replace: false,
        deleted: HashSet::new(),
        patch: Vec::with_capacity(patch.len()),
    };
    for entry in patch {
        let Value::Object(mut entry) = entry else {
            let message = format!(
                "expected a map[string]interface {{}}, but received a {}",
                go_type(&entry)
            );
            return Err(Error::BadRequest(message));
        };
        let merges = entry.contains_key(MARKER);
        match Directive::take(&mut entry)? {
            Some(Directive::Delete) => {
                let id = required_key(&entry, key);
                let id = id.map_err(|_| {
                    entry.insert(MARKER.to_owned(), "delete".into());
                    no_key(entry, key)
                })?;
                specials.deleted.insert(id);
            }
            Some(Directive::Replace) => specials.replace = true,
            // An entry of nothing but the directive asks for nothing.
            Some(Directive::Merge) if merges && entry.is_empty() => {}
            Some(Directive::Merge) | None => specials.patch.push(entry),
        }
    }
    Ok(specials)
}

impl Entries {
    fn new(items: Vec<Value>, key: &str) -> Self {
        let mut places = HashMap::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            if let Some(id) = key_of(item, key) {
                places.entry(id).or_insert(place);
            }
        }
        Self {
            items: items.into_iter().map(Some).collect(),
            places,
        }
    }

    fn merge(&mut self, id: &Scalar, patch: Map<String, Value>, of: Type) -> Result<(), Error> {
        let place = self.places.get(id).copied();
        let known = place.and_then(|place| self.items.get_mut(place));
        match known.map(|known| (known.take(), known)) {
            Some((Some(Value::Object(object)), known)) => {
                *known = Some(Value::Object(merge_map(object, patch, of)?));
            }
            _ => {
                if let Some(entry) = clean(Value::Object(patch)) {
                    self.places.insert(id.clone(), self.items.len());
                    self.items.push(Some(entry));
                }
            }
        }
        Ok(())
    }

    /// The entries that the patch lists, in its order, and the others.
    fn part(
        self,
        order: &[Scalar],
        listed: &HashSet<Scalar>,
        key: &str,
    ) -> (Vec<Value>, Vec<Value>) {
        let mut rest = Vec::new();
        let mut patched: HashMap<Scalar, Vec<Value>> = HashMap::with_capacity(order.len());
        for item in self.items.into_iter().flatten() {
            match key_of(&item, key).filter(|id| listed.contains(id)) {
                Some(id) => patched.entry(id).or_default().push(item),
                None => rest.push(item),
            }
        }
        let ordered = order.iter().filter_map(|id| patched.remove(id));
        (ordered.flatten().collect(), rest)
    }
}
