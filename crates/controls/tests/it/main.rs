//! The library against rule cases: our own, and those that
//! `KUBESCAPE_CONFORMANCE` points to.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cases;
mod hostile;
mod invariants;
mod projection;
mod world;
