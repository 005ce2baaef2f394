//! What the server asks of the cluster that it serves: reviews of tokens and
//! access, and whom to trust as front proxy.

mod front_proxy;
mod reviews;

pub use front_proxy::{Trust, follow_trust};
pub use reviews::KubeReviewer;
