//! The language in which kinds are described: plain constants, so that one
//! description drives decoding, validation, patches and OpenAPI.

use serde_json::{Map, Value};

use crate::inspect::Report;

/// What a value may look like.
#[derive(Clone, Copy, Debug)]
pub enum Schema {
    /// A text. Zero is `""`.
    String,
    /// A whole number of 32 bits. Zero is `0`.
    Int32,
    /// A whole number of 64 bits. Zero is `0`.
    Int64,
    /// Any number. Zero is `0`.
    Number,
    /// True or false. Zero is `false`.
    Bool,
    /// A moment as RFC 3339 text. Zero is `null`.
    Time,
    /// A whole number or a text, as ports of NetworkPolicies are.
    IntOrString,
    /// Any JSON; nothing below it is looked at. Zero is `null`.
    Any,
    /// An object with known fields. Zero is the object with every field zero.
    Object(&'static Object),
    /// A list of such values. Zero is `null`.
    List(&'static Schema),
    /// An object with free keys and such values. Zero is `null`.
    Map(&'static Schema),
    /// The value itself, or a text where older writers put one; a text stays.
    OrString(&'static Schema),
    /// A list, or one text where older writers put one; it becomes a list of one.
    ListOrOne(&'static Schema),
}

/// What happens to a field that is absent, null or empty when an object is
/// written back, in the terms of Go's encoder that clients were built against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always there; absent or null becomes the zero of its type.
    Always,
    /// Always there; absent becomes null (a Go pointer).
    Nullable,
    /// Left out when absent, null or the zero of its type (`omitempty`); an
    /// object counts as empty only when it is `{}`.
    Omitted,
    /// Left out when absent or null, kept when zero (pointer and `omitempty`).
    Optional,
}

/// How two writers' lists become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The new list replaces the old one.
    Atomic,
    /// A set of scalars; each entry has its own owner.
    Set,
    /// Entries are told apart by this field, in strategic merge patches and in
    /// server-side apply.
    Key(&'static str),
    /// Entries are matched by this field in strategic merge patches only: its
    /// values repeat in real data, so server-side apply treats the list as one.
    PatchKey(&'static str),
}

/// A check of one value that a schema alone cannot express.
pub type Check = fn(&Value, &mut Report<'_>);

/// A check of an object whose fields depend on each other.
pub type ObjectCheck = for<'v> fn(&'v Map<String, Value>, &mut Report<'v>);

/// One field of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it means, as `kubectl explain` shows it.
    pub doc: &'static str,
    /// What its value may look like.
    pub schema: Schema,
    /// When it is written.
    pub presence: Presence,
    /// How lists are merged; [`Merge::Atomic`] for everything else.
    pub merge: Merge,
    /// The values allowed; empty for any. An empty text always passes, as it
    /// means "not said" in this group.
    pub one_of: &'static [&'static str],
    /// The smallest and largest number allowed.
    pub range: Option<(i64, i64)>,
    /// Whether it must be given, and not be empty.
    pub required: bool,
    /// A further check of the value.
    pub check: Option<Check>,
}

/// Where a definition belongs, which decides its OpenAPI name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// This group, version v1beta1.
    Ours,
    /// `meta/v1` of Kubernetes.
    Meta,
}

/// An object with known fields.
#[derive(Debug)]
pub struct Object {
    /// Its Kubernetes type name, unique in its package.
    pub name: &'static str,
    /// Where it belongs.
    pub package: Package,
    /// What it is, as `kubectl explain` shows it.
    pub doc: &'static str,
    /// Objects whose fields appear among its own.
    pub inline: &'static [&'static Object],
    /// Its own fields.
    pub fields: &'static [Field],
    /// A check over several of its fields.
    pub check: Option<ObjectCheck>,
}

impl Object {
    /// An object of this group.
    pub const fn new(name: &'static str, doc: &'static str, fields: &'static [Field]) -> Self {
        Self {
            name,
            package: Package::Ours,
            doc,
            inline: &[],
            fields,
            check: None,
        }
    }

    /// Places it among Kubernetes' own types.
    pub const fn meta(mut self) -> Self {
        self.package = Package::Meta;
        self
    }

    /// Adds the fields of other objects to its own.
    pub const fn with(mut self, inline: &'static [&'static Object]) -> Self {
        self.inline = inline;
        self
    }

    /// Adds a check over several fields.
    pub const fn checked(mut self, check: ObjectCheck) -> Self {
        self.check = Some(check);
        self
    }

    /// All fields: its own, then inlined ones.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let inlined = self.inline.iter().flat_map(|object| object.fields);
        self.fields.iter().chain(inlined)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.all_fields().find(|field| field.name == name)
    }

