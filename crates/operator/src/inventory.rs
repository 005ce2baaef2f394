//! The inventory of images: what runs, and what of it is new.

mod follow;
mod state;

pub(crate) use follow::Follower;
