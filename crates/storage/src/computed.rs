//! The kinds that are computed from others: sums of namespaces and network
//! policies. Reads the store.

mod follower;
mod policies;
mod summaries;

pub(crate) use policies::{Failure, Policies, SOURCES};
pub(crate) use summaries::Summaries;
