//! Sweeps over a real embedded store, with a cluster that the test makes up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kubescape_api::Resource;
use kubescape_runtime::Shutdown;
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_store::{
    Change, Error, EventKind, Expect, Filter, Key, SqliteOptions, SqliteStore, Store,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::cleanup::metrics::Metrics;
use crate::cleanup::rule::{Graces, Reason};
use crate::cleanup::shared::{Shared, Source};
use crate::cleanup::sweep::Sweeper;
use crate::cleanup::{Cleanup, CleanupOptions};

const SCANS: &str = "workloadconfigurationscans";
const SBOMS: &str = "sbomspdxv2p3s";

const GRACES: Graces = Graces {
    workload: Duration::from_mins(10),
    image: Duration::from_hours(24),
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn open(folder: &TempDir) -> Arc<SqliteStore> {
    let path = folder.path().join("storage.sqlite");
    Arc::new(SqliteStore::open(SqliteOptions::new(path)).unwrap())
}

async fn put(store: &dyn Store, resource: &str, name: &str, metadata: Value) {
    let mut metadata = metadata;
    metadata["name"] = name.into();
    metadata["namespace"] = "shop".into();
    metadata["uid"] = format!("{resource}-{name}").into();
    metadata["creationTimestamp"] = "2024-01-02T03:04:05Z".into();
    let object = json!({"metadata": metadata, "spec": {}});
    let draft = crate::draft::draft(Resource::by_plural(resource).unwrap(), &object);
    store.commit(vec![Change::Create(draft)]).await.unwrap();
}

async fn put_scan(store: &dyn Store, workload: &str) {
    let wlid = format!("wlid://cluster-prod/namespace-shop/{workload}");
    let metadata = json!({"annotations": {"kubescape.io/wlid": wlid}});
    put(store, SCANS, workload, metadata).await;
}

async fn put_sbom(store: &dyn Store, image: &str) {
    let metadata = json!({"annotations": {"kubescape.io/image-id": image}});
    put(store, SBOMS, image, metadata).await;
}

async fn is_there(store: &dyn Store, resource: &str, name: &str) -> bool {
    let key = Key::new(resource, "shop", name);
    store.metadata(&key).await.unwrap().is_some()
}

/// A sweeper that knows everything about a cluster that has nothing.
fn sweeper(store: &Arc<SqliteStore>) -> (Sweeper, Arc<Shared>) {
    let shared = Arc::new(Shared::default());
    *shared.facts() = empty_cluster();
    let metrics = Metrics::register(&Registry::new());
    let store: Arc<dyn Store> = store.clone();
    (
        Sweeper::new(store, Arc::clone(&shared), GRACES, metrics),
        shared,
    )
}

const fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

#[tokio::test]
async fn a_workload_is_followed_by_its_scan_after_ten_minutes_and_watchers_hear_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (mut sweeper, shared) = sweeper(&store);
    shared.see(Kind::Deployment, &sighting("shop", "cart", &[]));
    put_scan(&*store, "deployment-cart").await;
    put_scan(&*store, "deployment-gone").await;
    put_sbom(&*store, "cart").await;
    let now = store.resource_version().await.unwrap();
    let mut watch = store.subscribe(Filter::all(SCANS), now).await.unwrap();

    let first = sweeper.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(first.all_deleted(), 0);
    assert_eq!(first.orphans, BTreeMap::from([(SCANS, 1), (SBOMS, 1)]));
    assert_eq!(first.soonest, Some(minutes(10)));

    let second = sweeper.sweep(minutes(9)).await.unwrap();
    assert_eq!(second.all_deleted(), 0);
    assert_eq!(second.soonest, Some(minutes(1)));

    let third = sweeper.sweep(minutes(1)).await.unwrap();
    assert_eq!(third.deleted, BTreeMap::from([(Reason::Workload, 1)]));
    assert_eq!(third.orphans, BTreeMap::from([(SBOMS, 1)]));
    assert!(is_there(&*store, SCANS, "deployment-cart").await);
    let event = watch.try_next().await.unwrap().unwrap();
    assert_eq!(event.kind, EventKind::Deleted);
    assert_eq!(event.object.key.name, "deployment-gone");
    assert!(watch.try_next().await.unwrap().is_none());

    let last = sweeper.sweep(minutes(24 * 60)).await.unwrap();
    assert_eq!(last.deleted, BTreeMap::from([(Reason::Image, 1)]));
}

#[tokio::test]
async fn an_image_that_ran_between_two_sweeps_has_its_whole_grace_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (mut sweeper, shared) = sweeper(&store);
    put_sbom(&*store, "nightly").await;
    sweeper.sweep(Duration::ZERO).await.unwrap();
    let mut job = sighting("shop", "nightly-1", &["c"]);
    job.tokens = vec![image_token("nightly")];
    for _day in 0..3 {
        // The Job runs for a moment, and no sweep sees it.
        shared.see(Kind::Pod, &job);
        shared.lose(Kind::Pod, "shop", "nightly-1");
        let report = sweeper.sweep(minutes(24 * 60)).await.unwrap();
        assert_eq!(report.all_deleted(), 0);
        assert_eq!(report.soonest, Some(GRACES.image));
    }
    let report = sweeper.sweep(minutes(24 * 60)).await.unwrap();
    assert_eq!(report.all_deleted(), 1);
}

