//! Continuous scanning: what happens in a cluster goes into a world of judged
//! objects, and results that change are stored. The decisions are pure; the
//! service around them touches the clock and what it is given.

mod desk;
mod explainer;
mod outlet;
mod pace;
mod service;
mod stored;

pub use desk::{About, Desk, Notice, Turn};
pub use explainer::Explainer;
pub use outlet::{Change, Forgotten, Keep, Outlet};
pub use pace::Pace;
pub use service::{Handle, Options, Progress, Service};
pub use stored::{Stored, namespace_of};
