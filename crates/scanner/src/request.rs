//! The body of `POST /v1/scan`: from bytes to what is meant, or all that is wrong
//! with it. Pure. (config-scanning reference §8.)

mod fields;

use kubescape_controls::LIBRARY;
use kubescape_engine::exceptions::{Policy, read};
use kubescape_engine::{Arena, Selection, SelectionError, from_json_str, nearest};
use uuid::Uuid;

use fields::Fields;
pub(crate) use fields::parse_bool;

/// A field of the body, for the parser and for the documentation.
pub(crate) struct FieldDoc {
    pub(crate) name: &'static str,
    pub(crate) schema: FieldType,
    pub(crate) text: &'static str,
}

/// What a field is.
#[derive(Clone, Copy)]
pub(crate) enum FieldType {
    Text,
    Texts,
    Bool,
    Number,
    Object,
    List,
}

const fn field(name: &'static str, schema: FieldType, text: &'static str) -> FieldDoc {
    FieldDoc { name, schema, text }
}

/// All that the body may have.
#[rustfmt::skip]
pub(crate) const FIELDS: [FieldDoc; 16] = [
    field("targetType", FieldType::Text, "What targetNames are: Framework (default) or Control, in any case."),
    field("targetNames", FieldType::Texts, "Names of frameworks or IDs of controls, in any case. None, \"all\" or \"\": all frameworks."),
    field("includeNamespaces", FieldType::Texts, "Only these namespaces, and cluster-scoped objects. Default: KS_INCLUDE_NAMESPACES."),
    field("excludedNamespaces", FieldType::Texts, "Not these namespaces. Default: KS_EXCLUDE_NAMESPACES."),
    field("scanObject", FieldType::Object, "The only object to scan: apiVersion, kind, metadata.name, metadata.namespace."),
    field("isDeletedScanObject", FieldType::Bool, "The object was deleted: what depended on it is scanned."),
    field("hostScanner", FieldType::Bool, "Collect data of nodes. Not done yet: controls that need them are skipped, and the answer says so."),
    field("submit", FieldType::Bool, "Send the result to the backend that is configured, when it is of the cluster and by frameworks. Default: KS_SUBMIT."),
    field("keepLocal", FieldType::Bool, "Send the result nowhere."),
    field("useCachedArtifacts", FieldType::Bool, "No effect: the library is part of the program."),
    field("format", FieldType::Text, "Only json, which is the default."),
    field("failThreshold", FieldType::Number, "Highest risk that passes, 0 to 100; written to the report."),
    field("exceptions", FieldType::List, "Exceptions for this scan, beside those of KS_EXCEPTIONS_PATH: what is accepted although it fails."),
    field("account", FieldType::Text, "Ignored: callers do not choose where results go."),
    field("accessKey", FieldType::Text, "Ignored, as account."),
    field("isOperatorScan", FieldType::Bool, "No effect."),
];

/// Most names in a list, and most characters of a name.
const MOST_NAMES: usize = 10_000;
const MOST_LETTERS: usize = 253;

/// What to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Targets {
    /// All frameworks.
    #[default]
    All,
    /// These frameworks, as the library writes them.
    Frameworks(Vec<&'static str>),
    /// These controls, as the library writes them.
    Controls(Vec<&'static str>),
}

impl Targets {
    /// The same in the engine's words.
    pub fn selection(&self) -> Selection {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        match self {
            Self::All => Selection {
                frameworks: owned(&["all"]),
                ..Selection::default()
            },
            Self::Frameworks(names) => Selection {
                frameworks: owned(names),
                ..Selection::default()
            },
            Self::Controls(ids) => Selection {
                controls: owned(ids),
                ..Selection::default()
            },
        }
    }
}

/// The only object to scan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScanObject {
    /// `apps/v1`; may be empty.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
}

impl ScanObject {
    /// The API group; `""` is the core group.
    pub fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }
}

impl std::fmt::Display for ScanObject {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.kind, self.name)?;
        if !self.namespace.is_empty() {
            write!(out, " in namespace {}", self.namespace)?;
        }
        Ok(())
    }
}

/// A scan that somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanRequest {
    /// The scan's ID.
    pub id: Uuid,
    /// What to judge by.
    pub targets: Targets,
    /// Only these namespaces, when there are any.
    pub include_namespaces: Vec<String>,
    /// Not these namespaces.
    pub exclude_namespaces: Vec<String>,
    /// The only object; the whole cluster without one.
    pub object: Option<ScanObject>,
    /// That object was deleted.
    pub deleted: bool,
    /// Data of nodes are wanted, too.
    pub host_scanner: bool,
    /// The result is to be sent to the backend, if it is one of the cluster.
    pub submit: bool,
    /// Highest risk that passes, for the report.
    pub fail_threshold: f32,
    /// What is accepted although it fails, for this scan alone.
    pub exceptions: Vec<Policy>,
    /// Nobody but the caller is to hear of the result.
    pub skip_persistence: bool,
}

