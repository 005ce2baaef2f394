//! Explanations of a running service over a storage in memory.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kubescape_collect::{Event, Kind, KindId, Kinds};
use kubescape_continuous::{Explainer, Handle, Options, Service, Stored};
use kubescape_engine::{Gap, Lack};
use kubescape_explain::{Explanation, ObjectRef, Phase, Verdict};
use kubescape_posture::{ResultKey, ResultObject, ResultResource};
use kubescape_runtime::Shutdown;
use kubescape_sink::{Done, Expected, IndexPage, Limits, ResultStore, StoreError, Writer};
use serde_json::json;
use tokio::sync::mpsc;

/// What is stored: annotations by key.
#[derive(Default)]
struct Memory {
    stored: Mutex<BTreeMap<ResultKey, BTreeMap<String, String>>>,
    refuses: Mutex<bool>,
}

#[async_trait]
impl ResultStore for Memory {
    async fn index(&self, _: ResultResource, _: Option<&str>) -> Result<IndexPage, StoreError> {
        Ok(IndexPage::default())
    }

    async fn put(&self, object: &ResultObject, _: Expected) -> Result<Done, StoreError> {
        if *self.refuses.lock().unwrap() {
            let why = "over its budget".to_owned();
            return Err(StoreError::Refused { code: 507, why });
        }
        let annotations = object.all_annotations().into_iter();
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
        self.stored
            .lock()
            .unwrap()
            .insert(object.key(), annotations.collect());
        Ok(Done::AsExpected)
    }

    async fn annotations(&self, key: &ResultKey) -> Result<BTreeMap<String, String>, StoreError> {
        let stored = self.stored.lock().unwrap();
        stored.get(key).cloned().ok_or(StoreError::Gone)
    }

    async fn delete(&self, key: &ResultKey) -> Result<Done, StoreError> {
        let removed = self.stored.lock().unwrap().remove(key);
        removed.map(|_| Done::AsExpected).ok_or(StoreError::Gone)
    }
}

struct World {
    events: mpsc::Sender<Event>,
    kinds: Kinds,
    store: Arc<Memory>,
    writer: Writer,
    handle: Handle,
    explainer: Explainer,
}

fn world() -> World {
    let (desk, kinds) = common::desk("all");
    let store = Arc::new(Memory::default());
    let writer = Writer::new(store.clone(), Limits::default());
    tokio::spawn(writer.clone().run(Shutdown::never()));
    let now = || "2026-11-24T10:00:00Z".to_owned();
    let outlet = Stored::new(writer.clone());
    let (service, handle) = Service::new(desk, outlet, &Options::default(), now, |_| {});
    let (events, received) = mpsc::channel(16);
    tokio::spawn(service.run(received));
    let explainer = Explainer::new(handle.clone(), writer.clone(), |name| name != "kube-system");
    World {
        events,
        kinds,
        store,
        writer,
        handle,
        explainer,
    }
}

const DEPLOYMENT: (&str, &str, &str) = ("apps", "Deployment", "deployments");
const REPLICA_SET: (&str, &str, &str) = ("apps", "ReplicaSet", "replicasets");
const POD: (&str, &str, &str) = ("", "Pod", "pods");

impl World {
    fn list(&self, (group, kind, resource): (&str, &str, &str)) -> KindId {
        self.kinds.id(Kind {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            resource: resource.into(),
            namespaced: true,
            ..Kind::default()
        })
    }

    async fn send(&self, event: Event) {
        self.events.send(event).await.unwrap();
    }

