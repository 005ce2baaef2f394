//! The conformance suite.

mod changes;
mod lists;
mod watches;
