//! What a desk knows of one object, for explanations.

use std::sync::Arc;

use kubescape_collect::{Kind, KindId};
use kubescape_engine::{Gap, Lack, Outcome, Record, Severity, Status, StatusInfo};
use kubescape_explain::{
    Controls, FailedControl, Judged, KindState, ObjectRef, Owner, Presence, SkippedControl,
};
use kubescape_names::{ScannedObject, annotation, scan_name};
use kubescape_posture::{Key, ResultObject, ResultResource};

use super::{Desk, id_of};

/// What a desk knows of one object.
#[derive(Clone, Debug)]
pub struct About {
    /// The object, with its kind and API version as the cluster spells them.
    pub object: ObjectRef,
    /// How it is with its kind.
    pub kind: KindState,
    /// Whether it is there.
    pub presence: Presence,
    /// What judging it came to.
    pub judged: Option<Judged>,
    /// Where its results are, or would be; `None` when they cannot be named.
    pub key: Option<Key>,
}

/// Objects own each other no deeper than this.
const DEPTH: usize = 8;

/// Where kubectl, too, looks for objects whose namespace nobody says.
const DEFAULT_NAMESPACE: &str = "default";

impl Desk {
    /// What is known of an object. Its kind may be spelt in any case, or be the plural;
    /// without an API version all groups are looked through.
    pub fn about(&self, object: &ObjectRef) -> About {
        let kinds = self.kinds_called(object);
        let named = kinds.iter().map(|(_, kind)| kind);
        let Some(first) = named
            .clone()
            .find(|kind| !kind.version.is_empty())
            .or(kinds.first().map(|(_, kind)| kind))
        else {
            return self.about_unknown(object);
        };
        let (kind, id, object) = named
            .flat_map(|kind| places(kind, object))
            .find(|(_, id, _)| self.world.find(id).is_some() || self.owner_of(id).is_some())
            .or_else(|| places(first, object).into_iter().next())
            .unwrap_or_else(|| (Arc::clone(first), String::new(), object.clone()));
        let number = self.world.find(&id);
        let presence = match (number, self.owner_of(&id)) {
            (Some(_), _) => Presence::There,
            (None, Some(owner)) => Presence::Owned(owner),
            (None, None) => Presence::Missing,
        };
        About {
            kind: self.state_of(&kind, &kinds, &object),
            key: number
                .and_then(|number| self.keys.get(&number).cloned())
                .or_else(|| self.key_of(&kind, &object)),
            judged: number.and_then(|number| self.judged(number)),
            presence,
            object,
        }
    }

    /// Of a kind that nothing was heard of.
    fn about_unknown(&self, object: &ObjectRef) -> About {
        let read = self.world.plan().kinds().into_iter().any(|kind| {
            let group = object.group();
            let of_group = group.is_none_or(|group| kind.group == "*" || kind.group == group);
            of_group && kind.kind.eq_ignore_ascii_case(&object.kind)
        });
        About {
            object: object.clone(),
            kind: if read {
                KindState::Read
            } else {
                KindState::NotJudged
            },
            presence: Presence::Missing,
            judged: None,
            key: None,
        }
    }

    fn kinds_called(&self, object: &ObjectRef) -> Vec<(KindId, Arc<Kind>)> {
        let called = |kind: &Arc<Kind>| {
            let group = object.group();
            group.is_none_or(|group| *kind.group == *group || &*kind.group == "*")
                && (kind.kind.eq_ignore_ascii_case(&object.kind)
                    || kind.resource.eq_ignore_ascii_case(&object.kind))
        };
        let known = self.kinds.all().into_iter().filter(called);
        known
            .map(|kind| (self.kinds.id((*kind).clone()), kind))
            .collect()
    }

    /// The topmost owner that is known of an object that is judged through it.
    fn owner_of(&self, id: &str) -> Option<Owner> {
        let owner_of = |id: &str| self.lists.values().find_map(|list| list.owned.get(id));
        let mut top = owner_of(id)?;
        for _ in 0..DEPTH {
            match owner_of(top) {
                Some(next) => top = next,
                None => break,
            }
        }
        let mut parts = top.splitn(5, '/');
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let (group, version, _, kind, name) = (part(), part(), part(), part(), part());
        Some(Owner {
            api_version: if group.is_empty() {
                version
            } else {
                format!("{group}/{version}")
            },
            kind,
            name,
        })
    }

