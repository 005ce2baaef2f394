//! What can be said of an object's result without the scanner: from the object as it
//! is in the cluster, and from what is stored of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use kubescape_controls::LIBRARY;
use kubescape_engine::{Arena, Object, Severity, digest, from_json_str};
use kubescape_explain::{
    Controls, Delivery, Explanation, Facts, FailedControl, Judged, KindState, ObjectRef, Owner,
    Presence, SkippedControl, Stored, StoredResult, explain,
};
use kubescape_live::{Access, Connection, One, Patience, Sought};
use kubescape_names::{ScannedObject, annotation, scan_name};
use kubescape_posture::{API_VERSION, ResultResource};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use crate::api::{Answer, Api};

/// Why the result of an object is as it is, as far as the cluster tells. `product` is
/// the namespace of the platform, where results of what has no namespace are.
///
/// # Errors
///
/// The cluster cannot be reached.
pub async fn look(
    api: &Api,
    access: &Access,
    mut object: ObjectRef,
    product: &str,
    patience: Duration,
) -> Result<Explanation, String> {
    let patience = Patience {
        tries: 2,
        answer: patience,
        connect: patience,
        ..Patience::default()
    };
    let connection = Connection::open(access, patience).await;
    let connection = connection.map_err(|error| error.to_string())?;
    let one = connection
        .one(&Sought {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        })
        .await;
    let seen = seen(&mut object, one);
    let stored = if matches!(seen.kind, KindState::Absent(_)) {
        Stored::Nothing
    } else {
        stored(api, &object, product).await
    };
    let facts = Facts {
        synced: true,
        to_write: 0,
        kind: seen.kind,
        namespace_followed: true,
        presence: seen.presence,
        judged: seen.judged,
        stored,
        delivery: Delivery::Unknown,
        unknown: vec![
            "whether its kind and namespace are followed, whether a result waits or was refused: only the scanner knows".to_owned(),
        ],
    };
    Ok(explain(object, facts))
}

struct Seen {
    kind: KindState,
    presence: Presence,
    judged: Option<Judged>,
}

/// What looking for the object says; completes how it is called.
fn seen(object: &mut ObjectRef, one: One) -> Seen {
    let without = |kind, presence| Seen {
        kind,
        presence,
        judged: None,
    };
    match one {
        One::NoSuchKind(failed) if failed.is_empty() => without(
            KindState::Absent(format!("the cluster has no kind {}", object.kind)),
            Presence::Missing,
        ),
        One::NoSuchKind(failed) => without(
            KindState::Unread(format!(
                "the cluster has no kind {}, as far as its servers answer: {}",
                object.kind,
                failed.join("; ")
            )),
            Presence::Missing,
        ),
        // Of this user, that is: the scanner may have other rights.
        One::Forbidden(words) => without(KindState::Read, Presence::Unknown(words)),
        One::Failed(why) => without(KindState::Read, Presence::Unknown(why)),
        One::Found {
            api_version,
            kind,
            namespaced,
            text,
        } => {
            object.api_version = api_version;
            object.kind = kind;
            if !namespaced {
                object.namespace.clear();
            }
            let state = if is_read(object) {
                KindState::Read
            } else {
                KindState::NotJudged
            };
            let Some(text) = text else {
                return without(state, Presence::Missing);
            };
            let (presence, judged) = judged(&text);
            Seen {
                kind: state,
                presence,
                judged,
            }
        }
    }
}

/// Whether any control reads objects of that kind.
fn is_read(object: &ObjectRef) -> bool {
    let group = object.group().unwrap_or_default();
    LIBRARY
        .rules
        .iter()
        .any(|rule| rule.reads(group, &object.kind))
}

fn judged(text: &str) -> (Presence, Option<Judged>) {
    let arena = Arena::new();
    let value = match from_json_str(text, &arena) {
        Ok(value) => value,
        Err(error) => return (Presence::Unknown(format!("it is no JSON: {error}")), None),
    };
    let object = Object::new(value, 0);
    if object.is_owned() {
        let owners = object.metadata().at("ownerReferences").items();
        let text = |key| {
            owners
                .first()
                .map_or("", |owner| owner.at(key).str())
                .to_owned()
        };
        let owner = Owner {
            api_version: text("apiVersion"),
            kind: text("kind"),
            name: text("name"),
        };
        return (Presence::Owned(owner), None);
    }
    let judged = Judged {
        input_digest: format!("sha256-128:{}", digest(&object)),
        // The versions of this program say nothing of those of the scanner.
        ..Judged::default()
    };
    (Presence::There, Some(judged))
}

