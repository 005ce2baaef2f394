//! What one worker does with a document: parse, judge, redact, digest.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kubescape_collect::{Code, Input, Problem, RawDocument, Source, as_rules_read_it, parse};
use kubescape_engine::{Arena, Judge, Judged, Object, digest, redact};
use sha2::{Digest, Sha256};

use crate::filter::Verdict;
use crate::gathered::Key;
use crate::identity::resource_id;
use crate::{Options, Place, versions};

/// Above this an arena is not kept for the next document.
const KEEP_ARENA_UP_TO: usize = 4 << 20;

/// What came of one document.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) objects: Vec<MadeObject>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) unread_kinds: BTreeMap<String, usize>,
    pub(crate) seen: usize,
    /// Objects that were passed over because their owner is judged.
    pub(crate) owned: usize,
    /// Of the document, with the place that it has among all.
    pub(crate) digest: Option<(Key, [u8; 32])>,
}

pub(crate) struct MadeObject {
    pub(crate) judged: Judged,
    pub(crate) place: Place,
    /// The redacted object as JSON, when it was asked for.
    pub(crate) json: Vec<u8>,
    /// The text it was read from, when that cannot be read again and is not
    /// that of the object before it: a list would be kept once an item.
    pub(crate) text: Option<String>,
}

pub(crate) struct Worker<'s> {
    judge: Judge<'s>,
    options: &'s Options,
    sources: &'s [Source],
    /// Whether objects are those of a cluster, which knows each once.
    live: bool,
    arena: Arena,
}

impl<'s> Worker<'s> {
    pub(crate) fn new(options: &'s Options, sources: &'s [Source], live: bool) -> Self {
        Self {
            judge: Judge::new(&options.plan),
            options,
            sources,
            live,
            arena: Arena::new(),
        }
    }

    /// A panic in a check costs its document and nothing else.
    pub(crate) fn make(&mut self, document: &RawDocument) -> Made {
        let attempt = catch_unwind(AssertUnwindSafe(|| self.try_make(document)));
        if self.arena.allocated_bytes() > KEEP_ARENA_UP_TO {
            self.arena = Arena::new();
        } else {
            self.arena.reset();
        }
        attempt.unwrap_or_else(|_| {
            let path = &self.sources[document.source as usize].name;
            let message = "judging this document failed inside the program";
            let problem = Problem::new(Code::Internal, path, message).of_document(document);
            Made {
                problems: vec![problem],
                ..Made::default()
            }
        })
    }

    fn try_make(&mut self, document: &RawDocument) -> Made {
        let arena = &self.arena;
        let key = (document.source, document.index, document.item);
        let mut made = Made {
            digest: Some((key, Sha256::digest(&document.text).into())),
            ..Made::default()
        };
        let source = &self.sources[document.source as usize];
        let parsed = parse(document, source, arena);
        made.problems.extend(parsed.problems);
        // Only exceptions ask for the file, and objects of a cluster are in none.
        let nameable = !self.live && !self.options.plan.exceptions.is_empty();
        for parsed in parsed.objects {
            made.seen += 1;
            let object = arena.alloc(Object::new(as_rules_read_it(parsed.value, arena), 0));
            if let Some(oddity) = versions::oddity(object) {
                made.problems.push(
                    Problem::new(Code::UnknownVersion, &source.name, oddity).of_document(document),
                );
            }
            let id = if self.live {
                object.resource_id()
            } else {
                resource_id(&source.name, object)
            };
            let judged = match self.options.filter.verdict(object) {
                Verdict::Judge => {
                    let path = if nameable {
                        arena.fmt(format_args!("{}:{}", source.name, document.index))
                    } else {
                        ""
                    };
                    self.judge.judge_at(id, path, object, arena)
                }
                Verdict::Overhear => self.judge.overhear(id, object, arena),
                Verdict::Drop => continue,
                Verdict::Owned => {
                    made.seen -= 1;
                    made.owned += 1;
                    continue;
                }
            };
            let Some(mut judged) = judged else {
                *made
                    .unread_kinds
                    .entry(format!("{} {}", object.api_version, object.kind))
                    .or_default() += 1;
                continue;
            };
            if self.options.digests {
                judged.record.digest = digest(object);
            }
            let json = if self.options.keep_objects {
                self.report_form(object, document)
            } else {
                Vec::new()
            };
            let again = self.options.keep_texts && source.input.is_read_once();
            let text = (again && made.objects.is_empty()).then(|| document.text.clone());
            made.objects.push(MadeObject {
                judged,
                place: place(document, parsed.prefix),
                json,
                text,
            });
        }
        made
    }

    /// The redacted object with where it came from, as reports show it.
    fn report_form(&self, object: &Object<'_>, document: &RawDocument) -> Vec<u8> {
        let arena = &self.arena;
        let source = &self.sources[document.source as usize];
        let mut entries = redact(object, arena).entries().to_vec();
        // Objects of a cluster are where their identity says.
        if source.input != Input::Cluster {
            let path = arena.fmt(format_args!("{}:{}", source.name, document.index));
            entries.push(("sourcePath", kubescape_engine::Value::Str(path)));
        }
        serde_json::to_vec(&arena.object(&entries)).unwrap_or_default()
    }
}

fn place(document: &RawDocument, prefix: &str) -> Place {
    Place {
        source: document.source,
        document: document.index,
        item: document.item,
        line: document.line,
        column: document.column,
        offset: document.offset,
        length: u32::try_from(document.text.len()).unwrap_or(u32::MAX),
        format: document.format,
        prefix: prefix.into(),
    }
}
