//! Options of reads.

use crate::causes::{forbidden, not_supported};
use crate::failure::{Cause, Failure};
use crate::query::{Query, not_a_number};
use crate::quote::quote;
use crate::render::Include;
use crate::selector::{FieldSelector, Selector, parse_field_selector, parse_label_selector};

/// How `resourceVersion` is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceVersionMatch {
    /// Exactly that state.
    Exact,
    /// That state or any later one.
    NotOlderThan,
}

/// Whether answers carry `spec`: upstream's `resourceVersion=fullSpec` and
/// `resourceVersion=metadata`, which are no versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spec {
    /// What is usual for the kind.
    #[default]
    Usual,
    /// Whole objects.
    Full,
    /// Without `spec`.
    Metadata,
}

/// Options of LIST, WATCH and the choice of a deletecollection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Demands on labels.
    pub label_selector: Selector,
    /// Demands on name and namespace.
    pub field_selector: FieldSelector,
    /// Whether events are wanted and not a list.
    pub watch: bool,
    /// Whether the client takes BOOKMARK events.
    pub allow_watch_bookmarks: bool,
    /// The version to start from; `None` is the newest, 0 any.
    pub resource_version: Option<u64>,
    /// How the version is meant.
    pub resource_version_match: Option<ResourceVersionMatch>,
    /// Seconds after which the server ends the request.
    pub timeout_seconds: Option<u64>,
    /// Most items of one page; 0 is no limit.
    pub limit: u64,
    /// The token of the page before; empty on the first. Not looked into.
    pub continue_token: String,
    /// Whether a watch begins with the present objects, and then the bookmark
    /// that says so. Set, as a real server does, for watches that start nowhere.
    pub send_initial_events: Option<bool>,
    /// Whether `spec` is wanted.
    pub spec: Spec,
}

/// Options of GET.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetOptions {
    /// The object must be at least this new; `None` and 0 demand nothing more.
    pub resource_version: Option<u64>,
    /// Whether `spec` is wanted.
    pub spec: Spec,
}

/// Options of answers as `Table`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// What rows carry beside cells.
    pub include: Include,
}

