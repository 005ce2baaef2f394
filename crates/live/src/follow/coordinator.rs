//! Decides which lists are followed: what controls read, of that what the rules
//! file names, of that what the cluster has. Looks again when any of it may have
//! changed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use kubescape_collect::{Code, Event, Kind, KindId, Kinds, Problem};
use kubescape_engine::{Gap, Lack};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::What;
use super::outlet::{Outlet, Shared};
use super::pace::chance;
use super::rules::Rules;
use super::stop::{Ended, Stopper};
use super::supervise::supervise;
use crate::connection::{Connection, version};
use crate::discovery::{Discovery, Resource};
use crate::server_info::{SERVER_INFO, server_info};
use crate::wanted::{self, List, Namespaces};

/// Larger rules files are no rules files.
const RULES_BYTES: u64 = 1 << 20;

/// Where problems of discovery are said to be.
const DISCOVERY: &str = "/apis";

/// A list that is followed.
struct Running {
    list: List,
    outlet: Outlet,
    stopper: Stopper,
    task: JoinHandle<()>,
}

/// Starts and stops followers.
pub(crate) struct Coordinator {
    what: What,
    shared: Arc<Shared>,
    kinds: Kinds,
    provider: Option<&'static str>,
    running: BTreeMap<KindId, Running>,
    /// What was told to be missing because there is nothing to follow.
    gaps: BTreeMap<KindId, Gap>,
    rules: Option<Rules>,
    /// The text that they were read from, and what was wrong with it.
    rules_text: Option<String>,
    rules_errors: Vec<String>,
    /// What was told of files, by path.
    problems: BTreeMap<String, Vec<Problem>>,
    discovery: Discovery,
    server_info: String,
    /// Tells which namespaces are followed.
    namespaces: watch::Sender<Namespaces>,
    /// Whether the beginning is over.
    begun: bool,
}

impl Coordinator {
    pub(crate) fn new(
        connection: &Connection,
        what: What,
        shared: &Arc<Shared>,
        kinds: Kinds,
        namespaces: watch::Sender<Namespaces>,
    ) -> Self {
        Self {
            what,
            shared: Arc::clone(shared),
            kinds,
            provider: connection.about().provider,
            running: BTreeMap::new(),
            gaps: BTreeMap::new(),
            rules: None,
            rules_text: None,
            rules_errors: Vec::new(),
            problems: BTreeMap::new(),
            discovery: Discovery::default(),
            server_info: String::new(),
            namespaces,
            begun: false,
        }
    }

    /// Goes on until nobody receives any more.
    pub(crate) async fn run(&mut self) -> Result<(), Ended> {
        self.read_rules().await;
        self.discover_first().await?;
        self.apply().await?;
        self.tell_version().await?;
        self.begun = true;
        self.shared.settle().await?;
        let pace = self.what.pace;
        let mut looked = Instant::now();
        let mut look_again = looked + pace.discovery;
        let mut look_at_rules = looked + pace.rules;
        loop {
            tokio::select! {
                () = self.shared.rediscover.notified() => {
                    look_again = look_again.min(looked + pace.rediscovery);
                }
                () = sleep_until(look_again) => {
                    self.discover_again().await?;
                    looked = Instant::now();
                    look_again = looked + pace.discovery;
                }
                () = sleep_until(look_at_rules), if self.what.rules.is_some() => {
                    if self.read_rules().await {
                        self.apply().await?;
                    }
                    look_at_rules = Instant::now() + pace.rules;
                }
            }
        }
    }

    /// Ends all followers, and returns when they have ended.
    pub(crate) async fn end(self) {
        for running in self.running.values() {
            running.stopper.stop();
        }
        for running in self.running.into_values() {
            // It has nothing to tell.
            let _ = running.task.await;
        }
    }

    /// Without knowing what there is, nothing can begin.
    async fn discover_first(&mut self) -> Result<(), Ended> {
        let mut failures = 0;
        loop {
            match Discovery::ask(&self.shared.caller).await {
                Ok(discovery) => {
                    self.discovery = discovery;
                    return self.tell_problems(DISCOVERY, Vec::new()).await;
                }
                Err(trouble) => {
                    failures += 1;
                    let reason = format!("discovery: {trouble}");
                    let problem = Problem::new(Code::Unavailable, DISCOVERY, reason);
                    self.tell_problems(DISCOVERY, vec![problem]).await?;
                    let waits = self.what.pace.errors;
                    sleep(waits.after(failures, trouble.again(), chance())).await;
                }
            }
        }
    }

