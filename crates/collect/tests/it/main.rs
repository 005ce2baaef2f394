//! Reading files as a caller sees it.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod finding;
mod help;
mod locating;
mod properties;
mod splitting;
