//! What every engine must do, run over each of them; and what only one can do.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is how tests fail, and say what they skip"
)]

#[macro_use]
mod engines;
mod help;
mod postgres;
mod sqlite;
mod suite;
