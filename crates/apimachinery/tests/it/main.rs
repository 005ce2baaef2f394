//! The machinery against documented and observed behaviour of kube-apiserver.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod body;
mod failure;
mod negotiate;
mod object;
mod object_delete;
mod options;
mod render;
mod request;
mod selector;