    fn state_of(
        &self,
        kind: &Kind,
        kinds: &[(KindId, Arc<Kind>)],
        object: &ObjectRef,
    ) -> KindState {
        let concerns = |list: &Kind| {
            let only = &*list.only;
            only.is_empty() || only == object.namespace || only == object.name
        };
        let of_kind = kinds
            .iter()
            .filter(|(_, known)| known.group == kind.group && concerns(known));
        let mut gaps = of_kind.filter_map(|(id, _)| self.lists.get(id)?.gap.as_ref());
        gaps.next().map_or(KindState::Read, state)
    }

    fn key_of(&self, kind: &Kind, object: &ObjectRef) -> Option<Key> {
        let scanned = ScannedObject {
            api_version: &object.api_version,
            kind: &object.kind,
            namespace: &object.namespace,
            name: &object.name,
        };
        let namespace = if kind.namespaced && !object.namespace.is_empty() {
            &object.namespace
        } else {
            &self.context.namespace
        };
        Some(Key {
            namespace: namespace.as_str().into(),
            name: scan_name(&scanned).ok()?.into_string().into(),
        })
    }

    /// `None` while nothing has been settled, and when no control says anything.
    fn judged(&self, number: u32) -> Option<Judged> {
        let summary = self
            .results(&[number], "")
            .into_iter()
            .find(|result| result.resource == ResultResource::Summary)?;
        let outcome = self.world.records();
        let record = outcome.records.get(number as usize)?;
        let gaps = text(&summary, annotation::RESULT_GAPS);
        Some(Judged {
            input_digest: text(&summary, annotation::INPUT_DIGEST),
            engine_version: text(&summary, annotation::ENGINE_VERSION),
            library_version: text(&summary, annotation::LIBRARY_VERSION),
            gaps: if gaps.is_empty() {
                Vec::new()
            } else {
                vec![gaps]
            },
            controls: Some(controls(outcome, record)),
            result_digest: Some(summary.digest.into()),
        })
    }
}

/// Where an object of that kind may be: resource IDs, each with the object.
fn places(kind: &Arc<Kind>, object: &ObjectRef) -> Vec<(Arc<Kind>, String, ObjectRef)> {
    let namespaces = match &*object.namespace {
        _ if !kind.namespaced && !kind.version.is_empty() => vec![""],
        // A manifest may leave out what a cluster would fill in.
        "" => vec!["", DEFAULT_NAMESPACE],
        DEFAULT_NAMESPACE => vec![DEFAULT_NAMESPACE, ""],
        namespace => vec![namespace],
    };
    let place = |namespace: &str| {
        let slash = if kind.group.is_empty() { "" } else { "/" };
        let (group, version) = (&kind.group, &kind.version);
        let api_version = if version.is_empty() {
            object.api_version.clone()
        } else {
            format!("{group}{slash}{version}")
        };
        let object = ObjectRef {
            api_version,
            kind: kind.kind.to_string(),
            namespace: namespace.to_owned(),
            name: object.name.clone(),
        };
        (
            Arc::clone(kind),
            id_of(kind, namespace, &object.name),
            object,
        )
    };
    namespaces.into_iter().map(place).collect()
}

fn text(result: &ResultObject, key: annotation::AnnotationKey) -> String {
    let annotation = result.annotations.get(key.as_str());
    annotation.cloned().unwrap_or_default()
}

/// What a gap means for a kind, by the words of whoever found it.
fn state(gap: &Gap) -> KindState {
    let reason = gap.reason.to_string();
    match gap.lack {
        Lack::Absent => KindState::Absent(reason),
        Lack::Unread if reason.contains("forbidden: ") => KindState::Forbidden(reason),
        Lack::Unread if reason.contains("the rules file leaves it out") => {
            KindState::LeftOut(reason)
        }
        Lack::Unread => KindState::Unread(reason),
    }
}

fn controls(outcome: &Outcome, record: &Record) -> Controls {
    let mut controls = Controls::default();
    let mut failed: Vec<(Severity, FailedControl)> = Vec::new();
    for verdict in outcome.verdicts(record) {
        let control = outcome.plan.controls[verdict.control];
        let StatusInfo { status, info, .. } = verdict.status;
        match status {
            Status::Passed => controls.passed += 1,
            Status::Skipped => controls.skipped.push(SkippedControl {
                id: control.id.to_owned(),
                reason: info.to_owned(),
            }),
            Status::Failed => failed.push((
                control.severity(),
                FailedControl {
                    id: control.id.to_owned(),
                    name: control.name.to_owned(),
                    severity: control.severity().name().to_owned(),
                },
            )),
        }
    }
    failed.sort_by(|(one, a), (other, b)| other.cmp(one).then_with(|| a.id.cmp(&b.id)));
    controls.failed = failed.into_iter().map(|(_, control)| control).collect();
    controls
}
