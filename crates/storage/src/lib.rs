//! The storage role: serves the API group over a store as a real Kubernetes API
//! server would. Touches the network, the store and the clock it is given.

mod auth;
mod batch;
mod cleanup;
mod clock;
mod cluster;
mod computed;
mod conditions;
mod config;
mod discovery;
mod documents;
mod draft;
mod lanes;
mod metrics;
mod one_by_one;
mod operations;
mod respond;
mod rest;
mod role;
mod server;
mod settings;
mod stream;

pub use auth::{Access, Authentication, Caller, FrontProxy, Reviewer, User, Verdict};
pub use cleanup::{Cleanup, CleanupLease, CleanupOptions};
pub use cluster::{KubeReviewer, Trust, follow_trust};
pub use config::{Config, Flags};
pub use lanes::{Lane, Room};
pub use operations::{Operation, OperationDone, operate};
pub use role::{RoleError, Running, Started, run, start};
pub use server::Server;
pub use settings::Settings;
