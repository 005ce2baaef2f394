//! One operation, in either version of OpenAPI.

use serde_json::{Map, Value, json};

use crate::openapi::{Style, group_version_kind};
use crate::schema::{Object, Schema};

const JSON_AND_YAML: &[&str] = &["application/json", "application/yaml"];
const LISTS: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/json;stream=watch",
];
const PATCHES: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];
/// Of kinds that [`is_walkable`] does not hold for.
const PATCHES_BUT_STRATEGIC: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
];

/// Whether clients can make strategic merge patches from the published schema.
/// kubectl looks each key of an object up in the named properties and gives up,
/// with a warning at every apply, where keys are free and hold more than a
/// scalar. It makes a JSON merge patch at once when the kind does not offer the
/// other one. (`apimachinery/pkg/util/strategicpatch/meta.go`; the server takes
/// strategic merge patches of every kind all the same.)
fn is_walkable(object: &Object) -> bool {
    let mut fields = object.all_fields().filter(|field| field.name != "metadata");
    let mut seen = Vec::new();
    fields.all(|field| walkable(field.schema, &mut seen))
}

fn walkable(schema: Schema, seen: &mut Vec<&'static str>) -> bool {
    match schema {
        Schema::Any
        | Schema::OrString(_)
        | Schema::Map(Schema::Object(_) | Schema::List(_) | Schema::Map(_) | Schema::Any) => false,
        Schema::Map(inner) | Schema::List(inner) | Schema::ListOrOne(inner) => {
            walkable(*inner, seen)
        }
        Schema::Object(object) if seen.contains(&object.name) => true,
        Schema::Object(object) => {
            seen.push(object.name);
            let mut fields = object.all_fields();
            fields.all(|field| walkable(field.schema, seen))
        }
        _ => true,
    }
}

/// A parameter: its name, type and meaning.
type Parameter = (&'static str, &'static str, &'static str);

const ALLOW_BOOKMARKS: Parameter = (
    "allowWatchBookmarks",
    "boolean",
    "Whether a watch may send BOOKMARK events, which bear only a resourceVersion.",
);
const CONTINUE: Parameter = (
    "continue",
    "string",
    "The token of the page before; gives the next page of the same snapshot. 410 when the snapshot is gone.",
);
const DRY_RUN: Parameter = (
    "dryRun",
    "string",
    "All: go through every stage, but store nothing.",
);
const FIELD_MANAGER: Parameter = (
    "fieldManager",
    "string",
    "The name of the writer, who then owns the fields that are set. Needed to apply.",
);
const FIELD_SELECTOR: Parameter = (
    "fieldSelector",
    "string",
    "Only objects with these fields: metadata.name, metadata.namespace.",
);
const FIELD_VALIDATION: Parameter = (
    "fieldValidation",
    "string",
    "What happens on unknown or repeated fields: Ignore, Warn or Strict.",
);
const FORCE: Parameter = (
    "force",
    "boolean",
    "When applying: take fields over from other managers instead of failing.",
);
const GRACE_PERIOD: Parameter = (
    "gracePeriodSeconds",
    "integer",
    "Seconds that the deletion may take; results go at once.",
);
const LABEL_SELECTOR: Parameter = (
    "labelSelector",
    "string",
    "Only objects with these labels, such as kubescape.io/workload-name=cart.",
);
const LIMIT: Parameter = (
    "limit",
    "integer",
    "The most objects on one page; metadata.continue leads to the next.",
);
const ORPHAN: Parameter = (
    "orphanDependents",
    "boolean",
    "Old form of propagationPolicy.",
);
const PROPAGATION: Parameter = (
    "propagationPolicy",
    "string",
    "What happens to dependents: Orphan, Background or Foreground.",
);
const READ_VERSION: Parameter = (
    "resourceVersion",
    "string",
    "The version to read, or metadata for an object without spec.",
);
const VERSION: Parameter = (
    "resourceVersion",
    "string",
    "The version to list, or to watch from. metadata lists no spec; fullSpec lists also large objects in full.",
);
const VERSION_MATCH: Parameter = (
    "resourceVersionMatch",
    "string",
    "How resourceVersion is meant for lists: Exact or NotOlderThan.",
);
const INITIAL_EVENTS: Parameter = (
    "sendInitialEvents",
    "boolean",
    "Whether a watch first sends what is there, then a BOOKMARK that says so; needs resourceVersionMatch=NotOlderThan.",
);
const TIMEOUT: Parameter = (
    "timeoutSeconds",
    "integer",
    "Seconds after which a list or a watch ends.",
);
const WATCH: Parameter = (
    "watch",
    "boolean",
    "Sends changes as they happen instead of a list.",
);
const NAME: Parameter = ("name", "string", "The name of the object.");
const NAMESPACE: Parameter = ("namespace", "string", "The namespace of the objects.");
const PRETTY: Parameter = (
    "pretty",
    "string",
    "Whether JSON is set in lines for people.",
);

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Get,
    List,
    ListComputed,
    Create,
    Replace,
    Patch,
    Delete,
    DeleteCollection,
}

