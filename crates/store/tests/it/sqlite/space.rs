//! Little space, and none.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use kubescape_store::{Change, Error, SqliteOptions, SqliteStore, Store};
use tempfile::TempDir;

use super::options;
use crate::help::{delete, draft, key, noise};

/// A small volume that is gone with the test.
struct Volume(TempDir);

impl Volume {
    /// None where one may not mount.
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|out| out.status.success()) {
            return Some(Self(folder));
        }
        println!("skipped: a full disk needs the right to mount one");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Another program takes all that is left.
    fn fill(&self) {
        let mut file = fs::File::create(self.path().join("filler")).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn unfill(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

async fn make(store: &SqliteStore, number: u64, bytes: usize) -> Result<(), Error> {
    let body = noise(number, bytes);
    let draft = draft("shop", &format!("n{number}"), &[], &body);
    store.commit(vec![Change::Create(draft)]).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_goes_on_with_reads_and_deletions() {
    // Given a volume that somebody else filled to the last byte
    let Some(volume) = Volume::new("48m") else {
        return;
    };
    let store = SqliteStore::open(SqliteOptions {
        deletion_reserve: 8 << 20,
        ..options(volume.path())
    })
    .unwrap();
    for number in 0..40 {
        make(&store, number, 200_000).await.unwrap();
    }
    volume.fill();
    // When more is written
    let mut refused = None;
    for number in 100..200 {
        if let Err(error) = make(&store, number, 200_000).await {
            refused = Some(error);
            break;
        }
    }
    // Then it is refused, all is still readable, and all can be deleted.
    assert!(matches!(refused, Some(Error::Full { .. })), "{refused:?}");
    assert!(store.usage().await.unwrap().full);
    for number in 0..40 {
        let name = format!("n{number}");
        let object = store.get(&key("shop", &name)).await.unwrap().unwrap();
        assert_eq!(object.body.unwrap(), noise(number, 200_000).as_bytes());
    }
    for number in 0..40 {
        delete(&store, &format!("n{number}")).await;
    }
    // And when there is space again, it is used.
    volume.unfill();
    let mut tries = 0;
    while make(&store, 1000, 1_000_000).await.is_err() {
        tries += 1;
        assert!(tries < 50);
    }
    assert!(store.check().await.unwrap().is_empty());
    store.shutdown().await;
}

#[tokio::test]
async fn a_file_at_its_limit_refuses_large_writes_first_and_then_all_but_deletions() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteOptions {
        max_bytes: Some(2 << 20),
        ..options(folder.path())
    })
    .unwrap();
    let mut number = 0;
    let refused = loop {
        match make(&store, number, 50_000).await {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Full { .. }), "{refused:?}");
    make(&store, 1000, 100).await.unwrap();
    // What is deleted makes room at once, though history was to last longer.
    let mut deleted = 0;
    while make(&store, 2000, 20_000).await.is_err() {
        number -= 1;
        deleted += 1;
        delete(&store, &format!("n{number}")).await;
        assert!(deleted < 10, "{:?}", store.usage().await);
    }
}
