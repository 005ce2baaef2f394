//! Results of scans as the custom resources that are stored: one
//! `WorkloadConfigurationScan` and one `WorkloadConfigurationScanSummary` for each
//! resource that was judged. Pure: no I/O, clock, thread or async.
//!
//! (config-scanning reference §10, storage reference §4 and §5.)

mod identity;
mod object;
mod results;
mod spec;

pub use identity::{Key, key};
pub use object::{API_VERSION, Document, ResultKey, ResultObject, ResultResource};
pub use results::{Context, ResultError, Results};