    /// Its OpenAPI definition name. Dotted, never with slashes: clients such
    /// as Argo CD fail on those for the whole cluster (kubescape issue 1942).
    pub fn definition_name(&self) -> String {
        let package = match self.package {
            Package::Ours => crate::DEFINITION_PREFIX,
            Package::Meta => "io.k8s.apimachinery.pkg.apis.meta.v1",
        };
        format!("{package}.{}", self.name)
    }
}

impl Schema {
    /// The schema of what a path step leads to: a field of an object, a value
    /// of a map. `None` where nothing is known or the step does not fit.
    pub fn child(self, key: &str) -> Option<Self> {
        match self {
            Self::Object(object) => object.field(key).map(|field| field.schema),
            Self::Map(value) => Some(*value),
            Self::OrString(inner) => inner.child(key),
            _ => None,
        }
    }

    /// The field that a key leads to, with its merge rule; `None` outside of
    /// objects with known fields.
    pub fn field(self, key: &str) -> Option<&'static Field> {
        match self {
            Self::Object(object) => object.field(key),
            Self::OrString(inner) => inner.field(key),
            _ => None,
        }
    }

    /// The schema of a list's items.
    pub fn items(self) -> Option<Self> {
        match self {
            Self::List(item) | Self::ListOrOne(item) => Some(*item),
            Self::OrString(inner) => inner.items(),
            _ => None,
        }
    }

    /// The zero of this type, as Go writes it.
    pub fn zero(self) -> Value {
        match self {
            Self::String => Value::String(String::new()),
            Self::Int32 | Self::Int64 | Self::Number | Self::IntOrString => Value::from(0),
            Self::Bool => Value::Bool(false),
            Self::Object(_) => Value::Object(Map::new()),
            Self::OrString(inner) => inner.zero(),
            Self::Time | Self::Any | Self::List(_) | Self::Map(_) | Self::ListOrOne(_) => {
                Value::Null
            }
        }
    }
}

const fn field(name: &'static str, schema: Schema, presence: Presence, doc: &'static str) -> Field {
    Field {
        name,
        doc,
        schema,
        presence,
        merge: Merge::Atomic,
        one_of: &[],
        range: None,
        required: false,
        check: None,
    }
}

/// A field that is always written.
pub const fn always(name: &'static str, schema: Schema, doc: &'static str) -> Field {
    field(name, schema, Presence::Always, doc)
}

/// A field that is written as null when absent.
pub const fn nullable(name: &'static str, schema: Schema, doc: &'static str) -> Field {
    field(name, schema, Presence::Nullable, doc)
}

/// A field that is left out when empty.
pub const fn omitted(name: &'static str, schema: Schema, doc: &'static str) -> Field {
    field(name, schema, Presence::Omitted, doc)
}

/// A field that is left out only when absent.
pub const fn optional(name: &'static str, schema: Schema, doc: &'static str) -> Field {
    field(name, schema, Presence::Optional, doc)
}

impl Field {
    /// Says how its list merges.
    pub const fn merge(mut self, merge: Merge) -> Self {
        self.merge = merge;
        self
    }

    /// Limits it to these texts.
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.one_of = values;
        self
    }

    /// Limits its number, both ends included.
    pub const fn range(mut self, least: i64, most: i64) -> Self {
        self.range = Some((least, most));
        self
    }

    /// Demands it.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Adds a check of its value.
    pub const fn checked(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }
}
