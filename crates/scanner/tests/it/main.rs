//! The service over a scripted scanner, a scripted Prometheus text, and a real
//! cluster and Prometheus where there are any.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]
#![allow(clippy::print_stdout, reason = "a story that was not told says so")]

mod bad_input;
mod callbacks;
mod documentation;
mod golden;
mod insight;
mod lanes;
mod monitoring;
mod prometheus;
mod real;
mod results;
mod role;
mod submissions;
mod work;
mod world;
