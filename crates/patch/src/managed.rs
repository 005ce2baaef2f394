//! Field ownership: `metadata.managedFields` and the sets of fields in it.
