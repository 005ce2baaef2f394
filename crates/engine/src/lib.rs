//! What a control, a rule, a finding, a result and a score are, and how
//! objects are judged. Pure: no I/O, clock, thread or async.

mod arena;
mod corpus;
mod finding;
mod gap;
mod inputs;
mod judge;
mod library;
mod object;
mod outcome;
mod path;
mod plan;
mod project;
mod rbac;
mod record;
mod redact;
mod response;
mod rule;
mod scan;
mod status;
mod value;
mod workload;

pub use arena::Arena;
pub use corpus::Corpus;
pub use finding::{About, Finding, Out, Places, Related};
pub use gap::{Gap, Lack};
pub use inputs::Inputs;
pub use judge::{enumerate, judge};
pub use library::{ActionRequired, Control, Framework, Library, Scope, Severity};
pub use object::{Object, is_external_group};
pub use outcome::{ControlResult, Coverage, Outcome, SeverityCounts, Summary, Verdict};
pub use path::{Part, Path, PathError};
pub use plan::{KindPlan, Plan, RuleNumber, Selection, SelectionError, nearest};
pub use project::project;
pub use rbac::Vector;
pub use record::{Fault, FaultPath, Origin, PathKind, Record, RelatedFault};
pub use redact::{REDACTED, redact};
pub use response::{AlertObject, FixPath, RelatedObject, Response};
pub use rule::{Check, KindMatch, Rule};
pub use scan::{Judge, Judged, Kept, conclude, conclude_with_gaps};
pub use status::{Counts, Status, StatusInfo, SubStatus};
pub use value::{Map, ParseError, Value, from_json, from_json_str};
pub use workload::{Container, ContainerKind, Workload};
