//! The engine over a library of a handful of rules.

mod library;
mod scoring;
mod target;
