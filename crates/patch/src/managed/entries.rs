//! The list `metadata.managedFields`: who owns which fields, since when.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::FieldSet;

/// How fields were set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// What makes two entries one: the name, the way of writing and, for updates,
/// the version of the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) manager: String,
    pub(crate) operation: Operation,
    /// Empty for appliers: they are one over all versions.
    pub(crate) api_version: String,
    pub(crate) subresource: String,
}

/// The fields of one manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The version of the API that the fields are named in.
    pub api_version: String,
    /// When the entry last changed, RFC 3339.
    pub time: Option<String>,
    /// The fields.
    pub fields: FieldSet,
}

/// Who owns which fields of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedFields {
    pub(crate) entries: BTreeMap<Identity, Entry>,
}

impl Identity {
    pub(crate) fn new(manager: &str, operation: Operation, api_version: &str) -> Self {
        let manager = if manager.is_empty() {
            "unknown"
        } else {
            manager
        };
        let api_version = match operation {
            Operation::Apply => "",
            Operation::Update => api_version,
        };
        Self {
            manager: manager.to_owned(),
            operation,
            api_version: api_version.to_owned(),
            subresource: String::new(),
        }
    }
}

/// As conflicts name it: `"kubectl" using v1`, and appliers by name alone.
impl fmt::Display for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.manager)?;
        if !self.subresource.is_empty() {
            write!(out, " with subresource {:?}", self.subresource)?;
        }
        match self.operation {
            Operation::Apply => Ok(()),
            Operation::Update => write!(out, " using {}", self.api_version),
        }
    }
}

impl Entry {
    /// Seconds since 1970; 0 when unknown.
    pub(crate) fn seconds(&self) -> i64 {
        let time = self.time.as_deref();
        let time = time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        time.map_or(0, jiff::Timestamp::as_second)
    }
}

impl ManagedFields {
    /// Reads `metadata.managedFields` of an object; empty when absent.
    ///
    /// # Errors
    ///
    /// Says which entry is malformed, in Kubernetes' words.
    pub fn of(object: &Value) -> Result<Self, String> {
        match raw(object) {
            None => Ok(Self::default()),
            Some(Value::Array(entries)) => Self::parse(entries),
            Some(_) => Err("metadata.managedFields must be a list".to_owned()),
        }
    }

    /// Reads the entries of `metadata.managedFields`; of two that are one, the
    /// later counts.
    ///
    /// # Errors
    ///
    /// As [`ManagedFields::of`].
    pub fn parse(entries: &[Value]) -> Result<Self, String> {
        let read = entries.iter().enumerate();
        let entries = read.map(|(index, entry)| read_entry(index, entry));
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
        })
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of a manager, in the version that updates are to be of.
    pub fn get(&self, manager: &str, operation: Operation, api_version: &str) -> Option<&Entry> {
        let identity = Identity::new(manager, operation, api_version);
        self.entries.get(&identity)
    }

    /// The value of `metadata.managedFields`: appliers first, then by time.
    pub fn to_value(&self) -> Value {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_cached_key(|(identity, entry)| {
            let Identity {
                manager,
                operation,
                subresource,
                ..
            } = *identity;
            (
                *operation,
                entry.seconds(),
                manager,
                &entry.api_version,
                subresource,
            )
        });
        let written = entries
            .into_iter()
            .map(|(identity, entry)| written(identity, entry));
        Value::Array(written.collect())
    }

    /// Writes `metadata.managedFields` into an object; leaves it out when empty.
    pub(crate) fn write(&self, object: &mut Value) {
        strip(object);
        if self.is_empty() {
            return;
        }
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            metadata.insert("managedFields".to_owned(), self.to_value());
        }
    }
}

/// Whether two versions of an object differ in nothing but the times of
/// `metadata.managedFields`, so that there is nothing to store.
pub fn only_times_differ(one: &Value, other: &Value) -> bool {
    let timeless = |object: &Value| {
        let mut managed = raw(object).cloned().unwrap_or_default();
        for entry in managed.as_array_mut().into_iter().flatten() {
            if let Value::Object(entry) = entry {
                entry.remove("time");
            }
        }
        managed
    };
    let (Value::Object(one_fields), Value::Object(other_fields)) = (one, other) else {
        return one == other;
    };
    let rest = |fields: &Map<String, Value>, other: &Map<String, Value>, but: &str| {
        let mut others = fields.iter().filter(|(key, _)| *key != but);
        fields.len() == other.len() && others.all(|(key, value)| other.get(key) == Some(value))
    };
    if !rest(one_fields, other_fields, "metadata") {
        return false;
    }
    let metadata = |fields: &Map<String, Value>| fields.get("metadata").cloned();
    match (metadata(one_fields), metadata(other_fields)) {
        (Some(Value::Object(one_meta)), Some(Value::Object(other_meta))) => {
            rest(&one_meta, &other_meta, "managedFields") && timeless(one) == timeless(other)
        }
        (one, other) => one == other,
    }
}

/// `metadata.managedFields`; `None` when absent or null.
pub(crate) fn raw(object: &Value) -> Option<&Value> {
    let managed = object.get("metadata")?.get("managedFields")?;
    (!managed.is_null()).then_some(managed)
}

/// Takes `metadata.managedFields` out of an object.
pub(crate) fn strip(object: &mut Value) {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("managedFields");
    }
}

fn text<'v>(entry: &'v Value, field: &str) -> &'v str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn read_entry(index: usize, entry: &Value) -> Result<(Identity, Entry), String> {
    let operation = match text(entry, "operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return Err("operation must be `Apply` or `Update`".to_owned()),
    };
    let api_version = text(entry, "apiVersion");
    if api_version.is_empty() {
        return Err("apiVersion must not be empty".to_owned());
    }
    match text(entry, "fieldsType") {
        "FieldsV1" => {}
        "" => {
            return Err(format!(
                "missing fieldsType in managed fields entry {index}"
            ));
        }
        other => {
            let message = format!("invalid fieldsType {other:?} in managed fields entry {index}");
            return Err(message);
        }
    }
    let fields = match entry.get("fieldsV1") {
        None | Some(Value::Null) => FieldSet::new(),
        Some(fields) => FieldSet::parse(fields)?,
    };
    let identity = Identity {
        manager: text(entry, "manager").to_owned(),
        operation,
        api_version: match operation {
            Operation::Apply => String::new(),
            Operation::Update => api_version.to_owned(),
        },
        subresource: text(entry, "subresource").to_owned(),
    };
    let time = entry.get("time").and_then(Value::as_str);
    let entry = Entry {
        api_version: api_version.to_owned(),
        time: time.map(ToOwned::to_owned),
        fields,
    };
    Ok((identity, entry))
}

fn written(identity: &Identity, entry: &Entry) -> Value {
    let operation = match identity.operation {
        Operation::Apply => "Apply",
        Operation::Update => "Update",
    };
    let mut fields = Map::new();
    let texts = [
        ("manager", identity.manager.as_str()),
        ("operation", operation),
        ("apiVersion", &entry.api_version),
        ("time", entry.time.as_deref().unwrap_or_default()),
        ("fieldsType", "FieldsV1"),
    ];
    for (name, text) in texts {
        if !text.is_empty() {
            fields.insert(name.to_owned(), text.into());
        }
    }
    fields.insert("fieldsV1".to_owned(), entry.fields.to_value());
    if !identity.subresource.is_empty() {
        fields.insert(
            "subresource".to_owned(),
            identity.subresource.as_str().into(),
        );
    }
    Value::Object(fields)
}
