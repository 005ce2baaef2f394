//! Stories about reports on their way to a backend.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod cutting;
mod goldens;
mod receiver;
mod scans;
mod secrets;
mod sending;
mod whole;
