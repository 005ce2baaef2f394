//! Descriptions from files: what nodes, clouds and API servers say of themselves, which
//! the Kubernetes API does not have. (config-scanning reference §4.1, §4.2)
//!
//! What is read is checked here, so that a wrong file is named instead of leaving
//! controls without a finding.

mod host_data;
mod known;
mod shape;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, SystemTime};

use kubescape_engine::{Arena, Object};

use crate::documents::{Limits, RawDocument, read_documents};
use crate::find::{Input, Source, find};
use crate::parse::parse;
use crate::problem::{Code, Problem};

pub use host_data::as_rules_read_it;
use known::CLUSTER_DESCRIBE;

/// Bytes of all descriptions of a scan. 5,000 nodes have about 60 MiB.
const MOST_BYTES: usize = 256 << 20;

/// An older file may describe what is no longer so.
const OLD: Duration = Duration::from_hours(24);

/// What to put around the answer of a cloud's API.
const WRAP: &str = "put it into {apiVersion, kind, metadata: {name, provider}, data}, as docs/descriptions.md shows";

/// Documents that are judged beside the input of a scan.
#[derive(Clone, Debug, Default)]
pub struct Descriptions {
    /// The files; documents name them by their place here.
    pub sources: Vec<Source>,
    /// What was read and has the right shape.
    pub documents: Vec<Described>,
    /// What was read and has not, and what is worth knowing.
    pub problems: Vec<Problem>,
}

/// One document with a description.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its text.
    pub document: RawDocument,
    /// What it describes: `ClusterDescribe prod`.
    pub name: String,
    /// `eks`, `aks` or `gke`; nothing of nodes.
    pub provider: Option<&'static str>,
    /// Whether it is the version of an API server.
    pub is_server_info: bool,
}

impl Descriptions {
    /// Reads files, and folders with everything in them that is called `.yaml`, `.yml` or
    /// `.json`. Whatever is wrong is a problem, and the rest is read.
    pub fn read<A: AsRef<OsStr>>(paths: &[A], limits: Limits, now: SystemTime) -> Self {
        let found = find(paths);
        let mut reader = Reader {
            all: Self {
                problems: found.problems,
                ..Self::default()
            },
            seen: HashMap::new(),
            bytes: 0,
        };
        for source in found.sources {
            // Nothing else has a place among descriptions, named or not.
            let explicit = true;
            reader.file(&Source { explicit, ..source }, limits, now);
        }
        if reader.all.documents.is_empty() && reader.all.problems.is_empty() && !paths.is_empty() {
            let names = paths.iter().map(|path| path.as_ref().display().to_string());
            let names: Vec<_> = names.collect();
            let problem = Problem::new(Code::Empty, names.join(", "), "no description in it");
            reader.all.problems.push(problem);
        }
        reader.all
    }

    /// Leaves out what is of another provider than the cluster, and says so.
    pub fn agree_with(&mut self, provider: Option<&str>) {
        let disagreeing = self.disagreeing(provider);
        self.problems.extend(disagreeing);
        self.documents.retain(|one| agrees(one, provider));
    }

    /// What is said of descriptions of another provider than the cluster.
    pub fn disagreeing(&self, provider: Option<&str>) -> Vec<Problem> {
        let others = self.documents.iter().filter(|one| !agrees(one, provider));
        others
            .map(|one| {
                let of = one.provider.unwrap_or_default();
                let cluster = match provider {
                    Some(provider) => format!("the cluster runs on {provider}"),
                    None => format!("no Node of the cluster says that it runs on {of}"),
                };
                let text = format!("metadata.provider: {} is of {of}, and {cluster}", one.name);
                let mut problem = self.problem(one, Code::BadDescription, text);
                problem.remedy =
                    format!("describe the cluster that is scanned, or say --scope {of}");
                problem
            })
            .collect()
    }

    /// Leaves out versions of API servers: a living one speaks for itself.
    pub fn without_server_info(&mut self) {
        let (info, rest) = std::mem::take(&mut self.documents)
            .into_iter()
            .partition(|one| one.is_server_info);
        self.documents = rest;
        let info: Vec<Described> = info;
        for one in &info {
            let text = format!("{} is not read: the API server itself was asked", one.name);
            let note = self.problem(one, Code::UnusedDescription, text);
            self.problems.push(note);
        }
    }

