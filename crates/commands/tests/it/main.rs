//! Stories about commands.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod credentials;
mod parsing;
mod recurring;
mod requests;
mod scope;
