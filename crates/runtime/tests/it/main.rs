#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is how tests fail, and talk to each other"
)]

mod config;
mod health;
mod kubeconfig;
mod limits;
mod logs;
mod metrics;
mod own_ca;
mod serve;
mod supervisor;
mod support;
mod tls;
