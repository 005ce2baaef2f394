//! Objects of a living cluster as the input of scans: discovery, and parallel,
//! paged lists of just the kinds that the plan reads, once ([`Survey`]) or followed
//! with watches ([`Follow`]). Talks to one API server, only ever reading; knows no
//! files but the kubeconfig and a rules file.
//!
//! Memory is that of a few pages on their way, not of the cluster: items are cut
//! out of the stream one by one, managed fields and other people's copies of the
//! object are dropped before anybody parses them, and values of Secrets are not
//! even asked for. What cannot be read becomes a [`Gap`](kubescape_engine::Gap)
//! with its reason, and the rest goes on.

mod access;
mod caller;
mod cluster;
mod connection;
mod discovery;
mod follow;
mod judging;
mod nodes;
mod one;
mod overhear;
mod pages;
mod patience;
mod requests;
mod server_info;
mod survey;
mod trouble;
mod wanted;

pub use access::Access;
pub use cluster::{About, Cluster, ConnectError};
pub use connection::Connection;
pub use follow::{Follow, KindProgress, Pace, Progress, Rules, Totals, Waits, What};
pub use judging::JudgeError;
pub use nodes::Provider;
pub use one::{One, Sought};
pub use overhear::{Known, Neighbours, Overhear};
pub use patience::Patience;
pub use survey::Survey;
pub use wanted::{Namespaces, Target};
