//! Patches and field ownership, from outside.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod hostile;
mod properties;
mod stories;
mod tables;
