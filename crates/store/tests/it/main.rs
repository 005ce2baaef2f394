//! What every engine must do, run over each of them; and what only one can do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

#[macro_use]
mod engines;
mod help;
mod sqlite;
mod suite;
