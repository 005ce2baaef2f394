//! The Go program of `tests/informers`, and what it says.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::world::World;

/// A running `informers`.
pub(crate) struct Informers {
    child: Child,
    orders: ChildStdin,
    said: BufReader<ChildStdout>,
}

/// What the caches of one program hold.
#[derive(Default)]
pub(crate) struct Dump {
    /// Sorted lines of JSON, by plural.
    pub(crate) objects: BTreeMap<String, Vec<String>>,
    /// What cannot be, such as an object that was added twice.
    pub(crate) faults: Vec<String>,
    /// Events that came.
    pub(crate) events: u64,
}

impl Informers {
    pub(crate) fn start(
        world: &World,
        kubeconfig: &Path,
        arguments: &[&str],
        watch_list: bool,
    ) -> Self {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(world.folder.path().join("informers.log"))
            .unwrap();
        let mut child = Command::new(world.go_program("informers"))
            .args(&arguments[..1])
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(&arguments[1..])
            .env("KUBE_FEATURE_WatchListClient", watch_list.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            orders,
            said,
        }
    }

    /// The next line; the program has to go on.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.said.read_line(&mut line).unwrap();
        assert!(read > 0, "informers ended: {:?}", self.child.wait());
        line.trim_end().to_owned()
    }

    /// All lines until `done`.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.line() {
                line if line == "done" => return lines,
                line => lines.push(line),
            }
        }
    }

    /// What the caches hold once the object of that name has come.
    pub(crate) fn dump(&mut self, marker: &str) -> Dump {
        writeln!(self.orders, "dump {marker}").unwrap();
        let mut dump = Dump::default();
        for line in self.lines() {
            let (word, rest) = line.split_once(' ').unwrap();
            match (word, rest.split_once(' ')) {
                ("object", Some((plural, json))) => {
                    let objects = dump.objects.entry(plural.to_owned());
                    objects.or_default().push(json.to_owned());
                }
                ("events", Some((_, count))) => dump.events += count.parse::<u64>().unwrap(),
                _ => dump.faults.push(rest.to_owned()),
            }
        }
        dump
    }
}

impl Drop for Informers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
