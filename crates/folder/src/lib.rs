//! A folder of manifests that stands for a cluster: its objects, and what happens
//! to them, as events. Reads files and hears of changes; writes nothing.

mod claims;
mod file;
mod follow;
mod look;

pub use follow::{Follow, FollowError};
pub use look::Look;
