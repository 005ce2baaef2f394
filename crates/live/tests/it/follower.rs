//! Somebody who follows a cluster, and what they know of it by the events alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use kubescape_collect::{Event, KindId, Kinds, Problem};
use kubescape_engine::KindMatch;
use kubescape_live::{Access, Connection, Follow, Pace, Patience, Waits, What};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::oneshot;

/// Times short enough for tests.
pub(crate) fn brisk() -> Pace {
    let waits = |first, longest| Waits {
        first: Duration::from_millis(first),
        longest: Duration::from_millis(longest),
    };
    Pace {
        errors: waits(10, 50),
        refusals: waits(50, 200),
        steady: Duration::from_millis(100),
        rediscovery: Duration::from_millis(20),
        rules: Duration::from_millis(20),
        ..Pace::default()
    }
}

pub(crate) const POD: KindMatch = KindMatch {
    group: "",
    kind: "Pod",
};
pub(crate) const SECRET: KindMatch = KindMatch {
    group: "",
    kind: "Secret",
};
pub(crate) const NAMESPACE: KindMatch = KindMatch {
    group: "",
    kind: "Namespace",
};
pub(crate) const DEPLOYMENT: KindMatch = KindMatch {
    group: "apps",
    kind: "Deployment",
};

/// What is followed when only kinds matter.
pub(crate) fn kinds(kinds: &[KindMatch]) -> What {
    What {
        kinds: kinds.to_vec(),
        pace: brisk(),
        ..What::default()
    }
}

/// What the events of one list add up to.
#[derive(Default)]
pub(crate) struct Known {
    /// `shop/cart` → the object.
    pub(crate) objects: BTreeMap<String, Value>,
    /// What a list that has begun has shown so far.
    listing: Option<BTreeSet<String>>,
    pub(crate) gap: Option<String>,
}

/// What the events add up to.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) lists: BTreeMap<KindId, Known>,
    pub(crate) problems: BTreeMap<String, Vec<Problem>>,
    pub(crate) synced: usize,
    pub(crate) puts: usize,
    pub(crate) sames: usize,
    pub(crate) listings: usize,
}

fn name(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

impl View {
    fn take(&mut self, event: Event) {
        match event {
            Event::Listing { kind } => {
                self.listings += 1;
                self.of(kind).listing = Some(BTreeSet::new());
            }
            Event::Put { kind, text } => {
                self.puts += 1;
                let object: Value = serde_json::from_str(&text).unwrap();
                let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
                let key = name(text("namespace"), text("name"));
                let known = self.of(kind);
                known.show(&key);
                known.objects.insert(key, object);
            }
            Event::Same {
                kind,
                namespace,
                name: of,
            } => {
                self.sames += 1;
                let key = name(&namespace, &of);
                let known = self.of(kind);
                assert!(
                    known.objects.contains_key(&key),
                    "{key} is the same as what?"
                );
                known.show(&key);
            }
            Event::Gone {
                kind,
                namespace,
                name: of,
            } => {
                let key = name(&namespace, &of);
                assert!(self.of(kind).objects.remove(&key).is_some(), "{key}");
            }
            Event::Listed { kind } => {
                let known = self.of(kind);
                let shown = known.listing.take().unwrap();
                known.objects.retain(|key, _| shown.contains(key));
            }
            Event::Gap { kind, gap } => {
                self.of(kind).gap = gap.map(|gap| gap.reason.into_string());
            }
            Event::Problems { path, problems } => {
                self.problems.insert(path.into_string(), problems);
            }
            Event::Synced => self.synced += 1,
        }
    }

    fn of(&mut self, kind: KindId) -> &mut Known {
        self.lists.entry(kind).or_default()
    }
}

impl Known {
    fn show(&mut self, key: &str) {
        if let Some(listing) = &mut self.listing {
            listing.insert(key.to_owned());
        }
    }
}

/// Follows a cluster.
pub(crate) struct Follower {
    pub(crate) follow: Follow,
    pub(crate) kinds: Kinds,
    pub(crate) view: View,
    events: Receiver<Event>,
    until: Option<oneshot::Sender<()>>,
    pub(crate) runtime: Runtime,
}

impl Follower {
    pub(crate) fn start(access: &Access, patience: Patience, what: What) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (sender, events) = channel(16);
        let (until, ended) = oneshot::channel::<()>();
        let follow = runtime.block_on(async {
            let connection = Connection::open(access, patience).await.unwrap();
            Follow::start(&connection, what, sender, async {
                let _ = ended.await;
            })
        });
        Self {
            kinds: follow.kinds().clone(),
            follow,
            view: View::default(),
            events,
            until: Some(until),
            runtime,
        }
    }

    /// Takes events until something holds.
    pub(crate) fn wait(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_mins(3);
        while !holds(self) {
            assert!(
                Instant::now() < end,
                "{what}: it does not come; {:?}",
                self.follow
            );
            let next = self.next();
            match next {
                Some(event) => self.view.take(event),
                None => panic!("{what}: the events have ended"),
            }
        }
    }

    pub(crate) fn next(&mut self) -> Option<Event> {
        let long = Duration::from_mins(1);
        let next = self
            .runtime
            .block_on(async { tokio::time::timeout(long, self.events.recv()).await });
        next.unwrap_or_else(|_| panic!("no event comes; {:?}", self.follow))
    }

    pub(crate) fn sync(&mut self) {
        self.wait("sync", |here| here.view.synced == 1);
    }

    /// Asks it to end, and what comes until it has.
    pub(crate) fn end(mut self) -> Vec<Event> {
        drop(self.until.take());
        let mut rest = Vec::new();
        while let Some(event) = self.next() {
            rest.push(event);
        }
        self.runtime.block_on(self.follow.stop());
        rest
    }

    /// The list that is called so: `pods`, `deployments.apps in namespace shop`.
    pub(crate) fn of(&self, list: &str) -> Option<&Known> {
        let mut lists = self.view.lists.iter();
        lists
            .find(|(kind, _)| self.kinds.get(**kind).to_string() == list)
            .map(|(_, known)| known)
    }

    /// The names of a list's objects.
    pub(crate) fn names(&self, list: &str) -> Vec<&str> {
        let known = self.of(list);
        known.map_or_else(Vec::new, |known| {
            known.objects.keys().map(String::as_str).collect()
        })
    }

    /// What is missing of a list; empty when nothing is.
    pub(crate) fn gap(&self, list: &str) -> &str {
        let gap = self.of(list).and_then(|known| known.gap.as_deref());
        gap.unwrap_or_default()
    }

    /// What is wrong with a file, and what is only worth a note.
    pub(crate) fn problems(&self, path: &Path) -> Vec<&str> {
        let problems = self.view.problems.get(&path.display().to_string());
        problems.map_or_else(Vec::new, |problems| {
            problems.iter().map(|problem| &*problem.message).collect()
        })
    }
}
