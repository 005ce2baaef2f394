//! A folder whose files are made, changed, broken and removed.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use std::fs;
use std::path::PathBuf;

use kubescape_collect::{Event, Limits};
use kubescape_folder::{Follow, Look};
use tempfile::TempDir;

struct Folder {
    place: TempDir,
    look: Look,
}

impl Folder {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let look = Look::new(place.path(), Limits::default());
        Self { place, look }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// What happened, in words.
    fn look(&mut self) -> Vec<String> {
        let events = self.look.look();
        let prefix = format!("{}/", self.place.path().display());
        let say = |event: &Event| words(&self.look, event).replace(&prefix, "");
        events.iter().map(say).collect()
    }
}

fn words(look: &Look, event: &Event) -> String {
    match event {
        Event::Put { kind, text } => {
            let kind = look.kinds().get(*kind);
            let note = text
                .split("\"note\":\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            format!("put {} {}", kind.kind, note.unwrap_or_default())
        }
        Event::Gone {
            kind,
            namespace,
            name,
        } => {
            format!("gone {} {namespace}/{name}", look.kinds().get(*kind).kind)
        }
        Event::Problems { path, problems } => {
            let problems: Vec<_> = problems
                .iter()
                .map(|problem| problem.code.as_str())
                .collect();
            format!("problems {path} {problems:?}")
        }
        other => format!("{other:?}"),
    }
}

fn object(name: &str, note: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\ndata:\n  note: {note}\n"
    )
}

#[test]
fn files_that_come_change_and_go_are_events() {
    let mut folder = Folder::new();
    folder.write(
        "a.yaml",
        &format!("{}---\n{}", object("one", "first"), object("two", "second")),
    );
    folder.write(
        "deep/b.json",
        r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#,
    );
    folder.write("notes.txt", "no manifest");
    assert_eq!(
        folder.look(),
        [
            "put ConfigMap first",
            "put Namespace ",
            "put ConfigMap second"
        ]
    );
    assert!(folder.look().is_empty());

    folder.write("a.yaml", &object("one", "changed"));
    assert_eq!(
        folder.look(),
        ["put ConfigMap changed", "gone ConfigMap shop/two"]
    );

    fs::remove_file(folder.path("deep/b.json")).unwrap();
    assert_eq!(folder.look(), ["gone Namespace /shop"]);
}

#[test]
fn a_file_that_breaks_keeps_what_it_had_until_it_is_mended() {
    let mut folder = Folder::new();
    folder.write(
        "a.yaml",
        &format!("{}---\n{}", object("one", "first"), object("two", "second")),
    );
    folder.look();

    folder.write(
        "a.yaml",
        &format!("{}---\na: [\n", object("one", "changed")),
    );
    assert_eq!(
        folder.look(),
        ["put ConfigMap changed", "problems a.yaml [\"bad-yaml\"]"]
    );
    assert!(folder.look().is_empty(), "a problem is told once");

    folder.write("a.yaml", &object("one", "changed"));
    assert_eq!(
        folder.look(),
        ["gone ConfigMap shop/two", "problems a.yaml []"]
    );
}

#[test]
fn of_two_files_with_one_object_the_first_counts_and_the_other_takes_over() {
    let mut folder = Folder::new();
    folder.write("b.yaml", &object("one", "of b"));
    assert_eq!(folder.look(), ["put ConfigMap of b"]);
    folder.write("a.yaml", &object("one", "of a"));
    assert_eq!(
        folder.look(),
        [
            "put ConfigMap of a",
            "problems b.yaml [\"duplicate-object\"]"
        ]
    );

    fs::remove_file(folder.path("a.yaml")).unwrap();
    assert_eq!(folder.look(), ["put ConfigMap of b", "problems b.yaml []"]);
}

#[test]
fn a_file_that_is_put_in_place_of_another_is_noticed_though_it_is_as_old_and_long() {
    let mut folder = Folder::new();
    folder.write("a.yaml", &object("one", "first"));
    folder.look();
    let modified = fs::metadata(folder.path("a.yaml"))
        .unwrap()
        .modified()
        .unwrap();
    folder.write("new.tmp", &object("one", "other"));
    fs::File::options()
        .write(true)
        .open(folder.path("new.tmp"))
        .unwrap()
        .set_modified(modified)
        .unwrap();
    fs::rename(folder.path("new.tmp"), folder.path("a.yaml")).unwrap();
    assert_eq!(folder.look(), ["put ConfigMap other"]);
}

#[test]
fn values_of_secrets_stay_in_their_files() {
    let mut folder = Folder::new();
    folder.write(
        "s.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n",
    );
    let events = folder.look.look();
    let [Event::Put { text, .. }] = &events[..] else {
        unreachable!()
    };
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_folder_that_is_followed_tells_by_itself() {
    let folder = Folder::new();
    folder.write("a.yaml", &object("one", "first"));
    let (events, mut received) = tokio::sync::mpsc::channel(8);
    let follow = Follow::start(folder.place.path(), Limits::default(), events).unwrap();
    let first: Vec<_> = (0..2).map(|_| received.blocking_recv().unwrap()).collect();
    assert!(matches!(&first[0], Event::Put { .. }));
    assert_eq!(first[1], Event::Synced);

    folder.write("a.yaml", &object("one", "second"));
    let Event::Put { kind, text } = received.blocking_recv().unwrap() else {
        unreachable!()
    };
    assert_eq!(&*follow.kinds().get(kind).kind, "ConfigMap");
    assert!(text.contains("second"));
}

#[test]
fn a_folder_that_is_none_is_said_at_once() {
    let folder = Folder::new();
    let (events, _received) = tokio::sync::mpsc::channel(8);
    let error = Follow::start(&folder.path("missing"), Limits::default(), events)
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("name a folder of manifests"),
        "{error}"
    );
}
