//! Continuous scanning: what happens in a cluster goes into a world of judged
//! objects, and results that change are stored. The decisions are pure; the
//! service around them touches the clock and what it is given.

mod desk;
mod pace;

pub use desk::{Desk, KindName, Notice, Turn};
pub use pace::Pace;
