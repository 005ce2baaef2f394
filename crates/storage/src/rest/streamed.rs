//! Writes of large objects: `spec` goes from the client's text to the stored
//! text without becoming values, which would take six times its size.
//!
//! Only writes that are in order go this way. `None` says: read it whole, and
//! say what is wrong, merge owners, or whatever else it takes.

use bytes::Bytes;
use kubescape_api::{GROUP, Parts, VERSION, Weight, WrittenSpec, take_apart, warnings};
use kubescape_apimachinery::body as bodies;
use kubescape_apimachinery::object::{
    is_noop, prepare_create, prepare_update, validate_meta, validate_update,
};
use kubescape_apimachinery::options::{FieldValidation, WriteOptions};
use kubescape_apimachinery::{Format, render::store_form};
use kubescape_store::Object;
use serde_json::{Map, Value};

use super::call::{Call, LARGE};
use super::change::{Identity, Ready, Write, has_owners, named_version};
use crate::draft::draft_of;

impl Call {
    /// Whether a large body may go from text to text.
    pub(super) fn streams(&self, format: Format, options: &WriteOptions) -> bool {
        self.resource.weight == Weight::Heavy && format == Format::Json && !options.dry_run
    }
}

/// Whether this body is worth it.
pub(super) fn is_large(text: &[u8]) -> bool {
    text.len() > LARGE
}

impl Write {
    /// A new object, whether its name was generated, and warnings.
    pub(super) fn creation_streamed(
        &self,
        text: &[u8],
        identity: &Identity,
        validation: FieldValidation,
    ) -> Option<(Ready, bool, Vec<String>)> {
        let Parts { mut head, spec } = take_apart(text)?;
        bodies::expect_kind(&mut head, GROUP, VERSION, self.resource.kind).ok()?;
        let sent = head.clone();
        self.resource.prune(&mut head);
        let name = head["metadata"]["name"].as_str();
        let generated = name.is_none_or(str::is_empty);
        prepare_create(&mut head, &self.as_creation(identity)).ok()?;
        if !self.sound(&mut head) {
            return None;
        }
        let around = Around::of(&head)?;
        let mut body = around.begin(spec.len());
        let written = self.resource.write_spec(spec, &mut body)?;
        let warnings = self.warnings(&sent, &written, validation)?;
        Some((self.finish(head, &around, body), generated, warnings))
    }

    /// A new version of `old`, or none when nothing changes, and warnings.
    pub(super) fn update_streamed(
        &self,
        text: &[u8],
        old: &Object,
        validation: FieldValidation,
    ) -> Option<(Option<Ready>, Vec<String>)> {
        let Parts { mut head, spec } = take_apart(text)?;
        let Parts {
            head: mut before,
            spec: spec_before,
        } = take_apart(old.body.as_deref()?)?;
        let version = old.meta.resource_version.to_string();
        let named = named_version(&head);
        if has_owners(&before) || !(named.is_empty() || named == version) {
            return None;
        }
        let metadata = before.get_mut("metadata")?.as_object_mut()?;
        metadata.insert("resourceVersion".to_owned(), version.into());
        bodies::expect_kind(&mut head, GROUP, VERSION, self.resource.kind).ok()?;
        let sent = head.clone();
        self.resource.prune(&mut head);
        prepare_update(&mut head, &before, &self.as_target()).ok()?;
        self.check_uid(&before, &head).ok()?;
        if !self.sound(&mut head) || !validate_update(&head, &before).is_empty() {
            return None;
        }
        // As if the spec changed, which is why large objects are written.
        let generation = head["metadata"]["generation"].as_i64()?;
        let unchanged = head.clone();
        head["metadata"]["generation"] = generation.saturating_add(1).into();
        let mut around = Around::of(&head)?;
        let mut body = around.begin(spec.len());
        let written = self.resource.write_spec(spec, &mut body)?;
        let warnings = self.warnings(&sent, &written, validation)?;
        if body[around.before.len()..] == *spec_before.as_bytes() {
            if is_noop(&before, &unchanged) {
                return Some((None, warnings));
            }
            let length = around.before.len();
            head = unchanged;
            around = Around::of(&head)?;
            body.splice(..length, around.before.iter().copied());
        }
        Some((Some(self.finish(head, &around, body)), warnings))
    }

    /// Gives what is beside `spec` its stored form; whether it may be stored.
    fn sound(&self, head: &mut Value) -> bool {
        let sound = self.resource.normalize_beside(head)
            && validate_meta(head, self.resource.namespaced()).is_empty();
        // As for all large objects nobody has applied: see `Write::owned`.
        if let Some(metadata) = head.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        sound
    }

    fn warnings(
        &self,
        sent: &Value,
        written: &WrittenSpec,
        validation: FieldValidation,
    ) -> Option<Vec<String>> {
        let unknown = self.resource.unknown_beside(sent, written);
        match validation {
            FieldValidation::Strict if !unknown.is_empty() => None,
            FieldValidation::Warn => Some(warnings(&unknown, &[])),
            FieldValidation::Strict | FieldValidation::Ignore => Some(Vec::new()),
        }
    }

    fn finish(&self, head: Value, around: &Around, mut body: Vec<u8>) -> Ready {
        let spec = std::str::from_utf8(&body[around.before.len()..]).unwrap_or_default();
        let columns = self.resource.columns_beside(&head, spec);
        body.extend_from_slice(&around.after);
        // Small bodies would keep what was reserved for what was left out.
        body.shrink_to_fit();
        let (metadata, body) = (around.metadata.clone(), Bytes::from(body));
        let draft = draft_of(self.resource, &head, metadata, columns.to_string(), body);
        Ready {
            object: head,
            draft,
        }
    }
}

