//! The four ways in which a Kubernetes API server changes an object by a patch,
//! and who owns which field. Pure: no I/O, clock, thread or async.

mod apply;
mod error;
mod json;
mod limits;
pub mod managed;
mod merge;
mod strategic;
mod typed;
mod value;

pub use apply::{apply, track_update};
pub use error::{Cause, Conflict, Error};
pub use json::json_patch;
pub use limits::Limits;
pub use merge::merge_patch;
pub use strategic::strategic_merge;
