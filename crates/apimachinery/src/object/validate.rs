//! Rules of metadata. (`apimachinery/pkg/api/validation/objectmeta.go`)

use serde_json::{Map, Value};

use super::meta::{FOREGROUND, ORPHAN, of, text, texts};
use crate::causes::{forbidden, invalid, invalid_raw, required, too_long};
use crate::failure::Cause;
use crate::options::manager_causes;
use crate::qualified::{
    label_value_errors, namespace_errors, path_segment_errors, qualified_name_errors,
};

/// Most causes that are reported.
const MOST_CAUSES: usize = 100;

/// Longest name, in bytes: what a file or a column of others holds.
const LONGEST_NAME: usize = 253;

/// Most bytes of all keys and values of annotations together.
const ANNOTATION_BYTES: usize = 256 * 1024;

/// Everything wrong with an object's metadata, in Kubernetes' words. At most
/// 100 causes. Stricter than Kubernetes in one thing: names must begin and end
/// with a letter or digit, and have at most 253 bytes.
pub fn validate_meta(object: &Value, namespaced: bool) -> Vec<Cause> {
    let metadata = of(object);
    let mut causes = Causes(Vec::new());
    name(metadata, &mut causes);
    namespace(metadata, namespaced, &mut causes);
    labels(metadata, &mut causes);
    annotations(metadata, &mut causes);
    owners(metadata, &mut causes);
    finalizers(metadata, &mut causes);
    managed_fields(metadata, &mut causes);
    causes.0
}

/// A list that stops growing.
struct Causes(Vec<Cause>);

impl Causes {
    fn full(&self) -> bool {
        self.0.len() >= MOST_CAUSES
    }

    fn push(&mut self, cause: Cause) {
        if !self.full() {
            self.0.push(cause);
        }
    }

    fn all_invalid(&mut self, field: &str, value: &str, errors: Vec<String>) {
        for why in errors {
            self.push(invalid(field, value, &why));
        }
    }
}

fn name(metadata: &Map<String, Value>, causes: &mut Causes) {
    let base = text(metadata, "generateName");
    if !base.is_empty() {
        // Any ending will do, and so will `.`: a suffix follows.
        let mut errors = path_segment_errors(base);
        errors.retain(|error| error.starts_with("may not contain"));
        causes.all_invalid("metadata.generateName", base, errors);
    }
    let name = text(metadata, "name");
    if name.is_empty() {
        let why = "name or generateName is required";
        causes.push(required("metadata.name", why));
        return;
    }
    let mut errors = path_segment_errors(name);
    let ends = [name.chars().next(), name.chars().next_back()];
    let good_ends = ends
        .iter()
        .all(|end| end.is_some_and(|end| end.is_ascii_alphanumeric()));
    if errors.is_empty() && !good_ends {
        errors.push("must start and end with an alphanumeric character".to_owned());
    }
    if name.chars().any(char::is_control) {
        errors.push("may not contain control characters".to_owned());
    }
    if name.len() > LONGEST_NAME {
        errors.push(format!("must be no more than {LONGEST_NAME} characters"));
    }
    causes.all_invalid("metadata.name", name, errors);
}

fn namespace(metadata: &Map<String, Value>, namespaced: bool, causes: &mut Causes) {
    let field = "metadata.namespace";
    match (namespaced, text(metadata, "namespace")) {
        (true, "") => causes.push(required(field, "")),
        (true, namespace) => causes.all_invalid(field, namespace, namespace_errors(namespace)),
        (false, "") => {}
        (false, _) => causes.push(forbidden(field, "not allowed on this type")),
    }
}

/// The entries of a map of texts.
fn entries<'m>(
    metadata: &'m Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = (&'m String, &'m str)> + use<'m> {
    let map = metadata.get(name).and_then(Value::as_object).into_iter();
    map.flatten()
        .map(|(key, value)| (key, value.as_str().unwrap_or_default()))
}

