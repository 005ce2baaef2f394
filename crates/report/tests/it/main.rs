//! One test binary for the whole crate.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod goldens;
mod prometheus;
mod sarif;
mod scans;
mod secrets;
mod width;