impl Action {
    /// The HTTP method, in lower case.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Get | Self::List | Self::ListComputed => "get",
            Self::Create => "post",
            Self::Replace => "put",
            Self::Patch => "patch",
            Self::Delete | Self::DeleteCollection => "delete",
        }
    }

    /// The value of `x-kubernetes-action`.
    fn name(self) -> &'static str {
        match self {
            Self::List | Self::ListComputed => "list",
            Self::DeleteCollection => "deletecollection",
            other => other.method(),
        }
    }

    /// What the operation's id begins with, and the description.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Get => ("read", "read the specified"),
            Self::List | Self::ListComputed => ("list", "list or watch objects of kind"),
            Self::Create => ("create", "create a"),
            Self::Replace => ("replace", "replace the specified"),
            Self::Patch => ("patch", "partially update the specified"),
            Self::Delete => ("delete", "delete a"),
            Self::DeleteCollection => ("deleteCollection", "delete collection of"),
        }
    }

    fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::Get => &[READ_VERSION],
            Self::ListComputed => &[CONTINUE, FIELD_SELECTOR, LABEL_SELECTOR, LIMIT, VERSION],
            Self::List => &[
                ALLOW_BOOKMARKS,
                CONTINUE,
                FIELD_SELECTOR,
                LABEL_SELECTOR,
                LIMIT,
                VERSION,
                VERSION_MATCH,
                INITIAL_EVENTS,
                TIMEOUT,
                WATCH,
            ],
            Self::Create | Self::Replace => &[DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION],
            Self::Patch => &[DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION, FORCE],
            Self::Delete => &[DRY_RUN, GRACE_PERIOD, ORPHAN, PROPAGATION],
            Self::DeleteCollection => &[
                CONTINUE,
                DRY_RUN,
                FIELD_SELECTOR,
                GRACE_PERIOD,
                LABEL_SELECTOR,
                LIMIT,
                ORPHAN,
                PROPAGATION,
                VERSION,
                VERSION_MATCH,
                TIMEOUT,
            ],
        }
    }

    /// The codes of success, each with its meaning.
    fn codes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Get | Self::List | Self::ListComputed | Self::DeleteCollection => {
                &[("200", "OK")]
            }
            Self::Replace | Self::Patch => &[("200", "OK"), ("201", "Created")],
            Self::Create => &[("200", "OK"), ("201", "Created"), ("202", "Accepted")],
            Self::Delete => &[("200", "OK"), ("202", "Accepted")],
        }
    }
}

/// One operation on a resource.
pub(super) struct Operation<'a> {
    /// What it does.
    pub(super) action: Action,
    /// The kind.
    pub(super) kind: &'a str,
    /// What objects of the kind are made of.
    pub(super) object: &'a Object,
    /// What stands between the action and the kind in its id.
    pub(super) place: &'a str,
    /// What follows the kind in its id.
    pub(super) suffix: &'a str,
    /// The schema of its body, if it has one.
    pub(super) body: Option<Value>,
    /// The schema of its answer.
    pub(super) answer: Value,
}

