//! The binary as a user meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod bad_input;
mod choosing;
mod json_keys;
mod memory;
mod other_commands;
mod program;
mod reports;
mod rule_cases;
mod thresholds;
