//! What lists, writes and watches cost beside their limits, in a store of 100,000
//! objects. Prints ratios, asserts nothing: `cargo bench -p kubescape-store`.
//!
//! `KUBESCAPE_BENCH_DIR` names a folder on the disk to be measured, and
//! `KUBESCAPE_BENCH_POSTGRES` a database to be measured, too (`host=… user=…`;
//! its schema `bench` is dropped).

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark talks to people"
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kubescape_store::{
    At, Change, Draft, Expect, Filter, Key, Labels, PostgresOptions, PostgresStore, Query,
    Requirement, Selector, SqliteOptions, SqliteStore, Store,
};

const OBJECTS: usize = 100_000;
const WRITERS: usize = 64;
const WATCHERS: usize = 1_000;

/// Makes this process the one whose memory is measured.
const IDLE: &str = "KUBESCAPE_BENCH_IDLE";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    if let Some(folder) = std::env::var_os(IDLE) {
        runtime.block_on(idle(folder.as_ref()));
        return;
    }
    // `cargo test --benches` and `--no-run` should not spend a minute here.
    if std::env::args().all(|argument| argument != "--bench") {
        return;
    }
    let root = std::env::var_os("KUBESCAPE_BENCH_DIR").map_or(std::env::temp_dir(), Into::into);
    let folder = tempfile::tempdir_in(root).expect("a folder");
    runtime.block_on(async {
        println!("SQLite");
        let store = Arc::new(SqliteStore::open(options(folder.path())).expect("a store"));
        all(Arc::clone(&store) as _).await;
        store.shutdown().await;
    });
    line("idle, resident", child(folder.path()), 30.0, "MiB");
    if let Ok(connection) = std::env::var("KUBESCAPE_BENCH_POSTGRES") {
        runtime.block_on(async {
            println!("PostgreSQL");
            all(postgres(&connection).await).await;
        });
    }
}

fn options(folder: &Path) -> SqliteOptions {
    SqliteOptions::new(folder.join("store.db"))
}

async fn postgres(connection: &str) -> Arc<dyn Store> {
    let (raw, driver) = tokio_postgres::connect(connection, tokio_postgres::NoTls)
        .await
        .expect("a database");
    let driver = tokio::spawn(driver);
    let dropped = raw.batch_execute("DROP SCHEMA IF EXISTS bench CASCADE");
    dropped.await.expect("an empty schema");
    driver.abort();
    let options = PostgresOptions {
        schema: "bench".to_owned(),
        ..PostgresOptions::new(connection)
    };
    Arc::new(PostgresStore::open(options).await.expect("a store"))
}

async fn all(store: Arc<dyn Store>) {
    fill(&*store).await;
    lists(&*store).await;
    writes(&store).await;
    lists_of_the_past(&*store).await;
    watches(&store).await;
    many_watchers(&store).await;
}

/// Measured, its limit, and the one as a share of the other.
fn line(what: &str, measured: f64, limit: f64, unit: &str) {
    let share = 100.0 * measured / limit;
    println!("  {what:<42} {measured:>8.2} {unit:<4} {share:>5.0} % of {limit}");
}

fn draft(number: usize, body: Bytes) -> Draft {
    let name = format!("deployment-app-{number:06}");
    let labels: Labels = [
        ("kubescape.io/workload-kind", "Deployment".to_owned()),
        ("kubescape.io/workload-name", format!("app-{number}")),
        ("kubescape.io/tier", (number % 1000).to_string()),
        ("app", format!("app-{}", number % 50)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    let wlid = format!("wlid://cluster-x/namespace-ns/deployment-app-{number}");
    let metadata = serde_json::json!({
        "name": name, "namespace": format!("ns-{}", number % 40), "uid": number.to_string(),
        "creationTimestamp": "2026-11-24T10:00:00Z", "labels": labels,
        "annotations": {"kubescape.io/status": "ready", "kubescape.io/wlid": wlid},
    });
    Draft {
        key: Key::new("things", format!("ns-{}", number % 40), name),
        uid: number.to_string(),
        labels,
        created: 1_767_323_045,
        generation: 1,
        deleting: None,
        finalizers: false,
        metadata: metadata.to_string(),
        columns: r#"{"critical":1,"high":2,"medium":3,"low":4}"#.to_owned(),
        body,
    }
}

/// JSON of so many bytes that compresses as results do, some four to one.
fn body(seed: usize, bytes: usize) -> Bytes {
    let mut text = format!("{{\"seed\":{seed},\"controls\":[");
    let mut state = seed as u64 | 1;
    while text.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let (id, hash) = (state >> 40 & 255, state >> 32);
        text += &format!(
            "{{\"controlID\":\"C-{id:04}\",\"status\":\"passed\",\"hash\":\"{hash:08x}\"}},"
        );
    }
    text.truncate(bytes - 2);
    text += "]}";
    Bytes::from(text)
}

fn update(number: usize, bytes: usize) -> Change {
    Change::Update(draft(number, body(number, bytes)), Expect::any())
}

async fn fill(store: &dyn Store) {
    let start = Instant::now();
    for first in (0..OBJECTS).step_by(500) {
        let many = (first..first + 500).map(|n| Change::Create(draft(n, body(n, 1_000))));
        store.commit(many.collect()).await.expect("a commit");
    }
    println!("  filled with {OBJECTS} objects in {:.1?}", start.elapsed());
}

/// The worst but one percent, in milliseconds.
fn p99(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let at = times.len() * 99 / 100;
    times.get(at).map_or(0.0, |t| t.as_secs_f64() * 1e3)
}

async fn lists(store: &dyn Store) {
    let first = Query::new(Filter::all("things"), 500);
    let times = repeat(store, &first, 300).await;
    line("first page of 500, p99", p99(times), 20.0, "ms");
    let tier = Requirement::Equals("kubescape.io/tier".to_owned(), "7".to_owned());
    let labelled = Filter::all("things").labelled(Selector(vec![tier]));
    let times = repeat(store, &Query::new(labelled, 500), 300).await;
    line("100 of a label, p99", p99(times), 5.0, "ms");
    let start = Instant::now();
    walk(store, first).await;
    line("whole list", start.elapsed().as_secs_f64(), 1.0, "s");
}

async fn repeat(store: &dyn Store, query: &Query, rounds: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let page = store.list(query).await.expect("a page");
        times.push(start.elapsed());
        assert!(page.items.len() >= 100);
    }
    times
}

