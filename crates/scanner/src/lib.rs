//! The scanner role: scans of the cluster's configuration over HTTP, with the
//! endpoints of the Kubescape service. Touches the network, its data folder, the
//! clock and threads; what scans is behind [`Work`].

mod answer;
mod callback;
mod config;
mod jobs;
mod last;
mod live;
mod metrics;
pub mod monitoring;
mod openapi;
mod query;
mod request;
mod results;
mod role;
mod routes;
mod schedule;
mod server;
mod submissions;
mod work;

pub use config::{CallbackPolicy, Config, Files, Flags, Limits, VARIABLES, Variable};
pub use last::{SCAN_GAUGES, ScanGauge};
pub use live::{LiveWork, cluster_facts};
pub use metrics::ROLE_METRICS;
pub use request::{Defaults, ScanObject, ScanRequest, Targets};
pub use role::{Role, RoleError, Started, run, start};
pub use server::Server;
pub use work::{Finished, Observer, Work, WorkError};
