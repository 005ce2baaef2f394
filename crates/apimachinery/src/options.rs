//! The options of requests, from their query strings and bodies.
//! (`metav1.ListOptions` and its like, `apimachinery/pkg/apis/meta/v1/validation`)

mod delete;
mod list;
mod write;

pub use delete::{DeleteOptions, Preconditions, Propagation};
pub use list::{GetOptions, ListOptions, ResourceVersionMatch, Spec, TableOptions};
pub(crate) use write::manager_causes;
pub use write::{FieldValidation, PatchOptions, WriteOptions, manager_from_user_agent};