    fn problem(&self, one: &Described, code: Code, text: String) -> Problem {
        let source = &self.sources[one.document.source as usize];
        Problem::new(code, &source.name, text).of_document(&one.document)
    }
}

fn agrees(one: &Described, provider: Option<&str>) -> bool {
    one.provider.is_none() || one.provider == provider
}

struct Reader {
    all: Descriptions,
    /// Where each object was given first, by ID.
    seen: HashMap<String, String>,
    bytes: usize,
}

impl Reader {
    fn file(&mut self, source: &Source, limits: Limits, now: SystemTime) {
        let before = self.all.documents.len();
        self.all.sources.push(source.clone());
        read_documents(source, limits, &mut |document| {
            match document {
                Err(problem) => self.all.problems.push(problem),
                Ok(document) => {
                    self.bytes += document.text.len();
                    if self.bytes > MOST_BYTES {
                        let message =
                            format!("all descriptions have more than {} MiB", MOST_BYTES >> 20);
                        let mut problem = Problem::new(Code::TooLarge, &source.name, message);
                        "leave out what no control reads".clone_into(&mut problem.remedy);
                        self.all.problems.push(problem);
                        return ControlFlow::Break(());
                    }
                    self.document(&document, source);
                }
            }
            ControlFlow::Continue(())
        });
        if self.all.documents.len() > before {
            self.all.problems.extend(age(source, now));
        }
    }

    fn document(&mut self, document: &RawDocument, source: &Source) {
        let arena = Arena::new();
        let parsed = parse(document, source, &arena);
        let mut wrong = parsed.problems;
        for problem in &mut wrong {
            if matches!(problem.code, Code::NoKind | Code::NotAnObject) {
                WRAP.clone_into(&mut problem.remedy);
            }
        }
        let mut described = None;
        for object in &parsed.objects {
            let failed = object.value.dig(&["status", "error"]).str();
            let object = Object::new(as_rules_read_it(object.value, &arena), 0);
            let checked = shape::sensed(failed).and_then(|()| shape::check(&object));
            let checked = checked.and_then(|known| {
                self.claim(&object, source)?;
                Ok(known)
            });
            match checked {
                Ok(known) => {
                    described = Some(Described {
                        name: format!("{} {}", object.kind, object.name),
                        provider: known.provider,
                        is_server_info: known.is_server_info,
                        document: document.clone(),
                    });
                }
                Err(fault) => {
                    let problem = Problem::new(Code::BadDescription, &source.name, fault.message);
                    let mut problem = problem.of_document(document);
                    problem.remedy = fault.remedy;
                    wrong.push(problem);
                }
            }
        }
        if wrong.is_empty() {
            self.all.documents.extend(described);
        }
        self.all.problems.extend(wrong);
    }

    /// A cluster has one description, and each node one of a kind.
    fn claim(&mut self, object: &Object<'_>, source: &Source) -> Result<(), shape::Fault> {
        let id = if object.kind == CLUSTER_DESCRIBE {
            CLUSTER_DESCRIBE.to_owned()
        } else {
            object.resource_id().to_lowercase()
        };
        let Some(other) = self.seen.get(&id) else {
            self.seen.insert(id, source.name.clone());
            return Ok(());
        };
        let message = if object.kind == CLUSTER_DESCRIBE {
            format!(
                "kind: a second {CLUSTER_DESCRIBE} beside that in {other}, and a cluster has one"
            )
        } else {
            format!(
                "metadata.name: {} {} is in {other}, too",
                object.kind, object.name
            )
        };
        Err(shape::Fault {
            message,
            remedy: "keep one of them".to_owned(),
        })
    }
}

/// A note when the file is old.
fn age(source: &Source, now: SystemTime) -> Option<Problem> {
    let Input::File(path) = &source.input else {
        return None;
    };
    let age = now.duration_since(modified(path)?).ok()?;
    let days = age.as_secs() / OLD.as_secs();
    let days = match days {
        0 => return None,
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    };
    let message = format!("the file is {days} old, and what it describes may have changed");
    Some(Problem::new(Code::OldDescription, &source.name, message))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}