fn labels(metadata: &Map<String, Value>, causes: &mut Causes) {
    let field = "metadata.labels";
    for (key, value) in entries(metadata, "labels") {
        if causes.full() {
            return;
        }
        causes.all_invalid(field, key, qualified_name_errors(key));
        causes.all_invalid(field, value, label_value_errors(value));
    }
}

fn annotations(metadata: &Map<String, Value>, causes: &mut Causes) {
    let field = "metadata.annotations";
    let mut bytes = 0;
    for (key, value) in entries(metadata, "annotations") {
        bytes += key.len() + value.len();
        if !causes.full() {
            let errors = qualified_name_errors(&key.to_lowercase());
            causes.all_invalid(field, key, errors);
        }
    }
    if bytes > ANNOTATION_BYTES {
        causes.push(too_long(field, ANNOTATION_BYTES));
    }
}

/// The objects of a list field.
fn objects<'m>(
    metadata: &'m Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'m Map<String, Value>> + use<'m> {
    let items = metadata.get(name).and_then(Value::as_array).into_iter();
    items.flatten().filter_map(Value::as_object)
}

fn owners(metadata: &Map<String, Value>, causes: &mut Causes) {
    let field = "metadata.ownerReferences";
    let mut controller: Option<String> = None;
    for (index, owner) in objects(metadata, "ownerReferences").enumerate() {
        if causes.full() {
            return;
        }
        let path = |name: &str| format!("{field}[{index}].{name}");
        let api_version = text(owner, "apiVersion");
        // `group/` has a group and no version.
        if api_version.is_empty() || api_version.ends_with('/') {
            let why = "version must not be empty";
            causes.push(invalid(&path("apiVersion"), api_version, why));
        }
        for name in ["kind", "name", "uid"] {
            if text(owner, name).is_empty() {
                causes.push(invalid(&path(name), "", "must not be empty"));
            }
        }
        if api_version == "v1" && text(owner, "kind") == "Event" {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            causes.push(invalid(field, "Event", why));
        }
        if owner.get("controller") == Some(&Value::Bool(true)) {
            let this = format!("{}/{}", text(owner, "kind"), text(owner, "name"));
            match &controller {
                None => controller = Some(this),
                Some(first) => {
                    let why = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}"
                    );
                    causes.push(invalid(field, &this, &why));
                }
            }
        }
    }
}

fn finalizers(metadata: &Map<String, Value>, causes: &mut Causes) {
    let field = "metadata.finalizers";
    let (mut orphan, mut foreground) = (false, false);
    for finalizer in texts(metadata, "finalizers") {
        orphan |= finalizer == ORPHAN;
        foreground |= finalizer == FOREGROUND;
        if !causes.full() {
            let errors = qualified_name_errors(finalizer);
            causes.all_invalid(field, finalizer, errors);
        }
    }
    if orphan && foreground {
        let why = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        let value = format!("[\"{ORPHAN}\",\"{FOREGROUND}\"]");
        causes.push(invalid_raw(field, value, &why));
    }
}

/// (`ValidateManagedFields`)
fn managed_fields(metadata: &Map<String, Value>, causes: &mut Causes) {
    for (index, entry) in objects(metadata, "managedFields").enumerate() {
        if causes.full() {
            return;
        }
        let path = |name: &str| format!("metadata.managedFields[{index}].{name}");
        let operation = text(entry, "operation");
        if !matches!(operation, "Apply" | "Update") {
            let why = "must be `Apply` or `Update`";
            causes.push(invalid(&path("operation"), operation, why));
        }
        let format = text(entry, "fieldsType");
        if !matches!(format, "" | "FieldsV1") {
            let why = "must be `FieldsV1`";
            causes.push(invalid(&path("fieldsType"), format, why));
        }
        for cause in manager_causes(&path("manager"), text(entry, "manager")) {
            causes.push(cause);
        }
    }
}