impl Operation<'_> {
    /// The operation as it stands under its path and method.
    pub(super) fn render(self, style: Style) -> Value {
        let (verb, description) = self.action.words();
        let mut operation = json!({
            "operationId": format!("{verb}{TAG_PASCAL}{}{}{}", self.place, self.kind, self.suffix),
            "description": format!("{description} {}", self.kind),
            "tags": [TAG],
            "x-kubernetes-action": self.action.name(),
            "x-kubernetes-group-version-kind": group_version_kind(self.kind),
        });
        let parameters = self.action.parameters().iter();
        let mut parameters: Vec<Value> = parameters
            .map(|one| parameter(style, one, "query"))
            .collect();
        let produces = match self.action {
            Action::List => LISTS,
            _ => JSON_AND_YAML,
        };
        let consumes = match self.action {
            Action::Patch if is_walkable(self.object) => PATCHES,
            Action::Patch => PATCHES_BUT_STRATEGIC,
            _ => &["*/*"],
        };
        let required = !matches!(self.action, Action::Delete | Action::DeleteCollection);
        match (style, self.body) {
            (Style::V2, body) => {
                operation["schemes"] = json!(["https"]);
                operation["produces"] = produces.into();
                operation["consumes"] = consumes.into();
                if let Some(schema) = body {
                    let mut body = json!({"name": "body", "in": "body", "schema": schema});
                    if required {
                        body["required"] = true.into();
                    }
                    parameters.insert(0, body);
                }
            }
            (Style::V3, Some(schema)) => {
                operation["requestBody"] = json!({"content": content(consumes, &schema)});
                if required {
                    operation["requestBody"]["required"] = true.into();
                }
            }
            (Style::V3, None) => {}
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        operation["responses"] = answers(style, self.action.codes(), produces, &self.answer);
        operation
    }
}

/// The tag of all our operations.
pub(super) const TAG: &str = "spdxSoftwarecompositionKubescapeIo_v1beta1";
/// The same as it stands within ids.
pub(super) const TAG_PASCAL: &str = "SpdxSoftwarecompositionKubescapeIoV1beta1";

/// The answers of an operation, with the refusal of strangers.
pub(super) fn answers(
    style: Style,
    codes: &[(&str, &str)],
    produces: &[&str],
    schema: &Value,
) -> Value {
    let mut answers = Map::new();
    for (code, description) in codes {
        let answer = match style {
            Style::V2 => json!({"description": description, "schema": schema}),
            Style::V3 => json!({"description": description, "content": content(produces, schema)}),
        };
        answers.insert((*code).to_owned(), answer);
    }
    answers.insert("401".to_owned(), json!({"description": "Unauthorized"}));
    Value::Object(answers)
}

fn content(types: &[&str], schema: &Value) -> Value {
    let entry = |name: &&str| ((*name).to_owned(), json!({"schema": schema}));
    Value::Object(types.iter().map(entry).collect())
}

/// The parameters in a path and those of every operation.
pub(super) fn path_parameters(style: Style, namespaced: bool, named: bool) -> Value {
    let mut parameters = Vec::new();
    if named {
        parameters.push(parameter(style, &NAME, "path"));
    }
    if namespaced {
        parameters.push(parameter(style, &NAMESPACE, "path"));
    }
    parameters.push(parameter(style, &PRETTY, "query"));
    parameters.into()
}

fn parameter(style: Style, (name, kind, description): &Parameter, place: &str) -> Value {
    let mut parameter = json!({"name": name, "in": place, "description": description});
    if place == "path" {
        parameter["required"] = true.into();
    }
    match style {
        Style::V2 => {
            parameter["type"] = (*kind).into();
            parameter["uniqueItems"] = true.into();
        }
        Style::V3 => parameter["schema"] = json!({"type": kind, "uniqueItems": true}),
    }
    parameter
}
