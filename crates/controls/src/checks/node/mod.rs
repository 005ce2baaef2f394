//! Facts that a node agent reports: kubelet settings and files on the node.

pub(crate) mod anonymous;
pub(crate) mod audit_policy;
pub(crate) mod ciphers;
pub(crate) mod cloud_metadata;
pub(crate) mod cni;
pub(crate) mod files;
pub(crate) mod kernel;
mod kubelet;
pub(crate) mod secret_storage;
pub(crate) mod settings;
pub(crate) mod tls;
