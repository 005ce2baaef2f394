//! Reading files as a caller sees it.

#![allow(
    clippy::unwrap_used,
    clippy::naive_bytecount,
    reason = "tests are read more often than they run"
)]

mod bad_input;
mod descriptions;
mod finding;
mod help;
mod locating;
mod properties;
mod splitting;
