//! How a workload runs: privileges, volumes, images, resources, secrets.

pub(crate) mod host_access;
