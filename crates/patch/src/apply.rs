//! Server-side apply, and the bookkeeping of all other writes.

mod check;
mod compare;
mod fields;
mod last_applied;
mod merge;

use kubescape_api::schema::{Merge, Package, Schema};
use serde_json::Value;

use crate::error::{Cause, Conflict, Error};
use crate::managed::{
    Entry, FieldSet, Identity, ManagedFields, Operation, PathElement, raw, shown, strip,
};
use crate::typed::{DEEPEST, Type, blank};
use crate::value::{deeper, same};
use compare::{Difference, compare};

/// Who owns what was there before the first apply to an object whose fields
/// nobody owned.
const BEFORE: &str = "before-first-apply";

/// Makes the fields of `config` so in `live`, and `manager` their owner:
/// server-side apply. What `manager` applied before and no longer does goes,
/// unless others own it too. Without `live` the object is made from `config`.
///
/// The result has the new `metadata.managedFields`; it equals `live` when
/// nothing changes, times included. `now` is RFC 3339 in whole seconds and UTC.
/// Neither object is validated; `metadata.name` and the like are the caller's.
///
/// # Errors
///
/// [`Error::Conflict`] when others own fields that would change and `force` is
/// off, [`Error::BadRequest`] when `config` is of another `apiVersion` or kind,
/// has `metadata.managedFields`, repeats a key in a list, or has values that do
/// not fit the schema, [`Error::TooLarge`] when it nests too deeply.
pub fn apply(
    live: Option<&Value>,
    config: &Value,
    schema: Schema,
    manager: &str,
    force: bool,
    now: &str,
) -> Result<Value, Error> {
    let of = Type::new(schema, Merge::Atomic);
    acceptable(of, config)?;
    let managed = live.map(|live| owners(live, of, now)).unwrap_or_default();
    let apply = Apply {
        of,
        live,
        config,
        manager: Identity::new(manager, Operation::Apply, ""),
        now,
    };
    let result = apply.run(managed.clone(), force);
    // Who applied with kubectl's annotation before may take over from that.
    let mut object = match (result, live) {
        (Err(conflicts), Some(live)) if manager == "kubectl" => {
            let owned = last_applied::owned(of, live);
            let left: Vec<_> = conflicts
                .into_iter()
                .map(|(identity, set)| (identity, set.difference(&owned)))
                .filter(|(_, set)| !set.is_empty())
                .collect();
            if !left.is_empty() {
                return Err(conflict(left));
            }
            apply.run(managed, true).map_err(conflict)?
        }
        (result, _) => result.map_err(conflict)?,
    };
    if manager == "kubectl" {
        last_applied::refresh(&mut object, config);
    }
    Ok(object)
}

/// What others own of that which would change.
type Conflicts = Vec<(Identity, FieldSet)>;

struct Apply<'a> {
    of: Type,
    live: Option<&'a Value>,
    config: &'a Value,
    manager: Identity,
    now: &'a str,
}

impl Apply<'_> {
    fn run(&self, mut managed: ManagedFields, force: bool) -> Result<Value, Conflicts> {
        let live = self.live.map(|live| {
            let mut live = live.clone();
            strip(&mut live);
            live
        });
        let mut object = live.clone().unwrap_or_default();
        merge::merge(self.of, &mut object, self.config);
        // Null managed fields are accepted and say nothing.
        strip(&mut object);
        let mut applied = fields::fields(self.of, self.config);
        let last = managed.entries.remove(&self.manager);
        self.prune(&mut object, &managed, &applied, last.as_ref());
        applied.remove(&stripped());
        let changed = live.as_ref().is_none_or(|live| !same(live, &object));
        match live {
            // The same by value may be written in other ways; nothing changes.
            Some(live) if !changed => object = live,
            Some(live) => managed.give_way(&compare(self.of, &live, &object), force)?,
            None => {}
        }
        if !applied.is_empty() {
            let kept = last.filter(|last| !changed && last.fields == applied);
            let time = kept.map_or_else(|| Some(self.now.to_owned()), |last| last.time);
            let entry = Entry {
                api_version: kubescape_api::API_VERSION.to_owned(),
                time,
                fields: applied,
            };
            managed.entries.insert(self.manager.clone(), entry);
        }
        managed.write(&mut object);
        Ok(object)
    }

    /// Takes out what was applied before and is no longer owned by anyone.
    fn prune(
        &self,
        object: &mut Value,
        others: &ManagedFields,
        applied: &FieldSet,
        last: Option<&Entry>,
    ) {
        let Some(last) = last.filter(|last| last.api_version == kubescape_api::API_VERSION) else {
            return;
        };
        if last.fields.is_within(applied) {
            return;
        }
        let mut gone = last.fields.clone();
        fields::with_named(self.of, &mut gone);
        for owned in others.current().chain([applied]) {
            let mut owned = owned.clone();
            fields::with_named(self.of, &mut owned);
            gone.remove(&owned);
        }
        // Who an object is stays, whoever said it.
        gone.remove(&stripped());
        merge::take_out(self.of, object, &gone);
    }
}

