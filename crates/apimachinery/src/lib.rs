//! What a Kubernetes API server does with requests and objects, apart from
//! transport, storage and patching: failures, selectors, content negotiation,
//! options, rules of metadata and the JSON of answers. Pure: no I/O, clock,
//! thread or async; time, uids and randomness are given by the caller.
//!
//! Facts come from Kubernetes 1.34: `apimachinery`, `apiserver` and their
//! observed answers. Texts that programs or people match are kept word by word.

pub mod body;
pub mod failure;
pub mod name;
pub mod negotiate;
pub mod object;
pub mod options;
pub mod render;
pub mod request;
pub mod selector;

mod causes;
mod qualified;
mod query;
mod quote;

pub use failure::{Cause, Details, Failure, Reason};
pub use negotiate::Format;
pub use request::{RequestInfo, Verb};
pub use selector::{FieldSelector, Labels, Requirement, Selector};
