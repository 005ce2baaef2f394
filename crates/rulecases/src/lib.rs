//! Test cases of rules: inputs in files, the responses they must give, and a
//! readable difference when they do not.
//!
//! A case is a folder `<rule>/<case>` or `<rule>/test/<case>` with
//! `expected.json`, an optional `input/` of documents, an optional `data.json`
//! with inputs of the rule and an optional `expected-filter.json`.
//! (config-scanning reference §12.)

mod compare;
mod find;
mod run;

pub use compare::Difference;
pub use find::{Case, FindError, find};
pub use run::{CaseError, Judge, Native, Options, Outcome, bless, inputs, objects, run};
