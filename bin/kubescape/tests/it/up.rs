//! Continuous scanning as processes: `kubescape up` on a folder and on a real
//! cluster, and the scanner and the storage behind a real API server.

mod behind;
mod ceilings;
mod cluster;
mod faults;
mod folder;
mod process;
mod samples;

pub(crate) use cluster::control_plane;
pub(crate) use process::{Process, ask};
