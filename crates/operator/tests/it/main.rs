//! Stories about an operator without a cluster, among stand-ins.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is how tests fail"
)]

#[path = "../common/mod.rs"]
mod common;

mod configuration;
mod gateway;
mod rest;
mod scans;
mod schedules;