async fn walk(store: &dyn Store, mut query: Query) {
    loop {
        let page = store.list(&query).await.expect("a page");
        match page.next {
            Some(next) => query.at = At::After(next),
            None => return,
        }
    }
}

/// A list whose world goes on meanwhile, as it does.
async fn lists_of_the_past(store: &dyn Store) {
    let mut query = Query::new(Filter::all("things"), 500);
    let page = store.list(&query).await.expect("a page");
    for first in (0..5_000).step_by(500) {
        let many = (first..first + 500).map(|n| update(n * 19, 1_000));
        store.commit(many.collect()).await.expect("a commit");
    }
    query.at = At::After(page.next.expect("a page"));
    let start = Instant::now();
    walk(store, query).await;
    let took = start.elapsed().as_secs_f64();
    line("whole list, 5,000 changes later", took, 1.0, "s");
}

async fn writes(store: &Arc<dyn Store>) {
    const EACH: usize = 400;
    let start = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for round in 0..EACH {
                    let number = OBJECTS + writer * EACH + round;
                    let mut draft = draft(number, body(number, 4_096));
                    draft.key.resource = "others".into();
                    let change = vec![Change::Create(draft)];
                    store.commit(change).await.expect("a commit");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer");
    }
    let rate = (WRITERS * EACH) as f64 / start.elapsed().as_secs_f64();
    let times = rate / 5_000.0;
    println!("  durable writes of 4 kB, 64 writers         {rate:>8.0} /s   {times:.1} times 5000");
    let mut times = Vec::new();
    for number in 0..300 {
        let start = Instant::now();
        let change = vec![update(number, 4_096)];
        store.commit(change).await.expect("a commit");
        times.push(start.elapsed());
    }
    println!(
        "  one writer alone, p99                      {:>8.2} ms",
        p99(times)
    );
}

async fn watches(store: &Arc<dyn Store>) {
    let now = store.resource_version().await.expect("a version");
    let filter = Filter::all("things");
    let mut watch = store.subscribe(filter, now).await.expect("a watch");
    let mut times = Vec::new();
    for number in 0..500 {
        let change = update(number, 4_096);
        let start = Instant::now();
        let store = Arc::clone(store);
        let write = tokio::spawn(async move { store.commit(vec![change]).await.map(|_| ()) });
        watch.next().await.expect("an event");
        times.push(start.elapsed());
        write.await.expect("a task").expect("a commit");
    }
    line("write to watch event, p99", p99(times), 10.0, "ms");
}

async fn many_watchers(store: &Arc<dyn Store>) {
    const ROUNDS: usize = 50;
    let now = store.resource_version().await.expect("a version");
    let (seen, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..WATCHERS {
        let filter = Filter::all("things");
        let mut watch = store.subscribe(filter, now).await.expect("a watch");
        let seen = seen.clone();
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                watch.next().await.expect("an event");
                let _ = seen.send(Instant::now());
            }
        });
    }
    let mut last = Vec::new();
    for number in 0..ROUNDS {
        let change = vec![update(number, 4_096)];
        let start = Instant::now();
        store.commit(change).await.expect("a commit");
        for watcher in 1..=WATCHERS {
            let at = arrived.recv().await.expect("a watcher");
            if watcher == WATCHERS {
                last.push(at - start);
            }
        }
    }
    line(
        "write to the last of 1,000 watchers, p99",
        p99(last),
        10.0,
        "ms",
    );
}

/// What another process needs to hold the store open, in MiB.
fn child(folder: &Path) -> f64 {
    let this = std::env::current_exe().expect("a program");
    let out = Command::new(this).env(IDLE, folder).output();
    let out = out.expect("a child").stdout;
    let kib = String::from_utf8_lossy(&out).trim().parse::<f64>();
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

async fn idle(folder: &Path) {
    let store = SqliteStore::open(options(folder)).expect("a store");
    let query = Query::new(Filter::all("things"), 500);
    store.list(&query).await.expect("a page");
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    println!("{}", kib.unwrap_or("unknown"));
}
