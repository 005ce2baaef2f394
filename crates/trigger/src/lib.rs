//! The trigger role: one HTTP request, for CronJobs. Touches the network, and the file
//! with the request's body.

mod flags;
mod send;

pub use flags::{Flags, FlagsError, Given, split};
pub use send::{Failed, Pace, send};
