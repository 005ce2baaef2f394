//! Objects from files and lists: finding, splitting and reading YAML and JSON documents,
//! and finding places in them again.

mod descriptions;
mod documents;
mod exceptions;
mod find;
mod follow;
mod list;
mod locate;
mod parse;
mod problem;
mod split_json;
mod split_yaml;
mod strip;
mod window;

pub use descriptions::{Described, Descriptions, as_rules_read_it};
pub use documents::{Format, Inherited, Limits, RawDocument, read_documents, read_stream};
pub use exceptions::read_exceptions;
pub use find::{Found, Input, Source, find};
pub use follow::{Event, Kind, KindId, Kinds};
pub use kubescape_yaml as yaml;
pub use list::{ListEnd, read_list};
pub use locate::{Place, Position, Span, locate};
pub use parse::{Parsed, ParsedObject, parse};
pub use problem::{Code, Problem};
pub use strip::strip;
