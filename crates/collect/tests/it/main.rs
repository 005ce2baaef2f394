//! Reading files as a caller sees it.

mod bad_input;
mod finding;
mod help;
mod locating;
mod properties;
mod splitting;