    /// What is followed already goes on whether this works or not.
    async fn discover_again(&mut self) -> Result<(), Ended> {
        match Discovery::ask(&self.shared.caller).await {
            Ok(discovery) => {
                self.tell_problems(DISCOVERY, Vec::new()).await?;
                if discovery != self.discovery {
                    self.discovery = discovery;
                    self.apply().await?;
                }
                self.tell_version().await
            }
            Err(trouble) => {
                let reason = format!("discovery: {trouble}");
                let problem = Problem::new(Code::Unavailable, DISCOVERY, reason);
                self.tell_problems(DISCOVERY, vec![problem]).await
            }
        }
    }

    /// Looks at the rules file; whether it says anything else than before. While
    /// it is broken, its last good content counts.
    async fn read_rules(&mut self) -> bool {
        let Some(path) = self.what.rules.clone() else {
            return false;
        };
        let read = tokio::task::spawn_blocking(move || read_text(&path)).await;
        let text = match read.unwrap_or_else(|_| Err("reading it ended in a bug".to_owned())) {
            Ok(text) => text,
            Err(error) => {
                let news = self.rules_errors != [error.clone()];
                self.rules_errors = vec![error];
                self.rules_text = None;
                return news;
            }
        };
        if text == self.rules_text && (text.is_some() || self.rules_errors.is_empty()) {
            return false;
        }
        self.rules_text.clone_from(&text);
        self.rules_errors.clear();
        match text.as_deref().map(Rules::parse).transpose() {
            Ok(rules) => self.rules = rules,
            Err(errors) => self.rules_errors = errors,
        }
        true
    }

    /// Follows what is wanted now, and nothing else.
    async fn apply(&mut self) -> Result<(), Ended> {
        let (lists, mut gaps) = self.wanted();
        let mut wanted: BTreeMap<KindId, List> = BTreeMap::new();
        for list in lists {
            wanted.insert(self.kinds.id(kind(&list)), list);
        }
        self.tell_rules(&wanted).await?;
        if let Some(rules) = &self.rules {
            // They are not judged, and whoever asks for them is to know why.
            let left_out = wanted.extract_if(.., |_, list| !rules.want(&list.resource));
            gaps.extend(left_out.map(|(id, list)| (id, list.gap("the rules file leaves it out"))));
        }
        self.stop_others(&wanted).await?;
        self.tell_gaps(gaps).await?;
        for (id, list) in wanted {
            if self.running.contains_key(&id) {
                continue;
            }
            let (stopper, stop) = Stopper::new();
            let outlet = Outlet::new(Arc::clone(&self.shared), id, stop, !self.begun);
            let task = tokio::spawn(supervise(list.clone(), outlet.clone()));
            let running = Running {
                list,
                outlet,
                stopper,
                task,
            };
            self.running.insert(id, running);
        }
        Ok(())
    }

    /// What controls read: lists, and gaps where the cluster has nothing to list.
    fn wanted(&self) -> (Vec<List>, BTreeMap<KindId, Gap>) {
        let namespaces = &self.what.namespaces;
        let namespaces = match &self.rules {
            Some(rules) => rules.narrow(namespaces),
            None => namespaces.clone(),
        };
        self.namespaces.send_replace(namespaces.clone());
        let (lists, gaps) = wanted::lists(&self.what.kinds, &self.discovery, &namespaces, None);
        let gaps = gaps.into_iter().map(|gap| {
            let kind = Kind {
                group: gap.group.clone(),
                kind: gap.kind.clone(),
                ..Kind::default()
            };
            (self.kinds.id(kind), gap)
        });
        (lists, gaps.collect())
    }

    /// Ends what is not wanted any more. Groups whose servers do not answer may
    /// still have it.
    async fn stop_others(&mut self, wanted: &BTreeMap<KindId, List>) -> Result<(), Ended> {
        let failed = &self.discovery.failed;
        let gone: Vec<KindId> = self
            .running
            .iter()
            .filter(|(id, running)| {
                let resource = &running.list.resource;
                let left_out = self
                    .rules
                    .as_ref()
                    .is_some_and(|rules| !rules.want(resource));
                !wanted.contains_key(id) && (left_out || !failed.contains_key(&resource.group))
            })
            .map(|(id, _)| *id)
            .collect();
        for kind in gone {
            let Some(running) = self.running.remove(&kind) else {
                continue;
            };
            running.stopper.stop();
            // It has nothing to tell.
            let _ = running.task.await;
            self.shared.counters.end(kind);
            running.outlet.settle().await?;
            self.shared.send(Event::Listing { kind }).await?;
            self.shared.send(Event::Listed { kind }).await?;
            self.shared.send(Event::Gap { kind, gap: None }).await?;
        }
        Ok(())
    }

