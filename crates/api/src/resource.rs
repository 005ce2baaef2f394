//! The resources of the group: names, scope, weight and verbs, and what can be
//! done with an object of each kind.

use serde_json::Value;

use crate::error::FieldError;
use crate::inspect::Report;
use crate::schema::{Object, Schema};
use crate::table::Column;
use crate::{API_VERSION, normalize};

/// Where objects live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// Once in the cluster.
    Cluster,
}

/// Which generation of the platform has the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Chart 1.16.7 and today.
    Seed,
    /// Chart 1.16.7; dropped since.
    Dropped,
    /// Added after chart 1.16.7.
    Later,
}

/// How much a LIST shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Small objects: a LIST has them in full.
    Light,
    /// Large objects: a LIST has metadata without `spec`, unless asked for
    /// with `resourceVersion=fullSpec`.
    Heavy,
}

/// One resource of the group.
#[derive(Debug)]
pub struct Resource {
    /// The kind of its objects, such as `NetworkNeighbors`.
    pub kind: &'static str,
    /// The plural, as in paths. Upstream's, slips included.
    pub plural: &'static str,
    /// The singular, for kubectl. Corrected where upstream's is a plural.
    pub singular: &'static str,
    /// Where its objects live.
    pub scope: Scope,
    /// Which generation has it.
    pub era: Era,
    /// How much a LIST shows.
    pub weight: Weight,
    /// Whether its objects are computed from others and never stored.
    pub computed: bool,
    /// The schema of a whole object.
    pub object: &'static Object,
    /// What tables show of an object and what the index keeps of it.
    pub columns: &'static [Column],
}

const VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];
const COMPUTED_VERBS: &[&str] = &["get", "list"];

impl Resource {
    /// The resource with this plural, as paths have it.
    pub fn by_plural(plural: &str) -> Option<&'static Self> {
        crate::RESOURCES.iter().find(|one| one.plural == plural)
    }

    /// The resource with this kind.
    pub fn by_kind(kind: &str) -> Option<&'static Self> {
        crate::RESOURCES.iter().find(|one| one.kind == kind)
    }

    /// The kind of its lists.
    pub fn list_kind(&self) -> String {
        format!("{}List", self.kind)
    }

    /// Whether its objects live in namespaces.
    pub fn namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    /// What discovery says can be done. Computed kinds are not watched or
    /// deleted, which keeps garbage collection and quota away from them.
    pub fn verbs(&self) -> &'static [&'static str] {
        if self.computed { COMPUTED_VERBS } else { VERBS }
    }

    /// The schema of a whole object, to find merge rules by path.
    pub fn schema(&self) -> Schema {
        Schema::Object(self.object)
    }

    /// Gives an object the form in which it is stored and sent: `apiVersion`
    /// and `kind` set, fields that upstream always writes present, empty
    /// optional ones gone. What is of a wrong type or unknown stays. Running it
    /// twice changes nothing more. A value that is no object stays as it is.
    pub fn normalize(&self, object: &mut Value) {
        let Some(fields) = object.as_object_mut() else {
            return;
        };
        fields.insert("apiVersion".to_owned(), API_VERSION.into());
        fields.insert("kind".to_owned(), self.kind.into());
        normalize::normalize(self.schema(), object);
    }

    /// Drops fields that the schema does not know.
    pub fn prune(&self, object: &mut Value) {
        normalize::prune(self.schema(), object);
    }

    /// Everything wrong with an object, up to [`crate::MOST_REPORTED`]: the
    /// causes of a 422. Names and labels are checked elsewhere.
    pub fn validate(&self, object: &Value) -> Vec<FieldError> {
        self.inspect(object).into_errors()
    }

    /// The paths of fields that the schema does not know, for field validation
    /// `Strict` and `Warn`; up to [`crate::MOST_REPORTED`].
    pub fn unknown_fields(&self, object: &Value) -> Vec<String> {
        self.inspect(object).into_unknown()
    }

    /// Both in one walk: see [`Report::into_errors`] and [`Report::into_unknown`].
    pub fn inspect<'a>(&self, object: &'a Value) -> Report<'a> {
        let mut report = Report::default();
        match object.as_object() {
            Some(fields) => report.object(self.object, fields),
            None => report.invalid(object, "must be an object"),
        }
        report
    }
}
