//! Roles of the platform together in one process: what `kubescape up` starts, over
//! calls instead of connections. Knows the roles; the roles do not know each other.

mod config;
mod follower;
mod insight;
mod ports;
mod scanner;
mod scanning;
mod source;
mod state;
mod stored_scans;
mod telling;
mod up;

pub use config::{Config, Flags, ROLES, Source};
pub use scanner::scanner;
pub use state::State;
pub use up::{Ready, UpError, up};
