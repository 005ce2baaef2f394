//! One look at the folder: what happened since the last.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kubescape_collect::{Code, Event, Kinds, Limits, Problem, Source, find};
use sha2::{Digest as _, Sha256};

use crate::claims::{Claims, News};
use crate::file::{Content, Stamp};

/// Rivals of one file that are named.
const RIVALS: usize = 3;

/// Looks at a folder.
pub struct Look {
    folder: PathBuf,
    limits: Limits,
    kinds: Kinds,
    /// Files by name: when they were read, and what was told of them.
    files: BTreeMap<String, (Option<Stamp>, Vec<Problem>)>,
    claims: Claims,
}

impl Look {
    /// Nothing has been read.
    pub fn new(folder: &Path, limits: Limits) -> Self {
        Self {
            folder: folder.to_owned(),
            limits,
            kinds: Kinds::default(),
            files: BTreeMap::new(),
            claims: Claims::default(),
        }
    }

    /// What the numbers of kinds stand for.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// Reads what changed since the last look. Of a file that is broken, the objects
    /// that cannot be read any more stay as they were.
    pub fn look(&mut self) -> Vec<Event> {
        let found = find(&[&self.folder]);
        let mut problems: BTreeMap<String, Vec<Problem>> = BTreeMap::new();
        for problem in found.problems {
            problems
                .entry(problem.path.clone())
                .or_default()
                .push(problem);
        }
        let mut there: BTreeSet<String> = problems.keys().cloned().collect();
        for source in &found.sources {
            there.insert(source.name.clone());
            let stamp = Stamp::of(source);
            let known = self.files.get(&source.name);
            let said = match known {
                Some((before, said)) if stamp.is_some() && *before == stamp => said.clone(),
                _ => self.read(source),
            };
            // What two files say of one object may change without this file.
            let said: Vec<Problem> = said
                .into_iter()
                .filter(|problem| problem.code != Code::DuplicateObject || problem.line.is_some())
                .collect();
            problems
                .entry(source.name.clone())
                .or_default()
                .extend(said);
            let file = self.files.entry(source.name.clone()).or_default();
            file.0 = stamp;
        }
        for name in self.files.keys().filter(|name| !there.contains(*name)) {
            self.claims.set(name, Vec::new(), false);
        }
        let mut events = self.news();
        events.extend(self.told(&there, problems));
        events
    }

    fn read(&mut self, source: &Source) -> Vec<Problem> {
        let content = Content::read(source, self.limits);
        let broken = content.is_broken();
        self.claims.set(&source.name, content.objects, broken);
        content.problems
    }

    fn news(&mut self) -> Vec<Event> {
        let news = self.claims.news(|text| Sha256::digest(text).into());
        let mut events: Vec<(Box<str>, Event)> = Vec::with_capacity(news.len());
        for news in news {
            events.push(match news {
                News::Put(identity, text) => {
                    let kind = self.kinds.id(identity.kind);
                    (identity.name, Event::Put { kind, text })
                }
                News::Gone(identity) => {
                    let kind = self.kinds.id(identity.kind);
                    let (namespace, name) = (identity.namespace, identity.name);
                    (
                        name.clone(),
                        Event::Gone {
                            kind,
                            namespace,
                            name,
                        },
                    )
                }
            });
        }
        events.sort_by(|a, b| a.0.cmp(&b.0));
        events.into_iter().map(|(_, event)| event).collect()
    }

    /// What is said of files that was not said before.
    fn told(
        &mut self,
        there: &BTreeSet<String>,
        mut problems: BTreeMap<String, Vec<Problem>>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        for name in there {
            let mut now = problems.remove(name).unwrap_or_default();
            for (identity, other) in self.claims.rivals(name, RIVALS) {
                let (kind, object) = (&identity.kind.kind, &identity.name);
                let message = format!("{kind} {object} stands in {other}, too, which counts");
                now.push(Problem {
                    remedy: "keep one of them".to_owned(),
                    ..Problem::new(Code::DuplicateObject, name, message)
                });
            }
            let (_, before) = self.files.entry(name.clone()).or_default();
            if *before != now {
                before.clone_from(&now);
                let path = name.as_str().into();
                events.push(Event::Problems {
                    path,
                    problems: now,
                });
            }
        }
        let gone: Vec<String> = self
            .files
            .keys()
            .filter(|name| !there.contains(*name))
            .cloned()
            .collect();
        for name in gone {
            let had = self.files.remove(&name);
            if had.is_some_and(|(_, problems)| !problems.is_empty()) {
                let path = name.into();
                events.push(Event::Problems {
                    path,
                    problems: Vec::new(),
                });
            }
        }
        events
    }
}
