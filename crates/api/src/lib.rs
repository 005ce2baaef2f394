//! The kinds of the API group as data that drives the server: schemas, rules,
//! tables, sums and OpenAPI. Pure: no I/O, clock, thread or async.

mod error;
mod inspect;
pub mod kinds;
pub mod meta;
mod normalize;
pub mod openapi;
mod path;
mod resource;
mod resources;
mod rules;
pub mod schema;
mod stream;
mod strict;
mod summary;
mod table;

pub use error::{ErrorType, FieldError};
pub use inspect::{DEEPEST, MOST_REPORTED, Report};
pub use path::{Path, Step};
pub use resource::{Era, Resource, Scope, Weight};
pub use resources::RESOURCES;
pub use rules::{COMPLETIONS, STATUSES};
pub use stream::{Parts, WrittenSpec, take_apart};
pub use strict::{Parsed, parse, strict_error, warnings};
pub use summary::{ConfigurationSummaries, VulnerabilitySummaries};
pub use table::{Cell, Column, Source};

/// The API group.
pub const GROUP: &str = "spdx.softwarecomposition.kubescape.io";
/// The one version.
pub const VERSION: &str = "v1beta1";
/// Group and version, as in `apiVersion`.
pub const API_VERSION: &str = "spdx.softwarecomposition.kubescape.io/v1beta1";
/// What the OpenAPI names of our definitions begin with.
pub const DEFINITION_PREFIX: &str =
    "com.github.kubescape.storage.pkg.apis.softwarecomposition.v1beta1";
/// The annotation that says how far the learning of a profile has come.
pub const STATUS_ANNOTATION: &str = "kubescape.io/status";
/// The annotation that says whether a profile begins at its container's start.
pub const COMPLETION_ANNOTATION: &str = "kubescape.io/completion";
