//! Flags of the control plane: API server, controller manager, scheduler, etcd.

pub(crate) mod admission;
pub(crate) mod api_server;
pub(crate) mod authorization;
pub(crate) mod ciphers;
pub(crate) mod component;
pub(crate) mod controller_manager;
pub(crate) mod encryption;
pub(crate) mod etcd;
mod flag;
pub(crate) mod native;
pub(crate) mod scheduler;
mod shapes;
