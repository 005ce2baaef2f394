//! Damaged files: an error or a recovery that says what was lost, never a wrong answer.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kubescape_store::{Error, Filter, Query, SqliteStore, Store};

use super::{new_store, open, options, raw};
use crate::help::{create, key, noise, update};

#[tokio::test]
async fn a_header_that_lost_its_mark_or_its_schema_is_recovered_whole() {
    for damage in [
        "PRAGMA application_id = 7",
        "PRAGMA application_id = 0; PRAGMA user_version = 0",
        "PRAGMA user_version = -3",
        "PRAGMA user_version = 0",
    ] {
        let (store, folder) = new_store();
        let version = create(&store, "shop", "a", &[]).await;
        store.shutdown().await;
        raw(folder.path()).execute_batch(damage).unwrap();
        let store = open(folder.path());
        let recovery = store.recovery().unwrap();
        assert_eq!(
            (recovery.saved, recovery.lost),
            (1, 0),
            "{damage}: {recovery:?}"
        );
        let found = store.metadata(&key("shop", "a")).await.unwrap().unwrap();
        assert_eq!(found.resource_version, version, "{damage}");
    }
}

#[tokio::test]
async fn a_file_whose_first_bytes_are_gone_is_recovered_whole_and_kept_as_it_was() {
    // Given a database of twenty objects whose beginning was overwritten
    let (store, folder) = new_store();
    for number in 0..20 {
        create(&store, "shop", &format!("n{number}"), &[]).await;
    }
    store.shutdown().await;
    let file = folder.path().join("store.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[..24].fill(0xff);
    fs::write(&file, &bytes).unwrap();
    // When it is opened
    let store = open(folder.path());
    // Then all is there, and what was found was not touched.
    let recovery = store.recovery().unwrap();
    assert_eq!((recovery.saved, recovery.lost), (20, 0), "{recovery:?}");
    assert_eq!(fs::read(&recovery.kept).unwrap(), bytes);
    assert!(store.check().await.unwrap().is_empty());
}

#[tokio::test]
async fn recovery_reads_the_log_of_a_killed_process_and_changes_no_byte() {
    // Given a database and a log that was not yet moved into it
    let (store, folder) = new_store();
    create(&store, "shop", "a", &[]).await;
    let copy = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let name = format!("store.db{suffix}");
        fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
    }
    raw_header(&copy.path().join("store.db"), 68, 7);
    let before = ["", "-wal"].map(|s| fs::read(copy.path().join(format!("store.db{s}"))).unwrap());
    assert!(before[1].len() > 1000);
    // When it turns out to be damaged: a log with a sound header hides that of the file
    fs::write(copy.path().join("store.db.suspect"), "").unwrap();
    let wal = copy.path().join("store.db-wal");
    let mut log = before[1].clone();
    let end = log.len();
    log[end - 100..].fill(0);
    fs::write(&wal, &log).unwrap();
    let store = open(copy.path());
    // Then either nothing was lost, or what was found is kept as it was.
    if let Some(recovery) = store.recovery() {
        assert_eq!(fs::read(&recovery.kept).unwrap(), before[0]);
        let kept = format!("{}-wal", recovery.kept.display());
        assert_eq!(fs::read(kept).unwrap(), log);
    }
}

fn raw_header(file: &Path, at: usize, value: u8) {
    let mut bytes = fs::read(file).unwrap();
    if let Some(byte) = bytes.get_mut(at) {
        *byte = value;
    }
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_put_aside_and_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store.db"), vec![0x5a; 100_000]).unwrap();
    let store = SqliteStore::open(options(folder.path())).unwrap();
    assert!(store.recovery().is_some());
    create(&store, "shop", "a", &[]).await;
    let kept = fs::read_dir(folder.path()).unwrap().filter_map(Result::ok);
    assert!(
        kept.into_iter()
            .any(|entry| entry.metadata().is_ok_and(|about| about.len() == 100_000))
    );
}

/// What was in the file before it was damaged, by name.
type Truth = BTreeMap<String, (u64, String)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_at_any_place_is_an_error_or_a_recovery_and_never_a_wrong_answer() {
    // Given a file with a hundred objects and some history
    let (store, folder) = new_store();
    let mut truth = Truth::new();
    for number in 0..100 {
        let name = format!("n{number}");
        create(&store, "shop", &name, &[("app", "cart")]).await;
        let body = noise(number, 600);
        let version = update(&store, &name, &[("app", "cart")], &body).await;
        truth.insert(name, (version, body));
    }
    store.shutdown().await;
    let sound = fs::read(folder.path().join("store.db")).unwrap();
    let rounds: u64 = std::env::var("KUBESCAPE_STORE_DAMAGE")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(60);
    let mut recovered = 0;
    for round in 0..rounds {
        // When some bytes at some place are others
        let mut bytes = sound.clone();
        let seed = noise(round + 1000, 8);
        let place = seed
            .bytes()
            .fold(0_usize, |sum, b| sum * 61 + usize::from(b))
            % bytes.len();
        let length = [1, 16, 500, 9000][usize::try_from(round % 4).unwrap()];
        let end = (place + length).min(bytes.len());
        for byte in &mut bytes[place..end] {
            *byte = byte.wrapping_add(1 + u8::try_from(round % 200).unwrap());
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("store.db"), &bytes).unwrap();
        // Then what is answered is true.
        recovered += u64::from(answers_are_true(folder.path(), &truth, round).await);
    }
    assert!(recovered > 0, "no damage was noticed in {rounds} rounds");
}

/// Whether there was a recovery.
async fn answers_are_true(folder: &Path, truth: &Truth, round: u64) -> bool {
    let store = match SqliteStore::open(options(folder)) {
        Ok(store) => store,
        Err(error) => {
            assert!(
                matches!(error, Error::Corrupt { .. } | Error::NewerSchema { .. }),
                "round {round}: {error:?}"
            );
            return false;
        }
    };
    let recovery = store.recovery().cloned();
    let mut missing = 0;
    for (name, (version, body)) in truth {
        match store.get(&key("shop", name)).await {
            Ok(Some(object)) => {
                assert_eq!(object.meta.resource_version, *version, "round {round}");
                assert_eq!(object.meta.labels["app"], "cart", "round {round}");
                assert_eq!(object.body.unwrap(), body.as_bytes(), "round {round}");
            }
            Ok(None) => missing += 1,
            Err(error) => assert_eq!(error.http_code(), 500, "round {round}: {error:?}"),
        }
    }
    let listed = store.list(&Query::new(Filter::all("things"), 1000)).await;
    for object in listed.iter().flat_map(|page| &page.items) {
        let (version, _) = truth[&object.meta.key.name];
        assert_eq!(object.meta.resource_version, version, "round {round}");
    }
    let problems = store.check().await;
    match &recovery {
        Some(recovery) => assert!(
            recovery.saved + missing == 100 && (missing == 0 || recovery.reason.len() > 5),
            "round {round}: {missing} missing of {recovery:?}"
        ),
        None => assert!(
            missing == 0 || problems.is_err() || problems.is_ok_and(|p| !p.is_empty()),
            "round {round}: {missing} missing, and nobody noticed"
        ),
    }
    store.shutdown().await;
    recovery.is_some()
}
