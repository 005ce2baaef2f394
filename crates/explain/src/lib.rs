//! Why an object's result is there, stale, partial or missing, and what to do.
//! Pure: no I/O, clock or async.
//!
//! Whoever knows something gathers [`Facts`]; [`explain`] makes an [`Explanation`] of
//! them, which is JSON for programs and [text](Explanation::text) for people.

mod decide;
mod explanation;
mod facts;
mod object;
mod progress;
mod remedy;
mod text;

pub use decide::explain;
pub use explanation::{Explanation, SkippedControl, Verdict};
pub use facts::{
    Controls, Delivery, Facts, FailedControl, Judged, KindState, Presence, Stored, StoredResult,
};
pub use object::{ObjectRef, Owner};
pub use progress::{Phase, Progress};