/// Gives `new`, which a create, update or patch other than apply is about to
/// write over `live`, its `metadata.managedFields`: `manager` owns by operation
/// `Update` what differs from `live`, and others lose it.
///
/// What `new` says in `metadata.managedFields` is the ownership before the
/// write, as clients send back what they read; absent, null or unreadable, that
/// of `live` counts; `[]` and `[{}]` forget all owners. An object without
/// owners gets one only when it is created. Never fails: ownership is a
/// service, not a condition. `now` as for [`apply`].
pub fn track_update(
    live: Option<&Value>,
    mut new: Value,
    schema: Schema,
    manager: &str,
    now: &str,
) -> Value {
    let of = Type::new(schema, Merge::Atomic);
    let mut managed = owners_before(live, &new);
    strip(&mut new);
    if managed.is_empty() && live.is_some() {
        return new;
    }
    for entry in managed.entries.values_mut() {
        fields::reconcile(of, &mut entry.fields);
    }
    let empty = live.is_none().then(|| start(of));
    let live = live.or(empty.as_ref()).unwrap_or(&Value::Null);
    let manager = Identity::new(manager, Operation::Update, kubescape_api::API_VERSION);
    managed.update(of, live, &new, manager, now);
    managed.cap();
    managed.write(&mut new);
    new
}

impl ManagedFields {
    /// The sets that are named in our version; others are kept unread.
    fn current(&self) -> impl Iterator<Item = &FieldSet> {
        let entries = self.entries.values();
        entries
            .filter(|entry| entry.api_version == kubescape_api::API_VERSION)
            .map(|entry| &entry.fields)
    }

    /// Others lose what changes; without force those who would are conflicts.
    fn give_way(&mut self, difference: &Difference, force: bool) -> Result<(), Conflicts> {
        let changed = difference.modified.clone().union(&difference.added);
        let mut conflicts = Vec::new();
        for (identity, entry) in &mut self.entries {
            if entry.api_version != kubescape_api::API_VERSION {
                continue;
            }
            if !force {
                let conflict = entry.fields.intersection(&changed);
                if !conflict.is_empty() {
                    conflicts.push((identity.clone(), conflict));
                }
            }
            entry.fields.remove(&changed);
            entry.fields.remove(&difference.removed);
        }
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        self.entries.retain(|_, entry| !entry.fields.is_empty());
        Ok(())
    }

    fn update(&mut self, of: Type, live: &Value, new: &Value, manager: Identity, now: &str) {
        let mut difference = compare_unmanaged(of, live, new);
        let previous = self.entries.get(&manager).cloned();
        // With force there are no conflicts.
        let _ = self.give_way(&difference, true);
        let mut set = std::mem::take(&mut difference.modified).union(&difference.added);
        set.remove(&stripped());
        if set.is_empty() {
            return;
        }
        if let Some(previous) = previous {
            set.add(&previous.fields.difference(&difference.removed));
        }
        let entry = Entry {
            api_version: manager.api_version.clone(),
            time: Some(now.to_owned()),
            fields: set,
        };
        self.entries.insert(manager, entry);
    }
}

