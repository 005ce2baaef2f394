//! One walk over an object along its schema: what is wrong, what is unknown.

use serde_json::{Map, Value};

use crate::error::{ErrorType, FieldError, json_type, shown};
use crate::path::{Path, Step};
use crate::schema::{Field, Object, Schema};

/// Most errors, and most unknown fields, that are named for one object.
pub const MOST_REPORTED: usize = 100;

/// Deepest nesting that is looked into, in steps.
pub const DEEPEST: usize = 256;

/// What a walk found; bounded by [`MOST_REPORTED`].
#[derive(Debug, Default)]
pub struct Report<'a> {
    path: Path<'a>,
    errors: Vec<FieldError>,
    unknown: Vec<String>,
}

impl<'a> Report<'a> {
    /// Notes an error at the present place.
    pub fn error(
        &mut self,
        error_type: ErrorType,
        value: Option<&Value>,
        detail: impl Into<String>,
    ) {
        if self.errors.len() < MOST_REPORTED {
            self.errors.push(FieldError {
                path: self.path.to_string(),
                error_type,
                value: value.map(shown).unwrap_or_default(),
                detail: detail.into(),
            });
        }
    }

    /// Notes that a value is not acceptable, at the present place.
    pub fn invalid(&mut self, value: &Value, detail: impl Into<String>) {
        self.error(ErrorType::Invalid, Some(value), detail);
    }

    /// Notes a value that is not among those allowed, at the present place.
    pub fn unsupported(&mut self, value: &Value, allowed: &[&str]) {
        let quoted: Vec<String> = allowed.iter().map(|one| format!("{one:?}")).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        self.error(ErrorType::Unsupported, Some(value), detail);
    }

    /// Works one step further down.
    pub fn within(&mut self, step: Step<'a>, work: impl FnOnce(&mut Self)) {
        self.path.push(step);
        work(self);
        self.path.pop();
    }

    /// Works on each item of a list field; anything else has none.
    pub fn each(
        &mut self,
        object: &'a Map<String, Value>,
        field: &'static str,
        mut work: impl FnMut(&'a Value, &mut Self),
    ) {
        let items = object.get(field).and_then(Value::as_array);
        self.within(Step::Field(field), |report| {
            for (index, item) in items.into_iter().flatten().enumerate() {
                report.within(Step::Index(index), |report| work(item, report));
            }
        });
    }

    /// What is wrong, in the order of the walk.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// The paths of fields that no schema knows.
    pub fn into_unknown(self) -> Vec<String> {
        self.unknown
    }

    pub(crate) fn object(&mut self, object: &'static Object, value: &'a Map<String, Value>) {
        for (key, value) in value {
            self.within(Step::Field(key), |report| match object.field(key) {
                Some(field) => report.field(field, value),
                None if report.unknown.len() < MOST_REPORTED => {
                    report.unknown.push(report.path.to_string());
                }
                None => {}
            });
        }
        for field in object.all_fields() {
            if field.required && is_missing(value.get(field.name)) {
                self.within(Step::Field(field.name), |report| {
                    report.error(ErrorType::Required, None, "");
                });
            }
        }
        let inlined = object.inline.iter().filter_map(|part| part.check);
        for check in inlined.chain(object.check) {
            check(value, self);
        }
    }

    fn field(&mut self, field: &'static Field, value: &'a Value) {
        if value.is_null() || !self.value(field.schema, value) {
            return;
        }
        if let (Some(text), false) = (value.as_str(), field.one_of.is_empty())
            && !text.is_empty()
            && !field.one_of.contains(&text)
        {
            self.unsupported(value, field.one_of);
        }
        if let (Some((least, most)), Some(number)) = (field.range, value.as_i64())
            && !(least..=most).contains(&number)
        {
            self.invalid(value, range_detail(least, most));
        }
        if let Some(check) = field.check {
            check(value, self);
        }
    }

    /// Looks at a value; false when it is of the wrong type.
    fn value(&mut self, schema: Schema, value: &'a Value) -> bool {
        if self.path.depth() > DEEPEST {
            self.invalid(value, format!("nested deeper than {DEEPEST} steps"));
            return false;
        }
        match (schema, value) {
            (Schema::OrString(_), Value::String(_)) => {}
            (Schema::OrString(inner), value) => return self.value(*inner, value),
            (Schema::Object(object), Value::Object(fields)) => self.object(object, fields),
            (Schema::List(item) | Schema::ListOrOne(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.within(Step::Index(index), |report| {
                        report.value(*item, value);
                    });
                }
            }
            (Schema::Map(item), Value::Object(entries)) => {
                for (key, value) in entries {
                    self.within(Step::Key(key), |report| {
                        report.value(*item, value);
                    });
                }
            }
            (Schema::Time, Value::String(text)) if !crate::rules::is_time(text) => {
                self.invalid(value, "must be a time such as 2023-12-01T09:30:00Z");
            }
            (schema, value) if schema.takes_scalar(value) => {}
            _ => {
                let detail = format!("must be {}, not {}", schema.wanted(), json_type(value));
                self.error(ErrorType::TypeInvalid, Some(value), detail);
                return false;
            }
        }
        true
    }
}

impl Schema {
    /// Whether a value needs no further look to be of the right type.
    fn takes_scalar(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null)
            | (Self::Any, _)
            | (
                Self::String | Self::Time | Self::IntOrString | Self::ListOrOne(_),
                Value::String(_),
            )
            | (Self::Bool, Value::Bool(_))
            | (Self::Number, Value::Number(_)) => true,
            (Self::Int64, Value::Number(number)) => number.is_i64(),
            (Self::Int32 | Self::IntOrString, Value::Number(number)) => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            _ => false,
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Int32 => "an integer of 32 bits",
            Self::Int64 => "an integer of 64 bits",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Time => "a string with a time",
            Self::IntOrString => "an integer or a string",
            Self::Any => "anything",
            Self::Object(_) | Self::Map(_) => "an object",
            Self::List(_) => "a list",
            Self::OrString(inner) => inner.wanted(),
            Self::ListOrOne(_) => "a list of strings or a string",
        }
    }
}

fn is_missing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

fn range_detail(least: i64, most: i64) -> String {
    match most {
        i64::MAX => format!("must be {least} or more"),
        most => format!("must be in the range {least}-{most}"),
    }
}