#[tokio::test]
async fn graces_go_on_after_a_restart_but_not_while_nobody_watches() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put_sbom(&*store, "cart").await;
    let (mut before, _) = sweeper(&store);
    before.sweep(Duration::ZERO).await.unwrap();
    before.sweep(minutes(60)).await.unwrap();
    before.save().await.unwrap();

    let (mut after, _) = sweeper(&store);
    after.load().await.unwrap();
    let report = after.sweep(minutes(600)).await.unwrap();
    assert_eq!(report.soonest, Some(minutes(23 * 60)));
    after.save().await.unwrap();
    let report = after.sweep(minutes(23 * 60)).await.unwrap();
    assert_eq!(report.all_deleted(), 1);
}

#[tokio::test]
async fn what_cannot_be_known_is_kept_and_does_not_age() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (mut sweeper, shared) = sweeper(&store);
    put_scan(&*store, "secret-token").await;
    put_scan(&*store, "deployment-gone").await;
    sweeper.sweep(Duration::ZERO).await.unwrap();
    sweeper.sweep(minutes(8)).await.unwrap();

    shared.unavailable(Kind::Secret, "forbidden".to_owned());
    let report = sweeper.sweep(minutes(60)).await.unwrap();
    assert_eq!(report.all_deleted(), 1);
    assert_eq!((report.unknown, report.missing), (1, [Kind::Secret].into()));

    shared.begin(Kind::Secret);
    shared.complete(Kind::Secret);
    let report = sweeper.sweep(minutes(60)).await.unwrap();
    assert_eq!(report.soonest, Some(minutes(2)));
    let report = sweeper.sweep(minutes(2)).await.unwrap();
    assert_eq!(report.all_deleted(), 1);
}

#[tokio::test]
async fn an_object_that_changed_meanwhile_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (sweeper, _) = sweeper(&store);
    put_scan(&*store, "deployment-gone").await;
    let key = Key::new(SCANS, "shop", "deployment-gone");
    let judged = store.metadata(&key).await.unwrap().unwrap();

    store
        .commit(vec![Change::Delete(key.clone(), Expect::any())])
        .await
        .unwrap();
    put_scan(&*store, "deployment-gone").await;
    let done = sweeper.delete(&judged).await;
    assert!(matches!(done, Err(Error::Conflict { .. })), "{done:?}");
    assert!(is_there(&*store, SCANS, "deployment-gone").await);
}

