//! Policies generated from stories of traffic, and what they would block.

#![allow(clippy::unwrap_used, reason = "this is how tests fail")]

mod build;
mod cases;
mod example;
mod hostile;
mod later;
mod ours;
mod properties;
mod simulate;
mod together;
