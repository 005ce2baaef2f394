//! All lists that a scan reads, several at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use kubescape_collect::{Code, Format, Input, Limits, Problem, RawDocument, Source};
use kubescape_engine::{Gap, Lack, Plan};
use kubescape_scan::{Fed, Feed, Inlets};

use crate::cluster::{About, Cluster, ConnectError};
use crate::discovery::{Discovery, Resource};
use crate::nodes::is_worker;
use crate::overhear::{Known, Neighbours, Overhear, documents};
use crate::pages::{Pages, Pulse, Read, accept};
use crate::server_info::{SERVER_INFO, server_info};
use crate::trouble::Trouble;
use crate::wanted::{self, List, Namespaces, Target};

/// Lists that are read at once. More would only press the API server, whose
/// priority and fairness gives one user about as many seats.
const AT_ONCE: usize = 4;

/// What of a cluster a scan reads, and the [`Feed`] that reads it.
pub struct Survey<'c> {
    cluster: &'c Cluster,
    lists: Vec<List>,
    sources: Vec<Source>,
    gaps: Vec<Gap>,
    problems: Vec<Problem>,
    target_kind: Option<String>,
    /// What is known without asking, after all lists and the version.
    known: Option<Known>,
    tells_version: bool,
    workers: AtomicUsize,
    limits: Limits,
}

impl<'c> Survey<'c> {
    pub(crate) fn new(
        cluster: &'c Cluster,
        discovery: &Discovery,
        plan: &Plan,
        namespaces: &Namespaces,
        target: Option<&Target>,
    ) -> Result<Self, ConnectError> {
        let own = target
            .map(|target| own_kind(discovery, target))
            .transpose()?;
        let kinds = match own {
            Some(own) => plan.kinds_beside(&own.group, &own.kind),
            None => plan.kinds(),
        };
        let (lists, gaps) = wanted::lists(&kinds, discovery, namespaces, own.zip(target));
        let tells_version = kinds
            .iter()
            .any(|kind| kind.matches(SERVER_INFO.0, SERVER_INFO.1));
        let names = lists.iter().map(List::path);
        let names = names.chain(tells_version.then(|| "/version".to_owned()));
        let sources = (0..).zip(names).map(|(index, name)| Source {
            index,
            name,
            input: Input::Cluster,
            explicit: false,
        });
        let unread = gaps.iter().filter(|gap| gap.lack == Lack::Unread);
        let problem = |gap: &Gap| Problem::new(Code::Unavailable, "/apis", &*gap.reason);
        Ok(Self {
            cluster,
            sources: sources.collect(),
            problems: unread.map(problem).collect(),
            gaps,
            lists,
            target_kind: own.map(|own| own.kind.clone()),
            known: None,
            tells_version,
            workers: AtomicUsize::new(0),
            limits: Limits::default(),
        })
    }

    /// Reads no objects above these.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Asks somebody who follows the cluster about everything but the target, and
    /// reads only that when they know.
    pub fn overhearing(mut self, follower: &dyn Overhear) -> Self {
        let Some(target) = self.target_kind.clone() else {
            return self;
        };
        let (own, others): (Vec<List>, Vec<List>) = self
            .lists
            .iter()
            .cloned()
            .partition(|list| list.resource.kind == target && !list.field_selector.is_empty());
        let neighbours: Vec<_> = others.iter().map(Neighbours::of).collect();
        let Some(known) = follower.overhear(&neighbours) else {
            return self;
        };
        let paths: Vec<_> = others.iter().map(List::path).collect();
        self.sources.retain(|source| !paths.contains(&source.name));
        self.lists = own;
        self.sources.push(Source {
            index: 0,
            name: "what is followed".to_owned(),
            input: Input::Cluster,
            explicit: false,
        });
        for (number, source) in (0..).zip(&mut self.sources) {
            source.index = number;
        }
        self.known = Some(known);
        self
    }

    /// The lists, as sources of the scan, in the order of their numbers.
    pub fn sources(&self) -> Vec<Source> {
        self.sources.clone()
    }

    /// Paths of the lists without their queries, and what each accepts: what a
    /// bare client would have to ask for, too.
    pub fn requests(&self) -> impl Iterator<Item = (String, &'static str)> {
        self.lists.iter().map(|list| (list.path(), accept(list)))
    }

