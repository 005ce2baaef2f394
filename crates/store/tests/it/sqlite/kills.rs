//! Processes that are killed while they write.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kubescape_store::{Change, Store};

use super::open;
use crate::help::{draft, key};

/// Not a test of its own: what [`a_killed_writer_loses_nothing_acknowledged`]
/// kills. Writes until then, and says what was acknowledged.
#[tokio::test]
async fn the_writing_child() {
    let Some(folder) = std::env::var_os("KUBESCAPE_STORE_CHILD") else {
        return;
    };
    let store = open(folder.as_ref());
    let start = store.resource_version().await.unwrap();
    for number in 0.. {
        let name = format!("n{start}-{number}");
        let body = format!(r#"{{"name":"{name}","pad":"{}"}}"#, "x".repeat(4_000));
        let created = store
            .commit(vec![Change::Create(draft("shop", &name, &[], &body))])
            .await;
        println!("\nack {name} {}", created.unwrap()[0].resource_version);
    }
}

#[tokio::test]
async fn a_killed_writer_loses_nothing_acknowledged() {
    // As many as were asked for; by default 200, or what fits into two minutes.
    let asked = std::env::var("KUBESCAPE_STORE_KILLS").ok();
    let asked = asked.and_then(|rounds| rounds.parse::<usize>().ok());
    let end = Instant::now() + Duration::from_mins(2);
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(String, u64)> = Vec::new();
    for round in 0..asked.unwrap_or(200) {
        if asked.is_none() && Instant::now() > end {
            println!("stopped after {round} rounds: this machine is slow");
            break;
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::kills::the_writing_child", "--nocapture"])
            .env("KUBESCAPE_STORE_CHILD", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acks = lines.map_while(Result::ok).filter_map(|line| {
            let mut words = line.strip_prefix("ack ")?.split(' ').map(str::to_owned);
            Some((words.next()?, words.next()?.parse().ok()?))
        });
        acknowledged.extend(acks.take(1 + round % 17));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let store = open(folder.path());
    assert!(store.recovery().is_none());
    let versions: Vec<_> = acknowledged.iter().map(|(_, version)| *version).collect();
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    for (name, version) in &acknowledged {
        let object = store.get(&key("shop", name)).await.unwrap().unwrap();
        assert_eq!(object.meta.resource_version, *version);
        assert!(
            object
                .body
                .unwrap()
                .starts_with(format!(r#"{{"name":"{name}""#).as_bytes())
        );
    }
    assert!(store.check().await.unwrap().is_empty());
}
