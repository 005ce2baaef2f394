//! Reading files as a caller sees it.

#![allow(
    clippy::unwrap_used,
    clippy::naive_bytecount,
    clippy::format_push_string,
    reason = "tests are read more often than they run"
)]

mod bad_input;
mod finding;
mod help;
mod locating;
mod properties;
mod splitting;
