//! Updates.

use serde_json::Value;

use crate::failure::{Cause, Failure};

/// The place that a path names.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The namespace; `None` for cluster-scoped kinds.
    pub namespace: Option<&'a str>,
    /// The name.
    pub name: &'a str,
}

/// Keeps what the server owns as it was in `old` and counts `generation` up if
/// anything but `metadata` and `status` changed. Then see
/// [`super::validate_meta`] and [`validate_update`].
///
/// # Errors
///
/// 400 if this is no object, or for another namespace or name than the path's.
pub fn prepare_update(new: &mut Value, old: &Value, target: &Target<'_>) -> Result<(), Failure> {
    let _ = (new, old, target);
    todo!()
}

/// What an update may not do to metadata; after [`prepare_update`].
pub fn validate_update(new: &Value, old: &Value) -> Vec<Cause> {
    let _ = (new, old);
    todo!()
}