/// The stored text around `spec`.
struct Around {
    before: Vec<u8>,
    metadata: String,
    after: Vec<u8>,
}

impl Around {
    /// The same bytes that [`store_form`] writes of the whole object.
    fn of(head: &Value) -> Option<Self> {
        let (before, after): (Map<_, _>, Map<_, _>) = head
            .as_object()?
            .clone()
            .into_iter()
            .partition(|(key, _)| key.as_str() < "spec");
        let stored = store_form(&Value::Object(before));
        let mut before = stored.body;
        before.pop();
        before.extend_from_slice(b",\"spec\":");
        // `{"status":{}}` goes on as `,"status":{}}`.
        let mut after = serde_json::to_vec(&after).ok()?;
        if after == b"{}" {
            after.remove(0);
        } else {
            after[0] = b',';
        }
        Some(Self {
            before,
            metadata: stored.metadata,
            after,
        })
    }

    fn begin(&self, spec: usize) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.before.len() + spec + self.after.len());
        body.extend_from_slice(&self.before);
        body
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kubescape_api::Resource;
    use serde_json::json;

    use super::*;
    use crate::rest::change::stored_value;

    fn write(name: &str) -> Write {
        Write {
            resource: Resource::by_plural("sbomsyfts").unwrap(),
            namespace: "kubescape".to_owned(),
            name: name.to_owned(),
            manager: "test".to_owned(),
            now: "2024-01-02T03:04:05Z".to_owned(),
        }
    }

    fn identity() -> Identity {
        Identity {
            uid: "u1".to_owned(),
            suffix: "abcde".to_owned(),
        }
    }

    /// As a client may send it: fields in any order, some missing, one unknown.
    fn sbom() -> Value {
        json!({
            "kind": "SBOMSyft",
            "metadata": {
                "generateName": "image-",
                "labels": {"kubescape.io/image-name": "debian"},
                "managedFields": [{"manager": "x", "operation": "Update", "fieldsType": "FieldsV1"}],
            },
            "spec": {
                "syft": {
                    "files": [],
                    "odd": {"a": 1},
                    "artifacts": [{"version": "1", "name": "libc", "licenses": ["MIT", {"value": "x"}]}],
                },
                "metadata": {"report": {"createdAt": "2023-12-01T09:30:00Z"}},
            },
        })
    }

    fn created() -> Ready {
        let text = sbom().to_string();
        let validation = FieldValidation::Warn;
        let made = write("").creation_streamed(text.as_bytes(), &identity(), validation);
        made.unwrap().0
    }

    fn stored(ready: &Ready) -> Object {
        Object {
            meta: Arc::new(ready.draft.clone().into_meta(7)),
            body: Some(ready.draft.body.clone()),
        }
    }

    #[test]
    fn a_creation_from_text_stores_the_bytes_that_one_from_values_stores() {
        let validation = FieldValidation::Warn;
        let mut object = sbom();
        object["apiVersion"] = kubescape_api::API_VERSION.into();
        let warned = write("")
            .check_fields(&mut object, &[], validation)
            .unwrap();
        let whole = write("").creation(object, &identity(), false).unwrap();
        let text = sbom().to_string();
        let made = write("").creation_streamed(text.as_bytes(), &identity(), validation);
        let (streamed, generated, warnings) = made.unwrap();
        assert!(generated);
        assert_eq!(warnings, warned);
        assert_eq!(warnings, [r#"unknown field "spec.syft.odd""#]);
        assert_eq!(streamed.draft, whole.draft);
    }

    #[test]
    fn an_update_from_text_stores_the_bytes_that_one_from_values_stores() {
        let old = stored(&created());
        let name = old.meta.key.name.clone();
        let mut sent = sbom();
        sent["metadata"]["name"] = name.as_str().into();
        sent["metadata"]["resourceVersion"] = "7".into();
        let changes: [fn(&mut Value); 4] = [
            |_| {},
            |new| new["metadata"]["labels"]["a"] = "b".into(),
            |new| new["spec"]["syft"]["artifacts"][0]["name"] = "musl".into(),
            |new| {
                new["metadata"]["labels"] = json!({});
                new["spec"]["syft"]["artifacts"] = json!([]);
            },
        ];
        for change in changes {
            let mut new = sent.clone();
            change(&mut new);
            let text = new.to_string();
            let validation = FieldValidation::Ignore;
            let (streamed, _) = write(&name)
                .update_streamed(text.as_bytes(), &old, validation)
                .unwrap();
            new["apiVersion"] = kubescape_api::API_VERSION.into();
            write(&name)
                .check_fields(&mut new, &[], validation)
                .unwrap();
            let before = stored_value(old.body.as_ref().unwrap(), 7).unwrap();
            let whole = write(&name).update(&before, new, false).unwrap();
            let drafts = [streamed, whole].map(|ready| ready.map(|ready| ready.draft));
            assert_eq!(drafts[0], drafts[1]);
        }
    }

    #[test]
    fn what_is_not_in_order_is_read_whole() {
        let faults: [fn(&mut Value); 5] = [
            |new| new["spec"]["syft"]["artifacts"] = "text".into(),
            |new| new["metadata"]["labels"]["-"] = "b".into(),
            |new| new["metadata"]["namespace"] = "other".into(),
            |new| new["kind"] = "Other".into(),
            |new| new["spec"] = Value::from(1),
        ];
        for fault in faults {
            let mut object = sbom();
            fault(&mut object);
            let text = object.to_string();
            let made =
                write("").creation_streamed(text.as_bytes(), &identity(), FieldValidation::Ignore);
            assert!(made.is_none(), "{text}");
        }
        let text = sbom().to_string();
        let strict = FieldValidation::Strict;
        assert!(
            write("")
                .creation_streamed(text.as_bytes(), &identity(), strict)
                .is_none()
        );
    }
}
