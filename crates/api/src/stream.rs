//! Large objects without a tree of values: `spec` goes from the text that a
//! client sent to the text that is stored in one pass along its schema. Memory
//! is that of the two texts.
//!
//! Only what is sound goes this way. Anything else (a wrong type, a field given
//! twice, a rule over several fields) is `None`: the caller then reads the whole
//! object, which knows how to say what is wrong. Where both ways work they
//! write the same bytes.

mod members;
mod sketch;
mod take_apart;
mod transcode;

use serde_json::Value;

use crate::inspect::MOST_REPORTED;
use crate::resource::Resource;
use crate::schema::{Field, Presence};

pub use take_apart::{Parts, take_apart};

/// What came of writing a `spec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSpec {
    /// The paths of fields that no schema knows and that were left out, in the
    /// order of [`Resource::unknown_fields`]; up to [`MOST_REPORTED`].
    pub unknown: Vec<String>,
}

impl Resource {
    /// Appends the stored form of a `spec` to `out`: pruned, normalised and
    /// validated, compact and with sorted fields. `None` when it must be read as
    /// a whole; `out` may then have grown.
    pub fn write_spec(&self, spec: &str, out: &mut Vec<u8>) -> Option<WrittenSpec> {
        let field = self.spec_field()?;
        let unknown = transcode::transcode(field, spec, out)?;
        Some(WrittenSpec { unknown })
    }

    /// [`Resource::columns`] of an object whose `spec` is a text of the stored
    /// form. Reads it once and keeps only what the columns are made of.
    pub fn columns_beside(&self, head: &Value, spec: &str) -> Value {
        let mut object = head.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.insert("spec".to_owned(), sketch::sketch(self.columns, spec));
        }
        self.columns(&object)
    }

    /// [`Resource::unknown_fields`] of an object whose `spec` was written apart.
    pub fn unknown_beside(&self, head: &Value, written: &WrittenSpec) -> Vec<String> {
        let mut unknown = self.unknown_fields(head);
        // Only known fields have anything below them, so that names compare as
        // the fields themselves.
        let at = unknown.partition_point(|path| path.as_str() < "spec");
        unknown.splice(at..at, written.unknown.iter().cloned());
        unknown.truncate(MOST_REPORTED);
        unknown
    }

    /// Gives what is beside `spec` its stored form, and checks it. `false` when
    /// the whole object must be looked at.
    pub fn normalize_beside(&self, head: &mut Value) -> bool {
        self.normalize(head);
        // Made by the line above: the real one is elsewhere.
        if let Some(fields) = head.as_object_mut() {
            fields.remove("spec");
        }
        self.validate(head).is_empty()
    }

    /// The field `spec`, if an object can do without it while it is looked at.
    fn spec_field(&self) -> Option<&'static Field> {
        let field = self.object.field("spec")?;
        (field.presence == Presence::Always && !field.required && field.check.is_none())
            .then_some(field)
    }
}
