//! One test binary for the whole crate.

mod goldens;
mod sarif;
mod scans;
mod secrets;
mod width;
