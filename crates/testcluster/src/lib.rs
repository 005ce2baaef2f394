//! A real Kubernetes control plane for tests: builds, starts and stops etcd,
//! kube-apiserver and kube-controller-manager; not part of the program.
//!
//! ```no_run
//! let cluster = kubescape_testcluster::Cluster::start()?;
//! let nodes = cluster.kubectl(&["get", "nodes", "-o", "json"])?;
//! # Ok::<(), kubescape_testcluster::Error>(())
//! ```

mod binaries;
mod certificates;
mod cluster;
mod error;
mod launch;
mod manifests;
mod process;

pub use binaries::Binaries;
pub use certificates::Pair;
pub use cluster::{Cluster, Part};
pub use error::Error;
pub use manifests::{STORAGE_API, storage_at};
