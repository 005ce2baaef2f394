//! The schemas of the group's kinds, one family a file. Field names and
//! presence are upstream's (chart 1.16.7 and later additions); the words are ours.

pub mod collapse;
pub mod manifest;
pub mod network;
pub mod policy;
pub mod profile;
pub mod sbom;
pub mod scan;
pub mod seccomp;
mod spdx;
mod syft;
pub mod vex;
pub mod vulnerability;

use crate::schema::Object;

/// The status of kinds that have one: nothing is in it.
pub(crate) static EMPTY_STATUS: Object = Object::new("EmptyStatus", "Always empty.", &[]);

pub(crate) const STATUS_DOC: &str = "Always empty; there for clients that expect it.";