impl ScanRequest {
    /// A scan of the whole cluster by these targets.
    pub fn full(targets: Targets) -> Self {
        Self {
            id: Uuid::new_v4(),
            targets,
            include_namespaces: Vec::new(),
            exclude_namespaces: Vec::new(),
            object: None,
            deleted: false,
            host_scanner: false,
            submit: false,
            fail_threshold: 100.0,
            exceptions: Vec::new(),
            skip_persistence: false,
        }
    }

    /// Whether the whole cluster is scanned, by frameworks: what backends take.
    pub(crate) fn is_of_cluster(&self) -> bool {
        self.object.is_none() && !matches!(self.targets, Targets::Controls(_))
    }

    /// Whether the other would have the same result.
    pub(crate) fn asks_the_same(&self, other: &Self) -> bool {
        let id = self.id;
        *self
            == Self {
                id,
                ..other.clone()
            }
    }
}

/// What holds where a request says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// `KS_INCLUDE_NAMESPACES`.
    pub include_namespaces: Vec<String>,
    /// `KS_EXCLUDE_NAMESPACES`.
    pub exclude_namespaces: Vec<String>,
    /// `KS_ENABLE_HOST_SCANNER`.
    pub host_scanner: bool,
    /// `KS_SUBMIT`.
    pub submit: bool,
    /// `KS_KEEP_LOCAL`.
    pub keep_local: bool,
    /// Whether there is a backend to send results to.
    pub backend: bool,
}

/// A body that makes sense.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) request: ScanRequest,
    /// What the caller should know about it.
    pub(crate) notes: Vec<String>,
}

/// Reads a body; `Err` says all that is wrong.
pub(crate) fn parse(body: &[u8], defaults: &Defaults) -> Result<Parsed, String> {
    let mut fields = Fields::parse(body)?;
    let mut request = ScanRequest::full(Targets::All);
    request.targets = targets(&mut fields);
    (request.include_namespaces, request.exclude_namespaces) = namespaces(&mut fields, defaults);
    request.object = object(&mut fields);
    request.deleted = fields.bool("isDeletedScanObject").unwrap_or_default();
    if request.deleted && request.object.is_none() {
        fields.error("isDeletedScanObject: needs a scanObject to say what was deleted");
    }
    request.host_scanner = fields
        .bool("hostScanner")
        .unwrap_or(defaults.host_scanner && request.object.is_none());
    let keep_local = fields.bool("keepLocal").unwrap_or(defaults.keep_local);
    request.submit = submit(&mut fields, &request, defaults) && !keep_local;
    request.fail_threshold = threshold(&mut fields);
    request.exceptions = exceptions(&mut fields);
    check_format(&mut fields);
    for ignored in [
        "account",
        "accessKey",
        "useCachedArtifacts",
        "isOperatorScan",
    ] {
        fields.ignore(ignored);
    }
    if request.host_scanner {
        fields.note(
            "hostScanner: data of nodes are not collected yet; controls that need them are skipped",
        );
    }
    let notes = fields.finish()?;
    Ok(Parsed { request, notes })
}

/// Whether the result is to be sent. Who asks for what is not done is told.
fn submit(fields: &mut Fields, request: &ScanRequest, defaults: &Defaults) -> bool {
    let Some(asked) = fields.bool("submit") else {
        return defaults.submit;
    };
    if asked && !defaults.backend {
        fields.note(
            "submit: there is no backend to send results to; set KS_SERVER or mount services.json",
        );
    } else if asked && !request.is_of_cluster() {
        fields.note("submit: results of single objects and of controls are not sent");
    }
    asked
}

fn targets(fields: &mut Fields) -> Targets {
    let names = names(fields, "targetNames").unwrap_or_default();
    let kind = fields.text("targetType").unwrap_or_default();
    if names.is_empty() || names.iter().any(|name| is_all(name)) {
        check_type(&kind, fields);
        return Targets::All;
    }
    if kind.eq_ignore_ascii_case("control") {
        let found = names.iter().map(|id| {
            let known = LIBRARY.control(id).map(|control| control.id);
            known.ok_or_else(|| {
                let ids = LIBRARY.controls.iter().map(|control| control.id);
                SelectionError::NoSuchControl(id.clone(), nearest(id, ids))
            })
        });
        return Targets::Controls(kept(found, fields));
    }
    check_type(&kind, fields);
    let found = names.iter().map(|name| framework(name));
    Targets::Frameworks(kept(found, fields))
}

