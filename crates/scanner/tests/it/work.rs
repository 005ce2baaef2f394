//! A scanner that does what a test says: its scans are of example manifests.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use kubescape_collect::find;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_report::{ClusterFacts, Facts};
use kubescape_scan::{Cancel, Options, scan};
use kubescape_scanner::{Finished, ScanObject, ScanRequest, Work, WorkError};
use tokio::sync::watch;

/// What becomes of a scan.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It has a result.
    Done,
    /// It runs until [`FakeWork::release`] or until it is cancelled.
    Held,
    /// It runs until it is cancelled, and then says that it has a result.
    Deaf,
    /// It has none.
    Failed(&'static str),
    /// It panics.
    Panics,
}

#[derive(Default)]
struct Script {
    fates: VecDeque<Fate>,
    released: usize,
    /// What was scanned, in the order of starts.
    scanned: Vec<String>,
}

/// Scans by a script; without one every scan has a result.
pub(crate) struct FakeWork {
    script: Mutex<Script>,
    changed: Condvar,
    started: watch::Sender<usize>,
    pub(crate) reachable: Mutex<Result<(), String>>,
}

impl FakeWork {
    pub(crate) fn new(fates: impl IntoIterator<Item = Fate>) -> Self {
        let script = Script {
            fates: fates.into_iter().collect(),
            ..Script::default()
        };
        Self {
            script: Mutex::new(script),
            changed: Condvar::new(),
            started: watch::Sender::new(0),
            reachable: Mutex::new(Ok(())),
        }
    }

    /// Waits until so many scans have started.
    pub(crate) async fn started(&self, count: usize) {
        let mut started = self.started.subscribe();
        let enough = started.wait_for(|now| *now >= count);
        let enough = tokio::time::timeout(Duration::from_secs(30), enough);
        enough.await.unwrap().unwrap();
    }

    /// Lets one more held scan end.
    pub(crate) fn release(&self) {
        self.script.lock().unwrap().released += 1;
        self.changed.notify_all();
    }

    pub(crate) fn scanned(&self) -> Vec<String> {
        self.script.lock().unwrap().scanned.clone()
    }

    fn follow(
        &self,
        what: String,
        request: &ScanRequest,
        cancel: &Cancel,
    ) -> Result<Finished, WorkError> {
        let fate = {
            let mut script = self.script.lock().unwrap();
            script.scanned.push(what);
            script.fates.pop_front().unwrap_or(Fate::Done)
        };
        self.started.send_modify(|count| *count += 1);
        match fate {
            Fate::Done => {}
            Fate::Held => self.hold(cancel)?,
            Fate::Deaf => {
                let _ = self.hold(cancel);
            }
            Fate::Failed(reason) => return Err(WorkError::Failed(reason.to_owned())),
            Fate::Panics => panic!("a bug in a check"),
        }
        Ok(finished(request))
    }

    fn hold(&self, cancel: &Cancel) -> Result<(), WorkError> {
        let mut script = self.script.lock().unwrap();
        while script.released == 0 {
            if cancel.is_cancelled() {
                return Err(WorkError::Cancelled);
            }
            // Cancelling wakes nobody: scans look for it as they go.
            let glance = Duration::from_millis(2);
            script = self.changed.wait_timeout(script, glance).unwrap().0;
        }
        script.released -= 1;
        Ok(())
    }
}

impl Work for FakeWork {
    fn full(
        &self,
        request: &ScanRequest,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Finished, WorkError> {
        progress(1);
        self.follow("cluster".to_owned(), request, cancel)
    }

    fn object(
        &self,
        request: &ScanRequest,
        object: &ScanObject,
        deleted: bool,
        cancel: &Cancel,
    ) -> Result<Finished, WorkError> {
        let deleted = if deleted { " deleted" } else { "" };
        self.follow(format!("{}{deleted}", object.name), request, cancel)
    }

    fn check(&self) -> Result<(), String> {
        self.reachable.lock().unwrap().clone()
    }
}

/// A result of example manifests, judged as if they were a cluster.
pub(crate) fn finished(request: &ScanRequest) -> Finished {
    // Tests run in the crate's folder; the report says the same on any machine.
    let shop = Path::new("../../examples/shop");
    let selection = Selection {
        frameworks: vec!["NSA".to_owned(), "MITRE".to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs()).unwrap();
    let options = Options {
        keep_objects: true,
        ..Options::new(plan)
    };
    Finished {
        scan: scan(find(&[shop]).sources, options, &mut |_| {}).unwrap(),
        facts: Facts {
            generated: "2026-01-02T03:04:05Z".to_owned(),
            version: "1.2.3".to_owned(),
            fail_threshold: request.fail_threshold,
            took: "12 ms".to_owned(),
            cluster: Some(ClusterFacts {
                context: "test".to_owned(),
                ..ClusterFacts::default()
            }),
            ..Facts::default()
        },
    }
}
