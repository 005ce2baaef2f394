//! Stories of results on their way into a storage.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod cluster;
mod memory;
mod model;
mod storage;
mod stories;
