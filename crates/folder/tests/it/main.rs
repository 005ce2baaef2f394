//! Folders that change while they are followed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how tests fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kubescape_collect::{Event, Limits, Problem};
use kubescape_folder::{Folder, FolderFollow};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};

/// Somebody who follows a folder, and knows what events tell.
struct Follower {
    home: TempDir,
    follow: FolderFollow,
    events: Receiver<Event>,
    /// `ConfigMap shop/a` → the object.
    objects: BTreeMap<String, serde_json::Value>,
    problems: BTreeMap<String, Vec<Problem>>,
    listed: BTreeSet<usize>,
    synced: usize,
    puts: usize,
    gone: usize,
    runtime: Runtime,
}

fn map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{key: {value}}}\n"
    )
}

impl Follower {
    fn start(prepare: impl FnOnce(&Path), change: impl FnOnce(&mut Folder)) -> Self {
        let home = tempfile::tempdir().unwrap();
        prepare(home.path());
        let mut folder = Folder::new(home.path());
        folder.pause = Duration::from_millis(5);
        change(&mut folder);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let (sender, events) = channel(4);
        let follow =
            runtime.block_on(async { FolderFollow::start(folder, sender, std::future::pending()) });
        let mut follower = Self {
            home,
            follow,
            events,
            objects: BTreeMap::new(),
            problems: BTreeMap::new(),
            listed: BTreeSet::new(),
            synced: 0,
            puts: 0,
            gone: 0,
            runtime,
        };
        follower.wait(|here| here.synced == 1);
        follower
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes as editors do: next to it, and over it.
    fn write(&self, name: &str, text: &str) {
        let next = self.path("next.tmp");
        fs::write(&next, text).unwrap();
        fs::rename(next, self.path(name)).unwrap();
    }

    fn wait(&mut self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let long = Duration::from_secs(30);
            let next = self
                .runtime
                .block_on(async { tokio::time::timeout(long, self.events.recv()).await });
            let event =
                next.unwrap_or_else(|_| panic!("no event: {:?} {:?}", self.objects, self.problems));
            self.take(event.unwrap());
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Put { kind, text } => {
                self.puts += 1;
                let object: serde_json::Value = serde_json::from_str(&text).unwrap();
                let of = |key: &str| {
                    object["metadata"][key]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned()
                };
                let kind = &self.follow.kinds().get(kind).kind;
                self.objects
                    .insert(format!("{kind} {}/{}", of("namespace"), of("name")), object);
            }
            Event::Gone {
                kind,
                namespace,
                name,
            } => {
                self.gone += 1;
                let kind = &self.follow.kinds().get(kind).kind;
                assert!(
                    self.objects
                        .remove(&format!("{kind} {namespace}/{name}"))
                        .is_some()
                );
            }
            Event::Problems { path, problems } => {
                let path = Path::new(&*path)
                    .strip_prefix(self.home.path())
                    .unwrap()
                    .display()
                    .to_string();
                if problems.is_empty() {
                    self.problems.remove(&path);
                } else {
                    self.problems.insert(path, problems);
                }
            }
            Event::Listed { kind } => {
                self.listed.insert(kind.index());
            }
            Event::Synced => self.synced += 1,
            Event::Listing { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn names(&self) -> Vec<&str> {
        self.objects.keys().map(String::as_str).collect()
    }

    fn key(&self, name: &str) -> &str {
        let object = self.objects.get(&format!("ConfigMap shop/{name}"));
        object
            .and_then(|object| object["data"]["key"].as_str())
            .unwrap_or_default()
    }

    fn problem(&self, path: &str) -> String {
        let problems = self.problems.get(path);
        problems.map_or_else(String::new, |problems| {
            problems
                .iter()
                .map(Problem::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        })
    }
}

#[test]
fn files_are_created_changed_renamed_and_deleted() {
    let mut follower = Follower::start(
        |home| {
            fs::write(
                home.join("a.yaml"),
                map("a", "one") + "---\n" + &map("b", "one"),
            )
            .unwrap();
        },
        |_| {},
    );
    assert_eq!(follower.names(), ["ConfigMap shop/a", "ConfigMap shop/b"]);
    assert_eq!(follower.listed.len(), 1);
    fs::create_dir_all(follower.path("new/deep")).unwrap();
    follower.write("new/deep/c.json", r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"c"},"stringData":{"a":"very-secret"}}"#);
    follower.wait(|here| here.names().contains(&"Secret /c"));
    assert!(
        !follower.objects["Secret /c"]
            .to_string()
            .contains("very-secret")
    );
    assert_eq!(follower.listed.len(), 2);
    // Of two objects in a file, the one that has changed is told
    let puts = follower.puts;
    follower.write("a.yaml", &(map("a", "one") + "---\n" + &map("b", "two")));
    follower.wait(|here| here.key("b") == "two");
    assert_eq!(follower.puts, puts + 1);
    // A new name of a file is no news
    fs::rename(follower.path("a.yaml"), follower.path("z.yaml")).unwrap();
    fs::remove_file(follower.path("new/deep/c.json")).unwrap();
    follower.wait(|here| here.names().len() == 2);
    assert_eq!((follower.puts, follower.gone), (puts + 1, 1));
    fs::remove_file(follower.path("z.yaml")).unwrap();
    follower.wait(|here| here.names().is_empty());
    let Follower {
        follow, runtime, ..
    } = follower;
    runtime.block_on(follow.stop());
}

#[test]
fn what_a_broken_file_held_stays_and_the_place_is_named() {
    let mut follower = Follower::start(
        |home| fs::write(home.join("a.yaml"), map("a", "one")).unwrap(),
        |_| {},
    );
    follower.write("a.yaml", "apiVersion: v1\nkind: [\n");
    follower.wait(|here| !here.problem("a.yaml").is_empty());
    assert!(
        follower.problem("a.yaml").contains("a.yaml:"),
        "{}",
        follower.problem("a.yaml")
    );
    assert_eq!(follower.key("a"), "one");
    follower.write("a.yaml", &map("a", "two"));
    follower.wait(|here| here.key("a") == "two" && here.problem("a.yaml").is_empty());
    assert_eq!(follower.gone, 0);
}

#[test]
fn of_an_object_in_two_files_the_first_counts_until_it_is_gone() {
    let mut follower = Follower::start(
        |home| {
            fs::write(home.join("a.yaml"), map("a", "first")).unwrap();
            fs::write(home.join("b.yaml"), map("a", "second")).unwrap();
        },
        |_| {},
    );
    assert_eq!(follower.key("a"), "first");
    assert!(
        follower.problem("b.yaml").contains("is in "),
        "{}",
        follower.problem("b.yaml")
    );
    fs::remove_file(follower.path("a.yaml")).unwrap();
    follower.wait(|here| here.key("a") == "second" && here.problem("b.yaml").is_empty());
    follower.write("0.yaml", &map("a", "before"));
    follower.wait(|here| here.key("a") == "before" && !here.problem("b.yaml").is_empty());
    // Taken out of a file that goes on
    follower.write("0.yaml", &map("c", "else"));
    follower.wait(|here| here.key("a") == "second" && here.key("c") == "else");
    assert_eq!(follower.gone, 0);
}

#[test]
fn links_are_followed_also_when_they_are_swapped() {
    // Given a folder as a ConfigMap is mounted
    let mut follower = Follower::start(
        |home| {
            fs::create_dir(home.join("..1")).unwrap();
            fs::write(home.join("..1/a.yaml"), map("a", "one")).unwrap();
            symlink("..1", home.join("..data")).unwrap();
            symlink("..data/a.yaml", home.join("a.yaml")).unwrap();
        },
        |_| {},
    );
    assert_eq!(follower.key("a"), "one");
    fs::create_dir(follower.path("..2")).unwrap();
    fs::write(follower.path("..2/a.yaml"), map("a", "two")).unwrap();
    symlink("..2", follower.path("..next")).unwrap();
    fs::rename(follower.path("..next"), follower.path("..data")).unwrap();
    follower.wait(|here| here.key("a") == "two");
    // And a directory that is a link
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("b.yaml"), map("b", "linked")).unwrap();
    symlink(other.path(), follower.path("other")).unwrap();
    follower.wait(|here| here.key("b") == "linked");
}

#[test]
fn too_large_too_many_and_nameless_are_problems() {
    let mut follower = Follower::start(
        |home| {
            fs::write(home.join("a.yaml"), map("a", &"x".repeat(1000))).unwrap();
            fs::write(home.join("b.yaml"), map("b", "one")).unwrap();
            fs::write(home.join("c.yaml"), map("c", "one")).unwrap();
            fs::write(home.join("b2.yaml"), "apiVersion: v1\nkind: ConfigMap\n").unwrap();
        },
        |folder| {
            folder.limits = Limits {
                document_bytes: 500,
            };
            folder.files = 3;
        },
    );
    assert_eq!(follower.names(), ["ConfigMap shop/b"]);
    assert!(follower.problem("a.yaml").contains("larger than 500 bytes"));
    assert!(
        follower
            .problem("b2.yaml")
            .contains("without metadata.name")
    );
    assert!(
        follower
            .problem("")
            .contains("4 files, of which the first 3 are read")
    );
    fs::remove_file(follower.path("a.yaml")).unwrap();
    follower.wait(|here| here.key("c") == "one" && here.problem("").is_empty());
}

#[test]
fn a_folder_without_notices_is_looked_at_now_and_then() {
    // Given a folder that does not exist when it is followed
    let mut follower = Follower::start(
        |home| fs::remove_dir(home).unwrap(),
        |folder| folder.poll = Duration::from_millis(20),
    );
    assert!(!follower.problem("").is_empty());
    fs::create_dir(follower.home.path()).unwrap();
    follower.write("a.yaml", &map("a", "one"));
    follower.wait(|here| here.key("a") == "one" && here.problem("").is_empty());
    // And what it held stays when it goes away as a whole
    fs::rename(
        follower.home.path(),
        follower.home.path().with_extension("away"),
    )
    .unwrap();
    follower.wait(|here| !here.problem("").is_empty());
    assert_eq!(follower.key("a"), "one");
    fs::rename(
        follower.home.path().with_extension("away"),
        follower.home.path(),
    )
    .unwrap();
    follower.write("a.yaml", &map("a", "two"));
    follower.wait(|here| here.key("a") == "two");
}
