//! The library against rule cases: our own, and those that
//! `KUBESCAPE_CONFORMANCE` points to.

mod cases;
mod projection;
