//! Bodies: what a client says it sends.

use super::Format;
use crate::failure::Failure;

/// How a body says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// `application/json-patch+json` (RFC 6902)
    Json,
    /// `application/merge-patch+json` (RFC 7396)
    Merge,
    /// `application/strategic-merge-patch+json`
    StrategicMerge,
    /// `application/apply-patch+yaml`: server-side apply; JSON is YAML, too.
    Apply,
}

/// The format of a body; no `Content-Type` means JSON.
///
/// # Errors
///
/// 415 with what is read.
pub fn body_format(content_type: Option<&str>) -> Result<Format, Failure> {
    let _ = content_type;
    todo!()
}

/// The type of a patch.
///
/// # Errors
///
/// 415 with what is read.
pub fn patch_type(content_type: Option<&str>) -> Result<PatchType, Failure> {
    let _ = content_type;
    todo!()
}