fn compare_unmanaged(of: Type, live: &Value, new: &Value) -> Difference {
    let mut difference = compare(of, live, new);
    let metadata = PathElement::field("metadata");
    let managed = [metadata, PathElement::field("managedFields")];
    let mut whole = FieldSet::new();
    whole.insert(&managed);
    for set in [
        &mut difference.added,
        &mut difference.modified,
        &mut difference.removed,
    ] {
        set.remove(&whole);
    }
    difference
}

/// The owners of a live object's fields before an apply.
fn owners(live: &Value, of: Type, now: &str) -> ManagedFields {
    let mut managed = ManagedFields::of(live).unwrap_or_default();
    for entry in managed.entries.values_mut() {
        fields::reconcile(of, &mut entry.fields);
    }
    if managed.is_empty() {
        let before = Identity::new(BEFORE, Operation::Update, kubescape_api::API_VERSION);
        managed.update(of, &start(of), live, before, now);
    }
    managed
}

/// The owners before an update, as the request or else the live object has it.
fn owners_before(live: Option<&Value>, new: &Value) -> ManagedFields {
    let sent = raw(new);
    let reset = match sent.map(|sent| sent.as_array().map(Vec::as_slice)) {
        Some(Some([])) => true,
        Some(Some([Value::Object(only)])) => only.values().all(|value| match value {
            Value::String(text) => text.is_empty(),
            value => value.is_null(),
        }),
        _ => false,
    };
    if reset {
        return ManagedFields::default();
    }
    let sent = ManagedFields::of(new).ok().filter(|sent| !sent.is_empty());
    let known = || live.and_then(|live| ManagedFields::of(live).ok());
    sent.or_else(known).unwrap_or_default()
}

/// An object of which nothing was said yet.
fn start(of: Type) -> Value {
    of.object().map_or(Value::Null, blank)
}

/// Fields that nobody owns. (managedfields: stripMetaManager)
fn stripped() -> FieldSet {
    let mut set = FieldSet::new();
    for name in ["apiVersion", "kind", "metadata"] {
        set.insert(&[PathElement::field(name)]);
    }
    for name in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ] {
        set.insert(&[PathElement::field("metadata"), PathElement::field(name)]);
    }
    set
}

fn acceptable(of: Type, config: &Value) -> Result<(), Error> {
    if deeper(config, DEEPEST) {
        let message = format!("the configuration is nested deeper than {DEEPEST} steps");
        return Err(Error::TooLarge(message));
    }
    if !config.is_object() {
        let message = "the configuration to apply must be an object".to_owned();
        return Err(Error::BadRequest(message));
    }
    let text = |field: &str| {
        config
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (version, kind) = (text("apiVersion"), text("kind"));
    let ours = of.object().filter(|object| object.package == Package::Ours);
    if version != kubescape_api::API_VERSION || ours.is_some_and(|object| object.name != kind) {
        let message = format!("invalid object type: {}", group_version_kind(version, kind));
        return Err(Error::BadRequest(message));
    }
    if raw(config).is_some() {
        return Err(Error::BadRequest(
            "metadata.managedFields must be nil".to_owned(),
        ));
    }
    let Some(wrong) = check::check(of, config) else {
        return Ok(());
    };
    let metadata = config.get("metadata");
    let part = |field: &str| {
        let value = metadata.and_then(|metadata| metadata.get(field));
        value.and_then(Value::as_str).unwrap_or_default()
    };
    let (namespace, name, kind) = (
        part("namespace"),
        part("name"),
        group_version_kind(version, kind),
    );
    Err(Error::BadRequest(format!(
        "failed to create typed patch object ({namespace}/{name}; {kind}): {wrong}"
    )))
}

/// As Go prints it; a version without a group gets an empty one.
fn group_version_kind(version: &str, kind: &str) -> String {
    let slash = if version.contains('/') { "" } else { "/" };
    format!("{slash}{version}, Kind={kind}")
}

fn conflict(conflicts: Conflicts) -> Error {
    let mut conflict = Conflict::default();
    for (identity, set) in conflicts {
        conflict.total += set.len();
        let owner = identity.to_string();
        set.each(|path| {
            if conflict.causes.len() < Conflict::MOST_CAUSES {
                conflict.causes.push(Cause {
                    owner: owner.clone(),
                    field: shown(path),
                });
            }
        });
    }
    Error::Conflict(conflict)
}
