//! Writes that change nothing.

use serde_json::{Map, Value};

use super::meta::of;

/// Whether a write of `new` over `old` would change nothing but
/// `metadata.resourceVersion` and the times in `managedFields`: then it is not
/// stored, and no watcher hears of it.
pub fn is_noop(old: &Value, new: &Value) -> bool {
    let (Some(old_fields), Some(new_fields)) = (old.as_object(), new.as_object()) else {
        return old == new;
    };
    same(old_fields, new_fields, &["metadata"]) && same_metadata(of(old), of(new))
}

fn same_metadata(old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    const OTHERWISE: &[&str] = &["managedFields", "resourceVersion"];
    if !same(old, new, OTHERWISE) {
        return false;
    }
    let (old, new) = (entries(old), entries(new));
    let same_entry = |(old, new): (&Value, &Value)| match (old.as_object(), new.as_object()) {
        (Some(old), Some(new)) => same(old, new, &["time"]),
        _ => old == new,
    };
    old.len() == new.len() && old.iter().zip(new).all(same_entry)
}

fn entries(metadata: &Map<String, Value>) -> &[Value] {
    match metadata.get("managedFields") {
        Some(Value::Array(entries)) => entries,
        _ => &[],
    }
}

/// Whether two objects are equal but for these fields.
fn same(old: &Map<String, Value>, new: &Map<String, Value>, but: &[&str]) -> bool {
    let counted = |(name, _): &(&String, &Value)| !but.contains(&name.as_str());
    old.iter().filter(counted).eq(new.iter().filter(counted))
}
