//! How a workload runs: privileges, volumes, images, resources, secrets.

pub(crate) mod capabilities;
pub(crate) mod credentials;
pub(crate) mod environment;
pub(crate) mod host_access;
pub(crate) mod host_path;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod lifecycle;
pub(crate) mod privileges;
pub(crate) mod registries;
pub(crate) mod resources;
pub(crate) mod root_user;
pub(crate) mod seccomp;
pub(crate) mod security_context;
pub(crate) mod windows;
