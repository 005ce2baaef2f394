//! What every engine must do; so far there is one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

mod changes;
mod durability;
mod help;
mod lists;
mod watches;
