//! Fields of events and spans as JSON values.

use serde_json::Value;
use tracing::field::{Field, Visit};

use super::redact::{is_secret_name, redact};

/// Most bytes of one text; the rest is cut.
const MAX_TEXT: usize = 16 * 1024;

/// Fields in the order they came; a later one of the same name replaces the earlier.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) others: Vec<(&'static str, Value)>,
}

impl Fields {
    pub(super) fn set(&mut self, name: &'static str, value: Value) {
        match self.others.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value,
            None => self.others.push((name, value)),
        }
    }

    fn text(&mut self, field: &Field, text: &str) {
        // Cutting comes last: half a secret must not escape the search.
        let clean = redact(text);
        let clean = cut(&clean);
        if field.name() == "message" {
            clean.clone_into(&mut self.message);
        } else if is_secret_name(field.name()) {
            self.set(field.name(), "***".into());
        } else {
            self.set(field.name(), clean.into());
        }
    }

    fn value(&mut self, field: &Field, value: Value) {
        let hidden = is_secret_name(field.name());
        self.set(field.name(), if hidden { "***".into() } else { value });
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT))
        .unwrap_or(text)
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.value(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.value(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.value(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.value(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, &crate::tasks::chain(value));
    }
}
