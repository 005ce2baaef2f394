//! Informers and watches while writers write and everything else breaks: in the
//! end the caches are equal to a LIST, and no event was missed or told twice.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use kubescape_store::{SqliteOptions, SqliteStore, Store as _};
use serde_json::Value;

use crate::informers::{Dump, Informers};
use crate::world::{GROUP, World};

const KINDS: [&str; 5] = [
    "workloadconfigurationscansummaries",
    "applicationprofiles",
    "networkneighborses",
    "knownservers",
    "vulnerabilitymanifestsummaries",
];

/// Of each kind above, what an object of it needs to be called and hold.
const MARKERS: [(&str, &str); 5] = [
    ("WorkloadConfigurationScanSummary", "{}"),
    ("ApplicationProfile", "{}"),
    ("NetworkNeighbors", "{}"),
    ("KnownServer", "[]"),
    ("VulnerabilityManifestSummary", "{}"),
];

/// How long one story writes.
fn seconds(usually: u64) -> u64 {
    let given = std::env::var("KUBESCAPE_CHURN_SECONDS").ok();
    given.map_or(usually, |text| {
        text.parse().expect("KUBESCAPE_CHURN_SECONDS is a number")
    })
}

fn namespaces(world: &World) {
    for n in 0..3 {
        let name = format!("churn-{n}");
        if world.kubectl.ask(&["get", "namespace", &name]).is_err() {
            world.namespace(&name);
        }
    }
}

/// Makes an object in every kind, by whose coming all that was before has come.
fn mark(world: &World, name: &str) {
    let mut text = String::new();
    for (kind, spec) in MARKERS {
        text += &format!(
            "apiVersion: {GROUP}/v1beta1\nkind: {kind}\n\
             metadata: {{name: {name}{}}}\nspec: {spec}\n---\n",
            if kind == "KnownServer" {
                ""
            } else {
                ", namespace: churn-0"
            },
        );
    }
    world.kubectl.ok_with(&["create", "-f", "-"], &text);
}

/// The sorted lines that a LIST gives.
fn list(world: &World, plural: &str) -> Vec<String> {
    let path = format!("/apis/{GROUP}/v1beta1/{plural}");
    let text = world.kubectl.ok(&["get", "--raw", &path]);
    let list: Value = serde_json::from_str(&text).unwrap();
    let kind = list["kind"].as_str().unwrap().trim_end_matches("List");
    let items = list["items"].as_array().unwrap();
    let mut lines: Vec<String> = items
        .iter()
        .map(|item| {
            let mut item = item.clone();
            // As client-go fills in what items of a list lack.
            item["apiVersion"] = format!("{GROUP}/v1beta1").into();
            item["kind"] = kind.into();
            item.to_string()
        })
        .collect();
    lines.sort();
    lines
}

/// The same text for the same value, whatever the order of its keys; of metadata
/// only, if so wanted.
fn plain(lines: &[String], metadata: bool) -> Vec<String> {
    let value = |line: &String| {
        let value: Value = serde_json::from_str(line).unwrap();
        if metadata { &value["metadata"] } else { &value }.to_string()
    };
    let mut lines: Vec<String> = lines.iter().map(value).collect();
    lines.sort();
    lines
}

fn compare(world: &World, dump: &Dump, metadata: bool) {
    assert_eq!(dump.faults, Vec::<String>::new());
    for plural in KINDS {
        let cached = dump.objects.get(plural).cloned().unwrap_or_default();
        let listed = list(world, plural);
        let (cached, listed) = (plain(&cached, metadata), plain(&listed, metadata));
        assert_eq!(cached.len(), listed.len(), "{plural}");
        for (cached, listed) in cached.iter().zip(&listed) {
            assert_eq!(cached, listed, "{plural}");
        }
    }
}

/// Breaks something every few moments until the writers are done.
fn harass(world: &World, until: Instant) -> usize {
    let mut times = 0;
    while Instant::now() < until {
        if times % 2 == 0 {
            world.storage.kill();
            world.storage.up();
        } else {
            world.bouncer.cut();
        }
        times += 1;
        // What is broken is time itself: there is no event to wait for.
        thread::park_timeout(Duration::from_secs(3));
    }
    times
}

fn churn(world: &World, watch_list: bool) {
    namespaces(world);
    let kubeconfig = world.cluster.kubeconfig();
    let kinds = KINDS.join(",");
    let begin = |arguments: &[&str]| Informers::start(world, &kubeconfig, arguments, watch_list);
    let mut full = begin(&["cache", "--resources", &kinds]);
    let mut light = begin(&["cache", "--resources", &kinds, "--metadata"]);
    assert_eq!(
        (full.line(), light.line()),
        ("synced".into(), "synced".into())
    );
    let seconds = seconds(20);
    let text = seconds.to_string();
    let mut writers = begin(&[
        "churn",
        "--resources",
        &kinds,
        "--seconds",
        &text,
        "--writers",
        "16",
    ]);
    let broken = harass(world, Instant::now() + Duration::from_secs(seconds));
    let said = writers.lines();
    world.wait_until_served();
    let marker = format!("zz-end-{watch_list}");
    mark(world, &marker);
    let (full, light) = (full.dump(&marker), light.dump(&marker));
    let wrote = said.iter().filter(|line| line.starts_with("wrote")).count();
    println!(
        "{wrote} writes, {} without an answer, {broken} breaks, {} and {} events",
        said.len() - wrote,
        full.events,
        light.events
    );
    assert!(wrote > 100, "{wrote} writes");
    compare(world, &full, false);
    compare(world, &light, true);
}