fn framework(name: &str) -> Result<&'static str, SelectionError> {
    let known = LIBRARY.framework(name).map(|framework| framework.name);
    known.ok_or_else(|| {
        let names = LIBRARY.frameworks.iter().map(|framework| framework.name);
        SelectionError::NoSuchFramework(name.to_owned(), nearest(name, names))
    })
}

/// Whether all of these are frameworks of the library.
pub(crate) fn check_frameworks(names: &[&str]) -> Result<(), SelectionError> {
    names.iter().try_for_each(|name| framework(name).map(drop))
}

fn is_all(name: &str) -> bool {
    name.is_empty() || name.eq_ignore_ascii_case("all")
}

fn check_type(kind: &str, fields: &mut Fields) {
    let known = ["framework", "control"];
    if is_all(kind) || known.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return;
    }
    let near = nearest(kind, known).unwrap_or("framework");
    let kind: String = kind.chars().take(64).collect();
    fields.error(format!(
        "targetType: {kind:?} is neither framework nor control; did you mean {near:?}?"
    ));
}

fn kept(
    found: impl Iterator<Item = Result<&'static str, SelectionError>>,
    fields: &mut Fields,
) -> Vec<&'static str> {
    let mut kept = Vec::new();
    for one in found {
        match one {
            Ok(name) => kept.push(name),
            Err(error) => fields.error(format!("targetNames: {error}")),
        }
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

fn names(fields: &mut Fields, name: &'static str) -> Option<Vec<String>> {
    let names = fields.texts(name)?;
    if names.len() > MOST_NAMES {
        fields.error(format!("{name}: has more than {MOST_NAMES} names"));
        return None;
    }
    if names.iter().any(|one| one.len() > MOST_LETTERS) {
        fields.error(format!(
            "{name}: has a name of more than {MOST_LETTERS} characters"
        ));
        return None;
    }
    Some(names)
}

/// An include list of the request also replaces the default excludes.
fn namespaces(fields: &mut Fields, defaults: &Defaults) -> (Vec<String>, Vec<String>) {
    let mut given = |name| {
        let mut names = names(fields, name)?;
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        (!names.is_empty()).then_some(names)
    };
    match (given("includeNamespaces"), given("excludedNamespaces")) {
        (None, None) => (
            defaults.include_namespaces.clone(),
            defaults.exclude_namespaces.clone(),
        ),
        (include, exclude) => (include.unwrap_or_default(), exclude.unwrap_or_default()),
    }
}

fn object(fields: &mut Fields) -> Option<ScanObject> {
    let mut object = fields.object("scanObject")?;
    let api_version = object.text("apiVersion").unwrap_or_default();
    let kind = object.text("kind").unwrap_or_default();
    let metadata = object.object("metadata");
    let (mut name, mut namespace) = (String::new(), String::new());
    if let Some(mut metadata) = metadata {
        name = metadata.text("name").unwrap_or_default();
        namespace = metadata.text("namespace").unwrap_or_default();
        // Whoever sends a whole object need not cut it down.
        metadata.ignore_rest();
        object.absorb(metadata);
    }
    for (field, value) in [("kind", &kind), ("metadata.name", &name)] {
        if value.is_empty() {
            object.error(format!("{field}: is missing"));
        }
    }
    for (field, value) in [
        ("apiVersion", &api_version),
        ("kind", &kind),
        ("metadata.name", &name),
        ("metadata.namespace", &namespace),
    ] {
        if value.len() > MOST_LETTERS {
            object.error(format!("{field}: has more than {MOST_LETTERS} characters"));
        }
    }
    object.ignore_rest();
    fields.absorb(object);
    Some(ScanObject {
        api_version,
        kind,
        name,
        namespace,
    })
}

fn threshold(fields: &mut Fields) -> f32 {
    let Some(given) = fields.number("failThreshold") else {
        return 100.0;
    };
    if !(0.0..=100.0).contains(&given) {
        fields.error("failThreshold: give a number from 0 to 100");
    }
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 100")]
    {
        given as f32
    }
}

/// As in files of exceptions.
fn exceptions(fields: &mut Fields) -> Vec<Policy> {
    let Some(text) = fields.json("exceptions") else {
        return Vec::new();
    };
    let arena = Arena::new();
    let read = match from_json_str(&text, &arena) {
        Ok(value) => read(value, "the request"),
        Err(error) => Err(vec![format!(": {}", error.message)]),
    };
    read.unwrap_or_else(|errors| {
        for error in errors {
            fields.error(format!("exceptions{error}"));
        }
        Vec::new()
    })
}

fn check_format(fields: &mut Fields) {
    let format = fields.text("format").unwrap_or_default();
    if !format.is_empty() && !format.eq_ignore_ascii_case("json") {
        fields.note("format: results are always json");
    }
}

/// An ID as the service gives it: a UUID with its dashes.
pub(crate) fn parse_id(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok())?
}

#[cfg(test)]
mod tests;
