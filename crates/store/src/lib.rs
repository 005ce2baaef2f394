//! The versioned object store under the aggregated API: one trait, an embedded
//! engine (SQLite) and a shared one (PostgreSQL). Touches the files or the
//! database it is given, and the clock; knows nothing about kinds.
//!
//! A store keeps [`Draft`]s under a [`Key`] and numbers every [`Change`] with one
//! global resource version. [`Store::list`] answers from an index and touches
//! bodies only on request; [`Store::subscribe`] yields every [`Event`] since a
//! version, first from the log and then live. How long old versions stay for
//! that is the [`Retention`].

mod body;
mod change;
mod error;
mod event;
mod gate;
mod hub;
mod key;
mod limits;
mod lister;
mod object;
mod pin;
pub mod postgres;
mod prepare;
mod query;
mod row;

pub mod sqlite;
mod store;
mod subscription;
mod tally;

pub use change::{Change, Expect};
pub use error::Error;
pub use event::{Event, EventKind};
pub use key::Key;
pub use kubescape_apimachinery::selector::{Requirement, Selector};
pub use limits::{Budget, Budgets, ResourceUsage, Retention, Usage, WatchLimits};
pub use lister::Lister;
pub use object::{Draft, Labels, Meta, Object};
pub use pin::Pin;
pub use postgres::{PostgresOptions, PostgresStore};
pub use query::{At, Bodies, Filter, MAX_PAGE, Page, Position, Query};
pub use sqlite::{SqliteOptions, SqliteStore};
pub use store::Store;
pub use subscription::Subscription;