    async fn tell_gaps(&mut self, gaps: BTreeMap<KindId, Gap>) -> Result<(), Ended> {
        let before = std::mem::take(&mut self.gaps);
        for kind in before.keys().copied() {
            if !gaps.contains_key(&kind) {
                self.shared.send(Event::Gap { kind, gap: None }).await?;
            }
        }
        for (kind, gap) in &gaps {
            if before.get(kind) != Some(gap) {
                let event = Event::Gap {
                    kind: *kind,
                    gap: Some(gap.clone()),
                };
                self.shared.send(event).await?;
            }
        }
        self.gaps = gaps;
        Ok(())
    }

    async fn tell_rules(&mut self, wanted: &BTreeMap<KindId, List>) -> Result<(), Ended> {
        let Some(path) = &self.what.rules else {
            return Ok(());
        };
        let path = path.display().to_string();
        let errors = self.rules_errors.iter();
        let errors = errors.map(|error| Problem::new(Code::BadRule, &path, error));
        let mut problems: Vec<Problem> = errors.collect();
        if let Some(rules) = &self.rules {
            let read: Vec<&Resource> = wanted.values().map(|list| &list.resource).collect();
            let notes = rules.notes(&read, &self.discovery.resources);
            let notes = notes.into_iter();
            problems.extend(notes.map(|note| Problem::new(Code::NotFollowed, &path, note)));
        }
        self.tell_problems(&path, problems).await
    }

    async fn tell_problems(&mut self, path: &str, problems: Vec<Problem>) -> Result<(), Ended> {
        let before = self.problems.get(path).map_or(&[][..], Vec::as_slice);
        if before == problems {
            return Ok(());
        }
        self.problems.insert(path.to_owned(), problems.clone());
        let path = path.into();
        self.shared.send(Event::Problems { path, problems }).await
    }

    /// The server's version, if controls read it and it is another than before.
    async fn tell_version(&mut self) -> Result<(), Ended> {
        let read = |kind: &kubescape_engine::KindMatch| kind.matches(SERVER_INFO.0, SERVER_INFO.1);
        if !self.what.kinds.iter().any(read) {
            return Ok(());
        }
        let kind = self.kinds.id(Kind {
            group: SERVER_INFO.0.into(),
            version: "v1beta0".into(),
            kind: SERVER_INFO.1.into(),
            ..Kind::default()
        });
        let text = match version(&self.shared.caller).await {
            Ok(version) => server_info(&version, self.provider),
            // What is known of it stays as it was.
            Err(_) if !self.server_info.is_empty() => return Ok(()),
            Err(trouble) => {
                let gap = Gap {
                    group: SERVER_INFO.0.into(),
                    kind: SERVER_INFO.1.into(),
                    lack: Lack::Unread,
                    reason: format!("/version: {trouble}").into(),
                };
                let gap = Some(gap);
                return self.shared.send(Event::Gap { kind, gap }).await;
            }
        };
        if text == self.server_info {
            return Ok(());
        }
        self.server_info.clone_from(&text);
        self.shared.send(Event::Gap { kind, gap: None }).await?;
        self.shared.send(Event::Listing { kind }).await?;
        let text = text.into();
        self.shared.send(Event::Put { kind, text }).await?;
        self.shared.send(Event::Listed { kind }).await
    }
}

fn kind(list: &List) -> Kind {
    let resource = &list.resource;
    let named = list.field_selector.strip_prefix("metadata.name=");
    Kind {
        group: (*resource.group).into(),
        version: (*resource.version).into(),
        kind: (*resource.kind).into(),
        resource: (*resource.plural).into(),
        namespaced: resource.namespaced,
        only: list
            .namespace
            .as_deref()
            .or(named)
            .unwrap_or_default()
            .into(),
    }
}

/// The text of a file; `None` when there is none. The links that a mounted
/// `ConfigMap` is made of are followed anew each time.
fn read_text(path: &Path) -> Result<Option<String>, String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be opened: {error}")),
    };
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err("it is no file".to_owned());
    }
    let mut text = String::new();
    match file.take(RULES_BYTES + 1).read_to_string(&mut text) {
        Ok(_) if text.len() as u64 > RULES_BYTES => Err("it is longer than 1 MiB".to_owned()),
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}
