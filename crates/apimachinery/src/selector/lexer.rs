//! The tokens of a label selector.
