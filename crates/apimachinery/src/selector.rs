//! Label and field selectors. (`apimachinery/pkg/labels`, `apimachinery/pkg/fields`)

mod field;
mod label;
mod lexer;

pub use field::{FieldSelector, parse_field_selector};
pub use label::{Labels, Requirement, Selector, parse_label_selector};
