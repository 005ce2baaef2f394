//! What managed clusters and their nodes say of themselves, and known CVEs of components.