    /// The kind of the target, as the cluster writes it.
    pub fn target_kind(&self) -> Option<&str> {
        self.target_kind.as_deref()
    }

    /// What is known of the cluster, after the scan with the number of workers.
    pub fn about(&self) -> About {
        let nodes = self.lists.iter().any(|list| is_node(&list.resource));
        About {
            worker_nodes: nodes.then(|| self.workers.load(Ordering::Relaxed)),
            ..self.cluster.about.clone()
        }
    }

    /// The server's version as a document.
    fn version(&self) -> RawDocument {
        let about = &self.cluster.about;
        RawDocument {
            source: u32::try_from(self.lists.len()).unwrap_or(u32::MAX),
            index: 0,
            item: None,
            offset: 0,
            line: 1,
            column: 1,
            format: Format::Json,
            text: server_info(&about.version, about.provider),
            inherited: None,
        }
    }

    fn read(&self, number: usize, inlets: &Inlets, pulse: &Pulse) -> Option<Read> {
        let list = self.lists.get(number)?;
        let count: &dyn Fn(&str) = &|text| {
            if is_worker(text) {
                self.workers.fetch_add(1, Ordering::Relaxed);
            }
        };
        let pages = Pages {
            requests: &self.cluster.requests.until(inlets.cancel()),
            pulse,
            list,
            source: &self.sources[number],
            limits: self.limits,
            inlet: &mut inlets.inlet(),
            each: if is_node(&list.resource) {
                count
            } else {
                &|_| {}
            },
        };
        Some(pages.read())
    }

    /// What became of the lists.
    fn fed(&self, results: Vec<Option<Read>>) -> Fed {
        let known = self.known.iter().flat_map(|known| &known.gaps);
        let mut fed = Fed {
            gaps: self.gaps.iter().chain(known).cloned().collect(),
            problems: self.problems.clone(),
            attempts: Vec::new(),
        };
        for (number, read) in results.into_iter().enumerate() {
            fed.attempts.push(read.as_ref().map(|read| read.attempt));
            if let Some(read) = read {
                book(&self.lists[number], &self.sources[number], read, &mut fed);
            }
        }
        fed
    }
}

/// Says of one list what is missing.
fn book(list: &List, source: &Source, read: Read, fed: &mut Fed) {
    if let Some(problem) = read.problems.first() {
        fed.gaps.push(list.gap(&problem.message));
    }
    fed.problems.extend(read.problems);
    let Some(trouble) = read.trouble else {
        return;
    };
    let reason = trouble.to_string();
    if trouble == Trouble::Missing {
        // The kind went away since it was discovered.
        fed.gaps.push(Gap {
            lack: Lack::Absent,
            ..list.gap(&reason)
        });
        return;
    }
    fed.gaps.push(list.gap(&reason));
    let code = match trouble {
        Trouble::Forbidden(_) => Code::Forbidden,
        _ => Code::Unavailable,
    };
    fed.problems.push(Problem::new(code, &source.name, reason));
}

impl Feed for Survey<'_> {
    fn run(&self, inlets: &Inlets) -> Fed {
        if self.tells_version && inlets.inlet().put(Ok(self.version())).is_break() {
            return Fed::default();
        }
        if let Some(known) = &self.known {
            let source = self.sources.len().saturating_sub(1);
            let mut inlet = inlets.inlet();
            for document in documents(known, u32::try_from(source).unwrap_or(u32::MAX)) {
                if inlet.put(Ok(document)).is_break() {
                    return Fed::default();
                }
            }
        }
        let next = AtomicUsize::new(0);
        let pulse = Pulse::default();
        let results: Mutex<Vec<Option<Read>>> =
            Mutex::new(self.lists.iter().map(|_| None).collect());
        thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(self.lists.len()) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(read) = self.read(number, inlets, &pulse) else {
                            return;
                        };
                        let stopped = read.stopped;
                        results.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(read);
                        if stopped {
                            return;
                        }
                    }
                });
            }
        });
        self.fed(results.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_node(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.kind == "Node"
}

/// The kind that a user means; of several groups that of the first.
fn own_kind<'d>(discovery: &'d Discovery, target: &Target) -> Result<&'d Resource, ConnectError> {
    let mut meant = discovery
        .resources
        .iter()
        .filter(|one| one.is_called(&target.kind));
    meant
        .next()
        .ok_or_else(|| ConnectError::NoSuchKind(target.kind.clone()))
}
