//! Looks at a cluster and the platform in it: what is well, what is not, and what to
//! do. Touches the network (one API server, only ever asking), the clock, and a data
//! folder that it is given.
//!
//! Each check is one file in `checks`: what it asks, and a pure function that judges
//! the answers.

mod api;
mod checks;
mod examine;
mod finding;
mod look;

pub use api::{Answer, Api};
pub use checks::scanner::proxy as scanner_proxy;
pub use examine::{Options, examine};
pub use finding::{Finding, State};
pub use look::look;
