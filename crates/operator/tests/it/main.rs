//! Stories about an operator without a cluster, among stand-ins.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::result_large_err,
    reason = "this is how tests fail; the last is how the library of websockets answers"
)]

#[path = "../common/mod.rs"]
mod common;

mod configuration;
mod embedded;
mod gateway;
mod real_scanner;
mod rest;
mod scans;
mod schedules;
mod startup;
