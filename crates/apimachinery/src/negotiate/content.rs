//! Bodies: what a client says it sends.

use super::clause::clause;
use super::{Format, SUPPORTED};
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

impl PatchType {
    /// The `Content-Type` of such a patch.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::StrategicMerge => "application/strategic-merge-patch+json",
            Self::Apply => "application/apply-patch+yaml",
        }
    }

    /// The format of its text.
    pub fn format(self) -> Format {
        match self {
            Self::Apply => Format::Yaml,
            _ => Format::Json,
        }
    }
}

const PATCH_TYPES: [PatchType; 4] = [
    PatchType::Json,
    PatchType::Merge,
    PatchType::StrategicMerge,
    PatchType::Apply,
];

/// The format of a body; no `Content-Type` means JSON.
///
/// # Errors
///
/// 415 with what is read.
pub fn body_format(content_type: Option<&str>) -> Result<Format, Failure> {
    let header = content_type.unwrap_or_default().trim();
    if header.is_empty() {
        return Ok(Format::Json);
    }
    let unsupported = || Failure::unsupported_media_type(header, SUPPORTED);
    let clause = clause(header).ok_or_else(unsupported)?;
    let is = |sub: &str| {
        clause.main.eq_ignore_ascii_case("application") && clause.sub.eq_ignore_ascii_case(sub)
    };
    if is("json") {
        Ok(Format::Json)
    } else if is("yaml") {
        Ok(Format::Yaml)
    } else {
        Err(unsupported())
    }
}

/// The type of a patch.
///
/// # Errors
///
/// 415 with what is read.
pub fn patch_type(content_type: Option<&str>) -> Result<PatchType, Failure> {
    let header = content_type.unwrap_or_default();
    // What follows the type, such as a charset, changes nothing.
    let media_type = header.split(';').next().unwrap_or_default().trim();
    let found = PATCH_TYPES
        .into_iter()
        .find(|patch| patch.media_type().eq_ignore_ascii_case(media_type));
    found.ok_or_else(|| {
        let supported = PATCH_TYPES.map(PatchType::media_type);
        Failure::unsupported_media_type(header, &supported)
    })
}
