//! Who may do what: roles, service accounts, namespaces and pod admission.
