//! Objects from files: finding, splitting and reading YAML and JSON documents,
//! and finding places in them again.

pub use kubescape_yaml as yaml;