#[tokio::test]
async fn an_object_with_a_finalizer_is_marked_once_and_left_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (mut sweeper, _) = sweeper(&store);
    let metadata = json!({
        "annotations": {"kubescape.io/image-id": "cart"}, "finalizers": ["example.org/archive"]
    });
    put(&*store, SBOMS, "cart", metadata).await;
    sweeper.sweep(Duration::ZERO).await.unwrap();
    let report = sweeper.sweep(GRACES.image).await.unwrap();
    assert_eq!(report.all_deleted(), 1);
    let key = Key::new(SBOMS, "shop", "cart");
    let marked = store.metadata(&key).await.unwrap().unwrap();
    assert!(marked.deleting.is_some() && marked.finalizers);
    let report = sweeper.sweep(GRACES.image).await.unwrap();
    assert_eq!((report.all_deleted(), report.orphans.len()), (0, 0));
}

/// A cluster with these objects, where some kinds are forbidden.
#[derive(Default)]
struct MadeUp {
    objects: BTreeMap<Kind, Vec<Sighting>>,
    forbidden: BTreeSet<Kind>,
    followed: Mutex<BTreeSet<Kind>>,
}

#[async_trait]
impl Source for MadeUp {
    async fn follow(&self, kind: Kind, shared: &Shared) {
        self.followed.lock().unwrap().insert(kind);
        if self.forbidden.contains(&kind) {
            shared.unavailable(kind, "forbidden".to_owned());
        } else {
            shared.begin(kind);
            for sighting in self.objects.get(&kind).into_iter().flatten() {
                shared.see(kind, sighting);
            }
            shared.complete(kind);
        }
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn the_whole_runs_by_itself_follows_what_matters_and_says_what_it_does() {
    // Given two scans of workloads that are there, one of what is gone, and one
    // that nobody can tell about
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let source = Arc::new(MadeUp {
        objects: BTreeMap::from([(
            Kind::Deployment,
            vec![
                sighting("shop", "cart", &[]),
                sighting("shop", "front", &[]),
            ],
        )]),
        forbidden: BTreeSet::from([Kind::Secret]),
        ..MadeUp::default()
    });
    for workload in [
        "deployment-cart",
        "deployment-front",
        "deployment-gone",
        "secret-token",
    ] {
        put_scan(&*store, workload).await;
    }
    let now = store.resource_version().await.unwrap();
    let mut watch = store.subscribe(Filter::all(SCANS), now).await.unwrap();
    let registry = Registry::new();
    let options = CleanupOptions {
        workload_grace: Duration::ZERO,
        ..CleanupOptions::default()
    };
    let shared_store: Arc<dyn Store> = store.clone();
    let mut cleanup = Cleanup::with_source(shared_store, source.clone(), None, options, &registry);
    cleanup.pace.gap = Duration::ZERO;
    cleanup.pace.share = 0;
    let shared = Arc::clone(&cleanup.shared);
    let (trigger, shutdown) = Shutdown::new();
    let running = tokio::spawn(cleanup.run(shutdown));

    // When it starts, what is gone goes
    let event = tokio::time::timeout(PATIENCE, watch.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(event.object.key.name, "deployment-gone");
    // And when something vanishes, so does its scan
    shared.lose(Kind::Deployment, "shop", "front");
    let event = tokio::time::timeout(PATIENCE, watch.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (event.kind, &*event.object.key.name),
        (EventKind::Deleted, "deployment-front")
    );

    // The sweep that did it ends a moment later.
    let counted =
        "kubescape_storage_cleanup_deleted_total{resource=\"workloadconfigurationscans\"} 2";
    let swept = async {
        while !registry.text().contains(counted) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, swept).await.unwrap();
    trigger.advance(kubescape_runtime::Phase::Draining);
    tokio::time::timeout(PATIENCE, running)
        .await
        .unwrap()
        .unwrap();
    assert!(is_there(&*store, SCANS, "deployment-cart").await);
    assert!(is_there(&*store, SCANS, "secret-token").await);
    let followed = source.followed.lock().unwrap().clone();
    assert_eq!(followed, BTreeSet::from([Kind::Deployment, Kind::Secret]));
    let text = registry.text();
    for line in [
        "kubescape_storage_cleanup_orphans{resource=\"workloadconfigurationscans\"} 0",
        "kubescape_storage_cleanup_incomplete{kind=\"Secret\"} 1",
        "kubescape_storage_cleanup_incomplete{kind=\"Deployment\"} 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    let stamp = "kubescape_storage_cleanup_last_success_timestamp_seconds ";
    let stamp = text
        .lines()
        .find_map(|line| line.strip_prefix(stamp))
        .unwrap();
    assert!(stamp.parse::<f64>().unwrap() > 1.7e9);
}

#[tokio::test]
async fn a_shutdown_saves_how_long_objects_have_been_stale() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    put_sbom(&*store, "cart").await;
    let shared_store: Arc<dyn Store> = store.clone();
    let cleanup = Cleanup::with_source(
        shared_store,
        Arc::new(MadeUp::default()),
        None,
        CleanupOptions::default(),
        &Registry::new(),
    );
    let key = Filter::all("cleanup-ledger");
    let now = store.resource_version().await.unwrap();
    let mut saves = store.subscribe(key, now).await.unwrap();
    let (trigger, shutdown) = Shutdown::new();
    let running = tokio::spawn(cleanup.run(shutdown));
    // Once when the first orphan is seen, once at the end.
    tokio::time::timeout(PATIENCE, saves.next())
        .await
        .unwrap()
        .unwrap();
    trigger.advance(kubescape_runtime::Phase::Draining);
    tokio::time::timeout(PATIENCE, running)
        .await
        .unwrap()
        .unwrap();
    let event = saves.try_next().await.unwrap().unwrap();
    let body = store.body(&event.object).await.unwrap();
    let saved: Value = serde_json::from_slice(&body).unwrap();
    assert!(
        saved["stale"][format!("{SBOMS}-cart")]["ms"].is_u64(),
        "{saved}"
    );
}

#[tokio::test]
async fn an_interval_of_zero_is_no_cleanup() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let source = Arc::new(MadeUp::default());
    put_sbom(&*store, "cart").await;
    let options = CleanupOptions {
        interval: Duration::ZERO,
        ..CleanupOptions::default()
    };
    let cleanup = Cleanup::with_source(store, source.clone(), None, options, &Registry::new());
    let run = cleanup.run(Shutdown::never());
    tokio::time::timeout(PATIENCE, run).await.unwrap();
    assert!(source.followed.lock().unwrap().is_empty());
}

#[tokio::test]
#[ignore = "a measurement: run it with --nocapture"]
async fn a_hundred_thousand_objects_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let resource = Resource::by_plural(SCANS).unwrap();
    for batch in 0..100 {
        let changes = (0..1000).map(|at| {
            let name = format!("deployment-app-{batch}-{at}");
            let wlid = format!("wlid://cluster-prod/namespace-shop/{name}");
            let object = json!({"metadata": {
                "name": name, "namespace": "shop", "uid": name,
                "annotations": {"kubescape.io/wlid": wlid},
                "labels": {"kubescape.io/workload-kind": "Deployment",
                    "kubescape.io/workload-name": name, "kubescape.io/workload-namespace": "shop"},
            }, "spec": {}});
            Change::Create(crate::draft::draft(resource, &object))
        });
        store.commit(changes.collect()).await.unwrap();
    }
    let (mut sweeper, shared) = sweeper(&store);
    for batch in 0..50 {
        for at in 0..1000 {
            let name = format!("app-{batch}-{at}");
            shared.see(Kind::Deployment, &sighting("shop", &name, &["c"]));
        }
    }
    for elapsed in [Duration::ZERO, minutes(5), minutes(5)] {
        let begun = std::time::Instant::now();
        let report = sweeper.sweep(elapsed).await.unwrap();
        let deleted = report.all_deleted();
        println!("{deleted} of 100,000 deleted in {:?}", begun.elapsed());
    }
    let begun = std::time::Instant::now();
    sweeper.save().await.unwrap();
    println!("saved in {:?}", begun.elapsed());
}