    async fn put(&self, kind: (&str, &str, &str), name: &str, owner: Option<(&str, &str)>) {
        let (group, kind_name, _) = kind;
        let slash = if group.is_empty() { "" } else { "/" };
        let owners = owner.map(|(kind, name)| {
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "1"}])
        });
        let object = json!({
            "apiVersion": format!("{group}{slash}v1"), "kind": kind_name,
            "metadata": {"name": name, "namespace": "shop", "ownerReferences": owners},
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "x:1"}]}}},
        });
        let text = object.to_string().into();
        let kind = self.list(kind);
        self.send(Event::Put { kind, text }).await;
    }

    async fn gap(&self, kind: (&str, &str, &str), lack: Lack, reason: &str) {
        let gap = Some(Gap {
            group: kind.0.into(),
            kind: kind.1.into(),
            lack,
            reason: reason.into(),
        });
        let kind = self.list(kind);
        self.send(Event::Gap { kind, gap }).await;
    }

    /// Everything has been read; waits until all of it is stored.
    async fn synced(&self) {
        self.send(Event::Synced).await;
        let mut progress = self.handle.progress();
        progress
            .wait_for(|progress| progress.settled)
            .await
            .unwrap();
        self.writer.idle().await;
    }

    async fn explain(&self, kind: &str, namespace: &str, name: &str) -> Explanation {
        let object = ObjectRef {
            api_version: String::new(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        self.explainer.explain(object).await
    }

    async fn verdict(&self, kind: &str, name: &str) -> Verdict {
        self.explain(kind, "shop", name).await.verdict
    }
}

#[tokio::test]
async fn a_result_is_not_yet_then_current_then_gone() {
    // Given an object, before everything was read
    let world = world();
    world.put(DEPLOYMENT, "cart", None).await;
    assert_eq!(world.verdict("Deployment", "cart").await, Verdict::NotYet);
    assert_eq!(world.explainer.progress().phase, Phase::Reading);

    // When all is read and stored, then its result is current
    world.synced().await;
    let said = world.explain("deployments", "shop", "cart").await;
    assert_eq!(said.verdict, Verdict::Current, "{said:?}");
    assert_eq!(said.object.api_version, "apps/v1");
    assert_eq!(said.object.kind, "Deployment");
    assert_eq!(said.result.as_deref(), Some("shop/deployment-cart"));
    assert_eq!(said.since.as_deref(), Some("2026-11-24T10:00:00Z"));
    assert_eq!(said.engine_version.as_deref(), Some("1.2.3"));
    assert_eq!(said.input_digest, said.present_digest);
    assert!(!said.controls.unwrap().failed.is_empty());
    let progress = world.explainer.progress();
    assert_eq!((progress.phase, progress.settled), (Phase::Following, true));

    // And of others it is said what they are
    let none = world.verdict("Deployment", "crat").await;
    assert_eq!(none, Verdict::NoSuchObject);
    assert_eq!(world.verdict("Widget", "a").await, Verdict::NotJudged);
    let excluded = world.explain("Deployment", "kube-system", "dns").await;
    assert_eq!(excluded.verdict, Verdict::NamespaceExcluded);
}

#[tokio::test]
async fn an_owned_object_names_the_topmost_owner() {
    let world = world();
    world.put(DEPLOYMENT, "cart", None).await;
    world
        .put(REPLICA_SET, "cart-1", Some(("Deployment", "cart")))
        .await;
    world
        .put(POD, "cart-1-a", Some(("ReplicaSet", "cart-1")))
        .await;
    world.synced().await;
    let Verdict::OwnedByParent { owner } = world.verdict("pod", "cart-1-a").await else {
        unreachable!("it is owned");
    };
    assert_eq!(
        (&*owner.api_version, &*owner.kind, &*owner.name),
        ("apps/v1", "Deployment", "cart")
    );

    // When a later list does not have it any more, it is not there
    let kind = world.list(POD);
    world.send(Event::Listing { kind }).await;
    world.send(Event::Listed { kind }).await;
    assert_eq!(
        world.verdict("Pod", "cart-1-a").await,
        Verdict::NoSuchObject
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_kind_is_told_by_its_reason() {
    let world = world();
    world.put(DEPLOYMENT, "cart", None).await;
    let service = ("", "Service", "services");
    let ingress = ("networking.k8s.io", "Ingress", "ingresses");
    let policy = ("policy", "PodSecurityPolicy", "");
    world
        .gap(POD, Lack::Unread, "pods: forbidden: User \"a\" cannot list")
        .await;
    world
        .gap(
            service,
            Lack::Unread,
            "services: the rules file leaves it out",
        )
        .await;
    world
        .gap(ingress, Lack::Unread, "ingresses: no answer within 5 s")
        .await;
    world
        .gap(
            policy,
            Lack::Absent,
            "the cluster has no PodSecurityPolicy.policy",
        )
        .await;
    world.synced().await;
    assert_eq!(world.verdict("Pod", "a").await, Verdict::Forbidden);
    assert_eq!(world.verdict("Ingress", "a").await, Verdict::Unreadable);
    assert_eq!(
        world.verdict("PodSecurityPolicy", "a").await,
        Verdict::NoSuchKind
    );
    let left_out = world.explain("Service", "shop", "a").await;
    assert_eq!(left_out.verdict, Verdict::Unreadable);
    assert!(left_out.remedy.contains("matchingRules.json"));
    // And whose controls read such kinds is partial.
    let partial = world.explain("Deployment", "shop", "cart").await;
    assert_eq!(partial.verdict, Verdict::Partial, "{partial:?}");
}

#[tokio::test]
async fn a_refusal_and_what_others_removed_are_seen() {
    // Given a storage without room
    let world = world();
    *world.store.refuses.lock().unwrap() = true;
    world.put(DEPLOYMENT, "cart", None).await;
    world.synced().await;
    let Verdict::Refused { error } = world.verdict("Deployment", "cart").await else {
        unreachable!("it was refused");
    };
    assert_eq!(error, "507: over its budget");

    // When there is room, and somebody else removes the result afterwards
    *world.store.refuses.lock().unwrap() = false;
    world.put(DEPLOYMENT, "wish", None).await;
    // A question sees what came before it, so that its result is under way.
    world.explain("Deployment", "shop", "wish").await;
    world.writer.idle().await;
    assert_eq!(world.verdict("Deployment", "wish").await, Verdict::Current);
    world.store.stored.lock().unwrap().clear();
    let lost = world.explain("Deployment", "shop", "wish").await;
    assert_eq!(lost.verdict, Verdict::NotYet);
    assert!(lost.reasons[0].contains("does not have it any more"));
}

#[tokio::test]
async fn a_service_that_has_ended_says_so() {
    let World {
        events,
        explainer,
        handle,
        ..
    } = world();
    drop(events);
    let mut progress = handle.progress();
    while progress.changed().await.is_ok() {}
    let said = explainer
        .explain(ObjectRef {
            kind: "Pod".to_owned(),
            name: "a".to_owned(),
            ..ObjectRef::default()
        })
        .await;
    assert_eq!(said.verdict, Verdict::Unknown);
    assert!(said.reasons[0].contains("has ended"), "{said:?}");
}
