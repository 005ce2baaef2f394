//! What every role of the platform shares: configuration, health, logs, metrics,
//! TLS, serving HTTP, tasks and shutdown. Touches the environment, signals, files
//! it is given, sockets and the clock; knows nothing about what a role does.
//!
//! A role starts like this: read the configuration with [`config`], start the
//! [`logging`], make a [`Supervisor`], bind with [`serve::Bound`], give tasks to the
//! supervisor and await [`Supervisor::run`], which ends on SIGTERM or SIGINT.

pub mod backend;
mod clock;
pub mod config;
pub mod files;
mod health;
mod kubeconfig;
#[cfg(feature = "cluster")]
pub mod lease;
pub mod logging;
pub mod metrics;
pub mod outgoing;
mod panics;
mod role;
mod secret;
pub mod serve;
mod shutdown;
mod supervisor;
mod tasks;
pub mod tls;
pub mod traces;

pub use clock::now;
pub use health::{Health, HealthAnswer, HealthCheck, Scope};
pub use kubeconfig::{Credentials, Kubeconfig, KubeconfigError};
pub use role::{Role, UnknownRole};
pub use secret::Secret;
pub use shutdown::{Phase, Shutdown, ShutdownTrigger};
pub use supervisor::{Drain, RunError, Supervisor};
pub use tasks::{TaskError, Tasks, chain};