impl ListOptions {
    /// Reads and checks the query string (without `?`).
    ///
    /// # Errors
    ///
    /// 400 for what cannot be read, 422 for what cannot be combined.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let query = Query::parse(query);
        let (resource_version, spec) = version(query.text("resourceVersion"))?;
        let mut options = Self {
            label_selector: parse_label_selector(query.text("labelSelector"))?,
            field_selector: parse_field_selector(query.text("fieldSelector"))?,
            watch: query.flag("watch").unwrap_or_default(),
            allow_watch_bookmarks: query.flag("allowWatchBookmarks").unwrap_or_default(),
            resource_version,
            resource_version_match: None,
            timeout_seconds: natural(query.integer("timeoutSeconds")?),
            limit: natural(query.integer("limit")?).unwrap_or_default(),
            continue_token: query.text("continue").to_owned(),
            send_initial_events: query.flag("sendInitialEvents"),
            spec,
        };
        let wanted = query.text("resourceVersionMatch");
        let causes = if options.watch {
            options.watch_causes(wanted)
        } else {
            options.list_causes(wanted)
        };
        if !causes.is_empty() {
            return Err(Failure::invalid("meta.k8s.io", "ListOptions", "", causes));
        }
        options.resource_version_match = match wanted {
            "Exact" => Some(ResourceVersionMatch::Exact),
            "NotOlderThan" => Some(ResourceVersionMatch::NotOlderThan),
            _ => None,
        };
        if !options.continue_token.is_empty() && options.resource_version.unwrap_or(0) != 0 {
            let message = "specifying resource version is not allowed when using continue";
            return Err(Failure::bad_request(message));
        }
        options.set_defaults();
        Ok(options)
    }

    /// A watch from nowhere begins with the present objects. (`SetListOptionsDefaults`)
    fn set_defaults(&mut self) {
        let from_nowhere = self.resource_version.unwrap_or(0) == 0;
        let said = self.send_initial_events.is_some() || self.resource_version_match.is_some();
        if self.watch && from_nowhere && !said {
            self.send_initial_events = Some(true);
            self.resource_version_match = Some(ResourceVersionMatch::NotOlderThan);
        }
    }

    /// (`ValidateListOptions`)
    fn list_causes(&self, wanted: &str) -> Vec<Cause> {
        let mut causes = Vec::new();
        if !wanted.is_empty() {
            if self.resource_version.is_none() {
                let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                causes.push(forbidden(MATCH, why));
            }
            if !self.continue_token.is_empty() {
                causes.push(forbidden(MATCH, NOT_WITH_CONTINUE));
            }
            if !matches!(wanted, "Exact" | "NotOlderThan") {
                let allowed = &["Exact", "NotOlderThan", ""];
                causes.push(not_supported(MATCH, quote(wanted), allowed));
            }
            if wanted == "Exact" && self.resource_version == Some(0) {
                let why = r#"resourceVersionMatch "exact" is forbidden for resourceVersion "0""#;
                causes.push(forbidden(MATCH, why));
            }
        }
        if self.send_initial_events.is_some() {
            let why = "sendInitialEvents is forbidden for list";
            causes.push(forbidden("sendInitialEvents", why));
        }
        causes
    }

    /// (`validateWatchOptions`)
    fn watch_causes(&self, wanted: &str) -> Vec<Cause> {
        let mut causes = Vec::new();
        if self.send_initial_events.is_some() && wanted != "NotOlderThan" {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            causes.push(forbidden(MATCH, why));
        }
        if !wanted.is_empty() {
            if self.send_initial_events.is_none() {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                causes.push(forbidden(MATCH, why));
            }
            if wanted != "NotOlderThan" {
                causes.push(not_supported(MATCH, quote(wanted), &["NotOlderThan"]));
            }
            if !self.continue_token.is_empty() {
                causes.push(forbidden(MATCH, NOT_WITH_CONTINUE));
            }
        }
        causes
    }
}

const MATCH: &str = "resourceVersionMatch";
const NOT_WITH_CONTINUE: &str = "resourceVersionMatch is forbidden when continue is provided";

impl GetOptions {
    /// Reads the query string.
    ///
    /// # Errors
    ///
    /// 400 for a version that is no number.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let (resource_version, spec) = version(Query::parse(query).text("resourceVersion"))?;
        Ok(Self {
            resource_version,
            spec,
        })
    }
}

impl TableOptions {
    /// Reads the query string.
    ///
    /// # Errors
    ///
    /// 400 for an unknown `includeObject`.
    pub fn parse(query: &str) -> Result<Self, Failure> {
        let include = match Query::parse(query).text("includeObject") {
            "" | "Metadata" => Include::Metadata,
            "None" => Include::None,
            "Object" => Include::Object,
            other => {
                let allowed = &["Metadata", "None", "Object", ""];
                let cause = not_supported("includeObject", quote(other), allowed);
                return Err(Failure::bad_request(format!(
                    "Unable to convert to Table as requested: {cause}"
                )));
            }
        };
        Ok(Self { include })
    }
}

/// A version, or one of the two words of upstream that are none.
fn version(text: &str) -> Result<(Option<u64>, Spec), Failure> {
    match text {
        "" => Ok((None, Spec::Usual)),
        "fullSpec" => Ok((None, Spec::Full)),
        "metadata" => Ok((None, Spec::Metadata)),
        number => match number.parse() {
            Ok(version) => Ok((Some(version), Spec::Usual)),
            Err(_) => Err(Failure::bad_request(format!(
                "invalid resource version: resourceVersion: Invalid value: {}: {}",
                quote(number),
                not_a_number("ParseUint", number)
            ))),
        },
    }
}

/// Below zero counts as nothing given, as for a real server.
fn natural(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}
