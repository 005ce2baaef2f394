//! The conformance suite.

mod changes;
mod limits;
mod lists;
mod model;
mod watches;
