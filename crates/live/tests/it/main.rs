//! A living cluster as the input of a scan: a scripted API server for what goes
//! wrong, a real one for what it is all about.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]
#![allow(clippy::print_stdout, reason = "a story that was not told says so")]

mod connecting;
mod fake;
mod follower;
mod following;
mod following_real;
mod listing;
mod overheard;
mod real;
mod scanning;
mod trouble;
