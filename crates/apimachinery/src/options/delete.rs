//! Options of deletions.

use serde_json::Value;

use super::write::{dry_run, unless_any};
use crate::causes::{invalid, invalid_raw, not_supported};
use crate::failure::{Cause, Failure};
use crate::query::Query;
use crate::quote::quote;

/// What happens to objects that the deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They stay; the garbage collector takes the owner off them first.
    Orphan,
    /// The garbage collector deletes them afterwards.
    Background,
    /// The object stays until the garbage collector has deleted them.
    Foreground,
}

/// What must hold of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// Its uid.
    pub uid: Option<String>,
    /// Its version.
    pub resource_version: Option<String>,
}

/// Options of delete and deletecollection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Go through every stage, but store nothing.
    pub dry_run: bool,
    /// Seconds that the deletion may take. Nothing here takes any.
    pub grace_period_seconds: Option<i64>,
    /// Else 409.
    pub preconditions: Preconditions,
    /// The old form of `propagation`.
    pub orphan_dependents: Option<bool>,
    /// About dependents.
    pub propagation: Option<Propagation>,
    /// Whether an object that cannot be read may go, too.
    pub ignore_store_read_error: bool,
}

impl DeleteOptions {
    /// Reads and checks the options: from the body where there is one (already
    /// decoded, see [`crate::body::decode`]), else from the query.
    ///
    /// # Errors
    ///
    /// 400 for what cannot be read, 422 for what is not allowed.
    pub fn parse(query: &str, body: Option<&Value>) -> Result<Self, Failure> {
        let query = Query::parse(query);
        let raw = match body {
            None => Raw::from_query(&query)?,
            Some(body) => Raw::from_body(body)?,
        };
        raw.check()
    }
}

/// The options as they were sent.
#[derive(Default)]
struct Raw<'a> {
    dry_run: Vec<&'a str>,
    propagation: Option<&'a str>,
    options: DeleteOptions,
}

const IGNORE_READ_ERRORS: &str = "ignoreStoreReadErrorWithClusterBreakingPotential";

impl<'a> Raw<'a> {
    fn from_query(query: &'a Query<'_>) -> Result<Self, Failure> {
        Ok(Self {
            dry_run: query.all("dryRun").collect(),
            propagation: query.first("propagationPolicy"),
            options: DeleteOptions {
                grace_period_seconds: query.integer("gracePeriodSeconds")?,
                orphan_dependents: query.flag("orphanDependents"),
                ignore_store_read_error: query.flag(IGNORE_READ_ERRORS).unwrap_or_default(),
                ..DeleteOptions::default()
            },
        })
    }

    fn from_body(body: &'a Value) -> Result<Self, Failure> {
        let fields = Fields::of(body, "DeleteOptions", "")?;
        let kind = fields.text("kind")?.unwrap_or_default();
        if !matches!(kind, "" | "DeleteOptions") {
            return Err(Failure::bad_request(format!(
                "decoded object cannot be converted to DeleteOptions: it is a {}",
                quote(kind)
            )));
        }
        let mut options = DeleteOptions {
            grace_period_seconds: fields.integer("gracePeriodSeconds")?,
            orphan_dependents: fields.boolean("orphanDependents")?,
            ignore_store_read_error: fields.boolean(IGNORE_READ_ERRORS)?.unwrap_or_default(),
            ..DeleteOptions::default()
        };
        if let Some(preconditions) = fields.get("preconditions") {
            let fields = Fields::of(preconditions, "Preconditions", "preconditions")?;
            options.preconditions = Preconditions {
                uid: fields.text("uid")?.map(str::to_owned),
                resource_version: fields.text("resourceVersion")?.map(str::to_owned),
            };
        }
        Ok(Self {
            dry_run: fields.texts("dryRun")?,
            propagation: fields.text("propagationPolicy")?,
            options,
        })
    }

    /// (`ValidateDeleteOptions`)
    fn check(self) -> Result<DeleteOptions, Failure> {
        let mut options = self.options;
        let mut causes = Vec::new();
        if let (Some(policy), Some(_)) = (self.propagation, options.orphan_dependents) {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            causes.push(invalid("propagationPolicy", policy, why));
        }
        options.propagation = match self.propagation {
            None => None,
            Some("Orphan") => Some(Propagation::Orphan),
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some(other) => {
                let allowed = &["Foreground", "Background", "Orphan", "nil"];
                causes.push(not_supported("propagationPolicy", quote(other), allowed));
                None
            }
        };
        let (dry, wrong) = dry_run(&self.dry_run);
        options.dry_run = dry;
        causes.extend(wrong);
        if options.ignore_store_read_error {
            causes.extend(read_error_causes(&options));
        }
        unless_any(causes, "DeleteOptions")?;
        Ok(options)
    }
}

/// (`ValidateIgnoreStoreReadError`)
fn read_error_causes(options: &DeleteOptions) -> impl Iterator<Item = Cause> {
    let set = [
        ("dryRun", options.dry_run),
        ("propagationPolicy", options.propagation.is_some()),
        ("orphanDependents", options.orphan_dependents.is_some()),
        ("gracePeriodSeconds", options.grace_period_seconds.is_some()),
        (
            "preconditions",
            options.preconditions != Preconditions::default(),
        ),
    ];
    set.into_iter().filter(|(_, set)| *set).map(|(field, _)| {
        let why = format!("cannot be set together with .{field}");
        invalid_raw(IGNORE_READ_ERRORS, true, &why)
    })
}

/// The fields of an object, by type; errors in the words of Go's decoder.
struct Fields<'a> {
    object: &'a serde_json::Map<String, Value>,
    of: &'static str,
    prefix: &'static str,
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value, of: &'static str, prefix: &'static str) -> Result<Self, Failure> {
        match value.as_object() {
            Some(object) => Ok(Self { object, of, prefix }),
            None => Err(Failure::bad_request(format!(
                "json: cannot unmarshal {} into Go value of type v1.{of}",
                go_type(value)
            ))),
        }
    }

    /// A field that is there and not null.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(
        &self,
        name: &str,
        go: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if let Some(value) = read(value) {
            return Ok(Some(value));
        }
        let dot = if self.prefix.is_empty() { "" } else { "." };
        Err(Failure::bad_request(format!(
            "json: cannot unmarshal {} into Go struct field {}.{}{dot}{name} of type {go}",
            go_type(value),
            self.of,
            self.prefix,
        )))
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        self.read(name, "string", Value::as_str)
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        self.read(name, "int64", Value::as_i64)
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, Failure> {
        self.read(name, "bool", Value::as_bool)
    }

    fn texts(&self, name: &str) -> Result<Vec<&'a str>, Failure> {
        let all = |value: &'a Value| value.as_array()?.iter().map(Value::as_str).collect();
        Ok(self.read(name, "[]string", all)?.unwrap_or_default())
    }
}

/// The type of a JSON value as Go's decoder names it.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
