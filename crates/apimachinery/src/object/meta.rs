//! Metadata as the rules look at it.
