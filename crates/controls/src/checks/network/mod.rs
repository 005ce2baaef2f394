//! What is reachable, what isolates it, and references that lead nowhere.

pub(crate) mod dangling_backends;
pub(crate) mod dangling_selectors;
pub(crate) mod exposed_ports;
pub(crate) mod exposure;
mod gateway;
pub(crate) mod image_versions;
pub(crate) mod ingress;
pub(crate) mod istio;
pub(crate) mod mounts;
pub(crate) mod policies;
pub(crate) mod sandbox;
pub(crate) mod sandbox_egress;
pub(crate) mod services;
pub(crate) mod storage;
pub(crate) mod symlinks;
