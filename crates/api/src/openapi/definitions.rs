//! Schemas as OpenAPI definitions.

use serde_json::{Map, Value, json};

use crate::RESOURCES;
use crate::meta;
use crate::openapi::{Style, group_version_kind};
use crate::resource::Resource;
use crate::schema::{Field, Merge, Object, Presence, Schema};

const GVK: &str = "x-kubernetes-group-version-kind";

/// Every definition that the paths reach, by name.
pub(super) fn definitions(style: Style) -> Value {
    let mut all = Definitions {
        style,
        done: Map::new(),
    };
    for object in [
        &meta::API_RESOURCE_LIST,
        &meta::DELETE_OPTIONS,
        &meta::LIST_META,
        &meta::PATCH,
        &meta::STATUS,
        &meta::WATCH_EVENT,
    ] {
        all.add(object);
    }
    for resource in RESOURCES {
        all.add(resource.object);
        all.name_kind(resource.object, resource.kind);
        let (name, list) = list(style, resource);
        all.done.insert(name, list);
    }
    // Only these two bear our group. Status and the like must not claim the
    // kinds that the core group claims too: the aggregator keeps definitions
    // apart that are not equal, and clients such as Argo CD fail for the whole
    // cluster on two definitions of one kind.
    all.name_kind(&meta::DELETE_OPTIONS, "DeleteOptions");
    all.name_kind(&meta::WATCH_EVENT, "WatchEvent");
    Value::Object(all.done)
}

/// The definition name of a kind's list.
pub(super) fn list_name(resource: &Resource) -> String {
    format!("{}List", resource.object.definition_name())
}

struct Definitions {
    style: Style,
    done: Map<String, Value>,
}

impl Definitions {
    fn add(&mut self, object: &'static Object) {
        let name = object.definition_name();
        if self.done.contains_key(&name) {
            return;
        }
        // Holds the place, since objects may contain themselves.
        self.done.insert(name.clone(), Value::Null);
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in object.all_fields() {
            properties.insert(field.name.to_owned(), property(self.style, field));
            if field.required {
                required.push(field.name);
            }
            self.reach(field.schema);
        }
        let mut definition = json!({"type": "object", "description": object.doc});
        if !properties.is_empty() {
            definition["properties"] = Value::Object(properties);
        }
        if !required.is_empty() {
            required.sort_unstable();
            definition["required"] = required.into();
        }
        self.done.insert(name, definition);
    }

    fn reach(&mut self, schema: Schema) {
        match schema {
            Schema::Object(object) => self.add(object),
            Schema::List(inner)
            | Schema::Map(inner)
            | Schema::OrString(inner)
            | Schema::ListOrOne(inner) => self.reach(*inner),
            _ => {}
        }
    }

    fn name_kind(&mut self, object: &Object, kind: &str) {
        if let Some(definition) = self.done.get_mut(&object.definition_name()) {
            definition[GVK] = json!([group_version_kind(kind)]);
        }
    }
}

fn list(style: Style, resource: &Resource) -> (String, Value) {
    let field = |name| {
        meta::ENVELOPE
            .field(name)
            .map(|field| property(style, field))
    };
    let metadata = Field {
        schema: Schema::Object(&meta::LIST_META),
        doc: "The version and the next page of the list.",
        ..OF_LIST
    };
    let item = style.reference(&resource.object.definition_name());
    let definition = json!({
        "type": "object",
        "description": format!("A list of {} objects.", resource.kind),
        "properties": {
            "apiVersion": field("apiVersion"),
            "kind": field("kind"),
            "metadata": property(style, &metadata),
            "items": {"type": "array", "description": "The objects.", "items": {"$ref": item}},
        },
        "required": ["items"],
        GVK: [group_version_kind(&resource.list_kind())],
    });
    (list_name(resource), definition)
}

const OF_LIST: Field = crate::schema::always("metadata", Schema::Any, "");

/// The schema of a field with its words and merge rules.
fn property(style: Style, field: &Field) -> Value {
    let mut schema = value(style, field.schema);
    if let (Style::V3, Some(reference)) = (style, schema.get("$ref")) {
        // In 3.0 nothing may stand beside a $ref.
        schema = json!({"allOf": [{"$ref": reference}]});
    }
    schema["description"] = field.doc.into();
    if !field.one_of.is_empty() {
        schema["enum"] = field.one_of.into();
    }
    if let Some((least, most)) = field.range {
        schema["minimum"] = least.into();
        if most != i64::MAX {
            schema["maximum"] = most.into();
        }
    }
    if style == Style::V3 && is_nullable(field) {
        schema["nullable"] = true.into();
    }
    merge_rules(field, &mut schema);
    schema
}

/// Whether we write null for it.
fn is_nullable(field: &Field) -> bool {
    let null_when_zero = field.schema.zero().is_null() && !matches!(field.schema, Schema::Any);
    match field.presence {
        Presence::Nullable => !field.required,
        Presence::Always => null_when_zero,
        Presence::Omitted | Presence::Optional => false,
    }
}

fn merge_rules(field: &Field, schema: &mut Value) {
    let list_type = match field.merge {
        Merge::Atomic | Merge::PatchKey(_) => "atomic",
        Merge::Set => "set",
        Merge::Key(_) => "map",
    };
    if matches!(field.schema, Schema::List(_) | Schema::ListOrOne(_)) {
        schema["x-kubernetes-list-type"] = list_type.into();
    }
    match field.merge {
        Merge::Atomic => {}
        Merge::Set => schema["x-kubernetes-patch-strategy"] = "merge".into(),
        Merge::Key(key) | Merge::PatchKey(key) => {
            schema["x-kubernetes-patch-strategy"] = "merge".into();
            schema["x-kubernetes-patch-merge-key"] = key.into();
        }
    }
    if let Merge::Key(key) = field.merge {
        schema["x-kubernetes-list-map-keys"] = json!([key]);
    }
}

/// A schema without words.
fn value(style: Style, schema: Schema) -> Value {
    match schema {
        Schema::String => json!({"type": "string"}),
        Schema::Int32 => json!({"type": "integer", "format": "int32"}),
        Schema::Int64 => json!({"type": "integer", "format": "int64"}),
        Schema::Number => json!({"type": "number", "format": "double"}),
        Schema::Bool => json!({"type": "boolean"}),
        Schema::Time => json!({"type": "string", "format": "date-time"}),
        Schema::IntOrString if style == Style::V2 => {
            json!({"type": "string", "format": "int-or-string"})
        }
        Schema::IntOrString => {
            json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]})
        }
        Schema::Any => json!({"x-kubernetes-preserve-unknown-fields": true}),
        Schema::Object(object) => json!({"$ref": style.reference(&object.definition_name())}),
        Schema::List(item) | Schema::ListOrOne(item) => {
            json!({"type": "array", "items": value(style, *item)})
        }
        Schema::Map(item) => json!({"type": "object", "additionalProperties": value(style, *item)}),
        // The form that is explained; the older text is only tolerated.
        Schema::OrString(inner) => value(style, *inner),
    }
}

/// The reference to one of our or Kubernetes' definitions.
pub(super) fn reference(style: Style, object: &Object) -> Value {
    json!({"$ref": style.reference(&object.definition_name())})
}
