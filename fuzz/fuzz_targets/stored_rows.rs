//! Any bytes as the columns of a stored row: opening, reading and recovering
//! never panic, and what is served was written or is an error.
#![no_main]

use kubescape_store::{Filter, Query, SqliteOptions, SqliteStore, Store};
use libfuzzer_sys::fuzz_target;

/// Columns of `versions` and the table of bodies, in turn.
const TARGETS: [&str; 8] = [
    "UPDATE versions SET labels = ?1",
    "UPDATE versions SET metadata = ?1",
    "UPDATE versions SET name = ?1",
    "UPDATE versions SET kind = ?1",
    "UPDATE versions SET size = ?1",
    "UPDATE versions SET sum = NULL, labels = ?1",
    "UPDATE versions SET sum = NULL, body = ?1",
    "UPDATE bodies SET data = ?1",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((target, value)) = bytes.split_first() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    runtime.block_on(async {
        let open = || SqliteStore::open(SqliteOptions::new(&path));
        let store = open().expect("a new store");
        let draft = kubescape_store::Draft {
            key: kubescape_store::Key::new("things", "shop", "a"),
            uid: "1".into(),
            labels: [("app".into(), "cart".into())].into(),
            created: 0,
            generation: 1,
            deleting: None,
            finalizers: false,
            metadata: "{}".into(),
            columns: "{}".into(),
            body: "{}".into(),
        };
        let created = vec![kubescape_store::Change::Create(draft)];
        store.commit(created).await.expect("a commit");
        store.shutdown().await;
        let raw = rusqlite::Connection::open(&path).expect("a database");
        let text = TARGETS[usize::from(*target) % TARGETS.len()];
        // As bytes, as text where it is text, as a number where it is short.
        match (std::str::from_utf8(value), <[u8; 8]>::try_from(value)) {
            (_, Ok(number)) => raw.execute(text, [i64::from_le_bytes(number)]),
            (Ok(value), _) => raw.execute(text, [value]),
            _ => raw.execute(text, [value]),
        }
        .ok();
        drop(raw);
        for suspect in [false, true] {
            if suspect {
                std::fs::write(folder.path().join("store.db.suspect"), "").expect("a marker");
            }
            let Ok(store) = open() else { continue };
            let key = kubescape_store::Key::new("things", "shop", "a");
            let _ = store.get(&key).await;
            let _ = store.list(&Query::new(Filter::all("things"), 10)).await;
            if let Ok(mut watch) = store.subscribe(Filter::all("things"), 1).await {
                tokio::select! {
                    biased;
                    _ = watch.next() => {}
                    () = tokio::task::yield_now() => {}
                }
            }
            let change = kubescape_store::Change::Delete(key, kubescape_store::Expect::any());
            let _ = store.commit(vec![change]).await;
            store.shutdown().await;
        }
    });
});
