//! Configuration: files, environment and flags, read once.