pub(crate) fn with_watch_list(world: &World) {
    churn(world, true);
}

pub(crate) fn without_watch_list(world: &World) {
    churn(world, false);
}

/// History that an informer needs to go on is gone: it lists again.
pub(crate) fn after_compaction(world: &World) {
    namespaces(world);
    let kubeconfig = world.cluster.kubeconfig();
    let kinds = KINDS.join(",");
    for watch_list in [true, false] {
        let begin =
            |arguments: &[&str]| Informers::start(world, &kubeconfig, arguments, watch_list);
        let mut informers = begin(&["cache", "--resources", &kinds]);
        assert_eq!(informers.line(), "synced");
        mark(world, &format!("zz-before-{watch_list}"));
        // While it cannot see, objects go and how they went is forgotten.
        world.storage.kill();
        write_and_compact(world);
        world.bring_back();
        let marker = format!("zz-end-compacted-{watch_list}");
        mark(world, &marker);
        compare(world, &informers.dump(&marker), false);
    }
    // A version from before is answered with 410, in the stream or at once.
    let path = format!("/apis/{GROUP}/v1beta1/knownservers?watch=true&resourceVersion=1");
    let said = world.kubectl.ask(&["get", "--raw", &path]);
    let said = said.unwrap_or_else(|error| error);
    assert!(said.contains("410") || said.contains("too old"), "{said}");
}

/// Changes the data behind the server's back, and forgets how.
fn write_and_compact(world: &World) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let path = world.storage.data().join("storage.sqlite");
    assert!(path.is_file(), "the database is {}", path.display());
    let store = SqliteStore::open(SqliteOptions::new(path)).unwrap();
    runtime.block_on(async {
        let filter = kubescape_store::Filter::all("networkneighborses");
        let query = kubescape_store::Query::new(filter, 10);
        for object in store.list(&query).await.unwrap().items {
            let expect = kubescape_store::Expect::version(object.meta.resource_version);
            let delete = kubescape_store::Change::Delete(object.meta.key.clone(), expect);
            store.commit(vec![delete]).await.unwrap();
        }
        let newest = store.resource_version().await.unwrap();
        let compacted = store.compact(newest).await.unwrap();
        assert!(compacted > 1, "nothing was forgotten");
    });
    store.close();
}

/// What a plain watch tells is what was written, each once and in order.
pub(crate) fn watches_miss_nothing(world: &World) {
    namespaces(world);
    let kubeconfig = world.cluster.kubeconfig();
    let kinds = KINDS.join(",");
    let path = format!("/apis/{GROUP}/v1beta1/knownservers?limit=1");
    let now: Value = serde_json::from_str(&world.kubectl.ok(&["get", "--raw", &path])).unwrap();
    let from = now["metadata"]["resourceVersion"].as_str().unwrap();
    let begin = |arguments: &[&str]| Informers::start(world, &kubeconfig, arguments, false);
    let mut watch = begin(&["watch", "--resources", &kinds, "--from", from]);
    assert_eq!(watch.line(), "watching");
    let seconds = seconds(15);
    let text = seconds.to_string();
    let mut writers = begin(&[
        "churn",
        "--resources",
        &kinds,
        "--seconds",
        &text,
        "--writers",
        "16",
    ]);
    harass(world, Instant::now() + Duration::from_secs(seconds));
    let written = writers.lines();
    world.wait_until_served();
    mark(world, "zz-end-watch");
    let seen = watch.lines();
    account(&written, &seen);
}

/// Compares what writers wrote with what a watch saw.
fn account(written: &[String], seen: &[String]) {
    let mut events: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for line in seen {
        let words: Vec<_> = line.split(' ').collect();
        let ["event", what, plural, key, rv] = words[..] else {
            panic!("{line}");
        };
        let rv: u64 = rv.parse().unwrap();
        let before = last.insert(plural.to_owned(), rv).unwrap_or_default();
        assert!(
            rv > before,
            "{line} after {before}: told twice, or out of order"
        );
        if !key.contains("/zz-end") {
            events.insert((plural.to_owned(), format!("{what} {key}")), rv);
            *counts
                .entry((what.to_owned(), format!("{plural} {key}")))
                .or_default() += 1;
        }
    }
    let versions: BTreeSet<(String, String)> = seen
        .iter()
        .map(|line| {
            let (rest, rv) = line.rsplit_once(' ').unwrap();
            (rest.trim_start_matches("event ").to_owned(), rv.to_owned())
        })
        .collect();
    let (mut deleted, mut doubtful) = (BTreeMap::<String, usize>::new(), 0);
    for line in written {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["wrote", "DELETED", plural, key, _] => {
                *deleted.entry(format!("{plural} {key}")).or_default() += 1;
            }
            ["wrote", what, plural, key, rv] => {
                let wanted = (format!("{what} {plural} {key}"), rv.to_owned());
                assert!(versions.contains(&wanted), "missed: {line}");
            }
            _ => doubtful += 1,
        }
    }
    for (key, times) in &deleted {
        let seen = counts
            .get(&("DELETED".to_owned(), key.clone()))
            .copied()
            .unwrap_or_default();
        assert!(
            seen >= *times,
            "missed a deletion of {key}: {seen} of {times}"
        );
    }
    let acknowledged = written.len() - doubtful;
    let told: usize = counts.values().sum();
    println!("{acknowledged} writes, {doubtful} without an answer, {told} events");
    assert!(acknowledged > 100, "{acknowledged} writes");
    assert!(
        told >= acknowledged && told <= acknowledged + doubtful,
        "{told} events of {acknowledged} to {} writes",
        acknowledged + doubtful
    );
}
