//! The engine over a library of a handful of rules.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod exceptions;
mod gaps;
mod library;
mod scoring;
mod target;
