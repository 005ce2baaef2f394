//! What only the shared engine has to do.

mod outage;
mod replicas;
mod schema;
pub(crate) mod server;
mod tls;
