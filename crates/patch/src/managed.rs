//! Field ownership: `metadata.managedFields` and the sets of fields in it.

mod cap;
mod element;
mod entries;
mod fieldsv1;
mod set;

pub use crate::value::Scalar;
pub use element::PathElement;
pub use entries::{Entry, ManagedFields, Operation, only_times_differ};
pub(crate) use entries::{Identity, raw, strip};
pub use set::FieldSet;
pub(crate) use set::{Node, shown};
