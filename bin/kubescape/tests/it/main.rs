//! The binary as a user meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod bad_input;
mod choosing;
mod descriptions;
mod diagnosing;
mod exceptions;
mod golden;
mod json_keys;
mod live;
mod memory;
mod netpol;
mod operator;
mod other_commands;
mod program;
mod reports;
mod rule_cases;
mod scanner;
mod storage;
mod submit;
mod thresholds;
mod up;
