//! Qualified names and label values.
