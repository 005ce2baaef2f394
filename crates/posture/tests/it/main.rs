//! Results of small clusters against goldens and against the schemas of the API.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail like tests"
)]

mod golden;
mod schemas;
mod small;
mod stories;
