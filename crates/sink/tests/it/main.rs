//! Stories of results on their way into a storage.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is how tests fail, and say what they skip"
)]

mod cluster;
mod memory;
mod model;
mod standing;
mod storage;
mod stories;
