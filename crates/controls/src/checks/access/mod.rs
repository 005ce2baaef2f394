//! Who may do what: roles, service accounts, namespaces and pod admission.

pub(crate) mod account_roles;
mod accounts;
pub(crate) mod bindings;
pub(crate) mod default_namespace;
mod grant;
pub(crate) mod grants;
pub(crate) mod pod_security;
pub(crate) mod pod_security_policy;
pub(crate) mod review;
pub(crate) mod service_account_names;
pub(crate) mod subjects;
pub(crate) mod tokens;
