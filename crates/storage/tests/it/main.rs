//! Tells stories of the protocol: requests and answers over an embedded store,
//! without sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is how tests fail"
)]

mod access;
mod bad_input;
mod batch;
mod computed;
mod create;
mod delete;
mod discovery;
mod golden;
mod harness;
mod list;
mod objects;
mod overload;
mod owners;
mod pages;
mod patch;
mod update;
mod watch;