async fn stored(api: &Api, object: &ObjectRef, product: &str) -> Stored {
    let scanned = ScannedObject {
        api_version: &object.api_version,
        kind: &object.kind,
        namespace: &object.namespace,
        name: &object.name,
    };
    let Ok(name) = scan_name(&scanned) else {
        return Stored::Nothing;
    };
    let namespace = match &*object.namespace {
        "" => product,
        namespace => namespace,
    };
    let plural = ResultResource::Summary.plural();
    let segment = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let path = format!(
        "/apis/{API_VERSION}/namespaces/{}/{plural}/{}",
        segment(namespace),
        segment(name.as_str())
    );
    match api.get(&path).await {
        Ok(answer) if answer.is_success() => Stored::Result(Box::new(result(&answer))),
        // Without an object's name it is the whole group that is not there.
        Ok(answer) if answer.code == 404 && answer.body["details"]["name"].is_string() => {
            Stored::Nothing
        }
        Ok(answer) if answer.code == 404 => {
            Stored::Unknown("this cluster's API serves no results".to_owned())
        }
        Ok(answer) => Stored::Unknown(answer.words()),
        Err(why) => Stored::Unknown(why),
    }
}

fn result(answer: &Answer) -> StoredResult {
    let metadata = &answer.body["metadata"];
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let said = |key: annotation::AnnotationKey| text(&metadata["annotations"][key.as_str()]);
    StoredResult {
        namespace: text(&metadata["namespace"]),
        name: text(&metadata["name"]),
        since: said(annotation::RESULT_SINCE),
        input_digest: said(annotation::INPUT_DIGEST),
        result_digest: said(annotation::RESULT_DIGEST),
        engine_version: said(annotation::ENGINE_VERSION),
        library_version: said(annotation::LIBRARY_VERSION),
        gaps: said(annotation::RESULT_GAPS),
        controls: answer.body["spec"]["controls"].as_object().map(controls),
    }
}

/// What a stored summary says of controls.
fn controls(stored: &serde_json::Map<String, Json>) -> Controls {
    let mut controls = Controls::default();
    let mut failed: BTreeMap<(Reverse<Option<Severity>>, &str), FailedControl> = BTreeMap::new();
    for (id, said) in stored {
        match said["status"]["status"].as_str() {
            Some("failed") => {
                let known = LIBRARY.control(id);
                let severity = said["severity"]["severity"].as_str().unwrap_or_default();
                let rank = Reverse(Severity::parse(severity));
                failed.insert(
                    (rank, id),
                    FailedControl {
                        id: id.clone(),
                        name: known.map_or("", |control| control.name).to_owned(),
                        severity: severity.to_owned(),
                    },
                );
            }
            Some("passed") => controls.passed += 1,
            _ => controls.skipped.push(SkippedControl {
                id: id.clone(),
                reason: said["status"]["info"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            }),
        }
    }
    controls.failed = failed.into_values().collect();
    controls
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(owner: Option<&str>) -> One {
        let owners =
            owner.map(|kind| json!([{"apiVersion": "apps/v1", "kind": kind, "name": "a"}]));
        let text = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "namespace": "shop", "ownerReferences": owners},
        });
        One::Found {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespaced: true,
            text: Some(text.to_string()),
        }
    }

    fn asked() -> ObjectRef {
        ObjectRef {
            kind: "po".to_owned(),
            namespace: "shop".to_owned(),
            name: "p".to_owned(),
            ..ObjectRef::default()
        }
    }

    #[test]
    fn an_object_is_called_as_the_cluster_calls_it_and_has_a_digest() {
        let mut object = asked();
        let seen = seen(&mut object, pod(None));
        assert_eq!((&*object.kind, &*object.api_version), ("Pod", "v1"));
        assert_eq!(seen.presence, Presence::There);
        assert!(seen.judged.unwrap().input_digest.starts_with("sha256-128:"));
    }

    #[test]
    fn an_owner_and_what_cannot_be_seen_are_told() {
        let owned = seen(&mut asked(), pod(Some("ReplicaSet")));
        assert!(matches!(owned.presence, Presence::Owned(owner) if owner.kind == "ReplicaSet"));
        let none = seen(&mut asked(), One::NoSuchKind(Vec::new()));
        assert!(matches!(none.kind, KindState::Absent(_)));
        let perhaps = seen(&mut asked(), One::NoSuchKind(vec!["a: down".to_owned()]));
        assert!(matches!(perhaps.kind, KindState::Unread(why) if why.contains("a: down")));
        let forbidden = seen(&mut asked(), One::Forbidden("no".to_owned()));
        assert_eq!(forbidden.presence, Presence::Unknown("no".to_owned()));
    }

    #[test]
    fn a_stored_summary_lists_the_worst_first() {
        let stored = json!({
            "C-0001": {"severity": {"severity": "Low", "scoreFactor": 2}, "status": {"status": "failed"}},
            "C-0057": {"severity": {"severity": "High", "scoreFactor": 8}, "status": {"status": "failed"}},
            "C-0002": {"status": {"status": "passed"}},
            "C-0003": {"status": {"status": "skipped", "info": "why"}},
        });
        let controls = controls(stored.as_object().unwrap());
        let ids: Vec<_> = controls.failed.iter().map(|control| &*control.id).collect();
        assert_eq!(ids, ["C-0057", "C-0001"]);
        assert_eq!((controls.passed, &*controls.skipped[0].reason), (1, "why"));
    }
}
