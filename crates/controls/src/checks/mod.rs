//! The checks, one module a family.

pub(crate) mod host_access;
