//! Label and field selectors. (`apimachinery/pkg/labels`, `apimachinery/pkg/fields`)

mod field;
mod label;
mod lexer;
mod parse;

pub use field::{FieldSelector, parse_field_selector, restrict_to_name};
pub use label::{Labels, Requirement, Selector};
pub use parse::parse_label_selector;
