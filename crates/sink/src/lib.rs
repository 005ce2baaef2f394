//! Brings results into the storage as custom resources: only what changed, in order,
//! through outages. Touches the network it is given and the clock.
//!
//! A [`ResultStore`] is where they go: [`kube_store`] through an API server,
//! [`local_store`] inside one process. A [`Writer`] knows what is stored there, and writes
//! the difference: [`Writer::full`] for all results, [`Writer::apply`] for some.

mod backoff;
mod driver;
mod index;
mod kube;
mod local;
mod metrics;
mod object;
mod pass;
mod report;
mod request;
mod rest;
mod state;
mod store;
mod writer;

pub use kube::{connecting_store, kube_store};
pub use local::local_store;
pub use object::{DIGEST, ResultKey, ResultObject, ResultResource};
pub use pass::Coverage;
pub use report::{Refusal, Report, Stale};
pub use state::{Fate, Standing};
pub use store::{Done, Expected, IndexPage, IndexRow, ResultStore, StoreError, Write};
pub use writer::{Change, FullPass, Limits, Writer};
