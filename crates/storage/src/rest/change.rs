//! What every write goes through: unknown fields, form, rules, owners.

use kubescape_api::{GROUP, Parsed, Resource, strict_error, warnings};
use kubescape_apimachinery::name::suffix;
use kubescape_apimachinery::object::{
    Creation, Target, check_preconditions, is_noop, prepare_create, prepare_update, validate_meta,
    validate_update,
};
use kubescape_apimachinery::options::{FieldValidation, Preconditions};
use kubescape_apimachinery::{Cause, Failure};
use kubescape_patch::track_update;
use kubescape_store::Draft;
use serde_json::Value;

use crate::clock;
use crate::draft::draft;

/// What a write knows beside the objects.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) resource: &'static Resource,
    /// Empty for cluster-scoped kinds.
    pub(super) namespace: String,
    /// Of the path; empty when there is none.
    pub(super) name: String,
    pub(super) manager: String,
    pub(super) now: String,
}

/// An object ready for the store.
pub(super) struct Ready {
    pub(super) object: Value,
    pub(super) draft: Draft,
}

impl Write {
    fn place(&self) -> Option<&str> {
        self.resource.namespaced().then_some(&*self.namespace)
    }

    /// What rules of metadata want to know of a creation.
    pub(super) fn as_creation<'a>(&'a self, identity: &'a Identity) -> Creation<'a> {
        Creation {
            namespace: self.place(),
            name: Some(&*self.name).filter(|name| !name.is_empty()),
            uid: &identity.uid,
            now: &self.now,
            suffix: &identity.suffix,
        }
    }

    /// What they want to know of an update.
    pub(super) fn as_target(&self) -> Target<'_> {
        Target {
            namespace: self.place(),
            name: &self.name,
        }
    }

    /// Drops unknown fields, or refuses them; gives the warnings.
    pub(super) fn check_fields(
        &self,
        object: &mut Value,
        duplicates: &[String],
        validation: FieldValidation,
    ) -> Result<Vec<String>, Failure> {
        let unknown = self.resource.unknown_fields(object);
        if !unknown.is_empty() {
            self.resource.prune(object);
        }
        match validation {
            FieldValidation::Ignore => Ok(Vec::new()),
            FieldValidation::Warn => Ok(warnings(&unknown, duplicates)),
            FieldValidation::Strict => match strict_error(&unknown, duplicates) {
                None => Ok(Vec::new()),
                Some(error) => Err(Failure::bad_request(format!(
                    "{} in version \"{}\" cannot be handled as a {}: {error}",
                    self.resource.kind,
                    kubescape_api::VERSION,
                    self.resource.kind
                ))),
            },
        }
    }

    /// A new object. `applied`: its owners are known already.
    pub(super) fn creation(
        &self,
        mut object: Value,
        identity: &Identity,
        applied: bool,
    ) -> Result<Ready, Failure> {
        prepare_create(&mut object, &self.as_creation(identity))?;
        self.resource.normalize(&mut object);
        self.refuse_if(&object, validate_meta(&object, self.resource.namespaced()))?;
        if !applied {
            object = self.owned(None, object);
        }
        Ok(self.ready(object))
    }

    /// A new version of `old`, or `None` when nothing changes. The version that
    /// `new` names, or if it names none that of `old`, is not checked here.
    pub(super) fn update(
        &self,
        old: &Value,
        mut new: Value,
        applied: bool,
    ) -> Result<Option<Ready>, Failure> {
        // First, or leaving out what is always there would count as a change.
        self.resource.normalize(&mut new);
        prepare_update(&mut new, old, &self.as_target())?;
        self.check_uid(old, &new)?;
        let mut causes = validate_meta(&new, self.resource.namespaced());
        causes.extend(validate_update(&new, old));
        self.refuse_if(&new, causes)?;
        if !applied {
            new = self.owned(Some(old), new);
        }
        if is_noop(old, &new) {
            return Ok(None);
        }
        Ok(Some(self.ready(new)))
    }

    pub(super) fn check_uid(&self, old: &Value, new: &Value) -> Result<(), Failure> {
        let text = |object: &Value| object["metadata"]["uid"].as_str().map(str::to_owned);
        let wanted = Preconditions {
            uid: text(new),
            resource_version: None,
        };
        let uid = text(old).unwrap_or_default();
        check_preconditions(&wanted, &uid, 0, GROUP, self.resource.plural, &self.name)
    }

    fn refuse_if(&self, object: &Value, mut causes: Vec<Cause>) -> Result<(), Failure> {
        let errors = self.resource.validate(object);
        causes.extend(errors.iter().map(Cause::from));
        if causes.is_empty() {
            return Ok(());
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        Err(Failure::invalid(GROUP, self.resource.kind, name, causes))
    }

    /// Records who owns which field, from the first apply on: the record is as
    /// long as the object or longer, and until then nobody asks for it (ADR 8).
    fn owned(&self, old: Option<&Value>, mut new: Value) -> Value {
        if old.is_none_or(|old| !has_owners(old)) {
            if let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("managedFields");
            }
            return new;
        }
        track_update(old, new, self.resource.schema(), &self.manager, &self.now)
    }

    fn ready(&self, object: Value) -> Ready {
        let draft = draft(self.resource, &object);
        Ready { object, draft }
    }
}

pub(super) fn has_owners(object: &Value) -> bool {
    let owners = object["metadata"].get("managedFields");
    owners
        .and_then(Value::as_array)
        .is_some_and(|owners| !owners.is_empty())
}

/// Who a new object is.
pub(super) struct Identity {
    pub(super) uid: String,
    pub(super) suffix: String,
}

impl Identity {
    /// A fresh one.
    pub(super) fn new() -> Self {
        Self {
            uid: clock::uid(),
            suffix: suffix(clock::random()),
        }
    }
}

/// The stored object as the API knows it.
pub(super) fn stored_value(body: &[u8], version: u64) -> Result<Value, Failure> {
    let damaged = |why: String| Failure::internal(format!("the stored object is damaged: {why}"));
    let Parsed { mut value, .. } =
        kubescape_api::parse(body).map_err(|error| damaged(error.to_string()))?;
    match value.get_mut("metadata").and_then(Value::as_object_mut) {
        Some(metadata) => {
            metadata.insert("resourceVersion".to_owned(), version.to_string().into());
            Ok(value)
        }
        None => Err(damaged("it has no metadata".to_owned())),
    }
}

/// The version that a request names; 0 when none.
pub(super) fn named_version(object: &Value) -> &str {
    object["metadata"]["resourceVersion"]
        .as_str()
        .filter(|version| *version != "0")
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leaving_out_what_is_always_there_is_no_change() {
        let write = Write {
            resource: Resource::by_plural("workloadconfigurationscansummaries").unwrap(),
            namespace: "shop".to_owned(),
            name: String::new(),
            manager: "test".to_owned(),
            now: "2024-01-02T03:04:05Z".to_owned(),
        };
        let sent = json!({
            "apiVersion": kubescape_api::API_VERSION,
            "kind": write.resource.kind,
            "metadata": {"name": "a"},
            "spec": {"severities": {"high": 1}},
        });
        let old = write
            .creation(sent.clone(), &Identity::new(), false)
            .unwrap();
        let old = stored_value(&old.draft.body, 7).unwrap();
        let mut again = sent;
        again["metadata"]["resourceVersion"] = "7".into();
        let write = Write {
            name: "a".to_owned(),
            ..write
        };
        assert!(write.update(&old, again, false).unwrap().is_none());
    }
}
