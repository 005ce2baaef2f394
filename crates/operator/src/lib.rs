//! The operator role: takes commands from the REST API, the gateway and the cluster,
//! hands them to the scanners, keeps recurring scans and the inventory of images.
//! Touches the network, the cluster, the clock, and the file of recurring scans.
//! What commands mean is decided in `kubescape-commands`.

mod calls;
mod clock;
mod config;
mod credentials;
mod dispatch;
mod embedded;
mod expand;
mod gateway;
mod images;
mod inventory;
mod jobs;
mod metrics;
mod openapi;
mod orders;
mod owners;
mod pool;
mod probes;
mod recurring;
mod reports;
mod rest;
mod role;
mod scanner;
mod schedules;
mod slim;
mod startup;

pub use calls::{Answering, ScannerCalls};
pub use clock::Clock;
pub use config::{Backend, Components, Config, Files, Flags, Pace, Scheduler};
pub use embedded::Embedded;
pub use jobs::{Job, JobState, Jobs};
pub use metrics::Metrics;
pub use pool::{Pool, Refused};
pub use reports::Reporter;
pub use role::{Role, RoleError, Started, run, start};
pub use schedules::{Definition, Due, Look, Schedules};
