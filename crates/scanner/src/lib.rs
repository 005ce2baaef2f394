//! The scanner role: scans of the cluster's configuration over HTTP, with the
//! endpoints of the Kubescape service. Touches the network, its data folder, the
//! clock and threads; what scans is behind [`Work`].

mod answer;
mod beyond;
mod callback;
mod config;
mod folder;
mod insight;
mod jobs;
mod last;
mod live;
mod metrics;
pub mod monitoring;
mod openapi;
mod plans;
mod query;
mod request;
mod results;
mod role;
mod routes;
mod schedule;
mod server;
mod submissions;
mod work;

pub use beyond::Beyond;
pub use config::{CallbackPolicy, Config, Files, Flags, Limits, VARIABLES, Variable};
pub use folder::FolderWork;
pub use insight::{CONTINUOUS_METRICS, Insight};
pub use last::{SCAN_GAUGES, ScanGauge, Told};
pub use live::{LiveWork, cluster_facts};
pub use metrics::ROLE_METRICS;
pub use request::{Defaults, ScanObject, ScanRequest, Targets};
pub use role::{Role, RoleError, Running, Started, run, start};
pub use server::Server;
pub use work::{Finished, Observer, Work, WorkError};
