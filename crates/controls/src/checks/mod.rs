//! The checks, one folder a family.

pub(crate) mod access;
pub(crate) mod cloud;
pub(crate) mod control_plane;
pub(crate) mod kinds;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod workload;
