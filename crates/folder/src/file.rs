//! One file: when it has to be read again, and what is in it.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt as _;

use kubescape_collect::{
    Code, Input, Kind, Limits, Problem, RawDocument, Source, parse, read_documents, strip,
};
use kubescape_engine::{Arena, Object};

/// Tells whether a file changed, as far as the file system says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: (u64, u64),
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(source: &Source) -> Option<Self> {
        let Input::File(path) = &source.input else {
            return None;
        };
        let about = fs::metadata(path).ok()?;
        Some(Self {
            inode: (about.dev(), about.ino()),
            length: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }
}

/// Who an object is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) kind: Kind,
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

/// What a file has to say.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// Its objects, in order; of one that stands in it twice, both.
    pub(crate) objects: Vec<(Identity, Box<str>)>,
    pub(crate) problems: Vec<Problem>,
}

impl Content {
    pub(crate) fn read(source: &Source, limits: Limits) -> Self {
        let mut content = Self::default();
        let mut arena = Arena::new();
        read_documents(source, limits, &mut |document| {
            match document {
                Ok(document) => content.add(&document, source, &arena),
                Err(problem) => content.problems.push(problem),
            }
            arena.reset();
            ControlFlow::Continue(())
        });
        content
    }

    /// Whether objects may be missing.
    pub(crate) fn is_broken(&self) -> bool {
        self.problems.iter().any(|problem| !problem.is_note())
    }

    fn add(&mut self, document: &RawDocument, source: &Source, arena: &Arena) {
        let parsed = parse(document, source, arena);
        self.problems.extend(parsed.problems);
        for parsed in parsed.objects {
            let object = Object::new(parsed.value, 0);
            if object.kind.is_empty() || object.name.is_empty() {
                let problem = Problem::new(Code::NoKind, &source.name, "an object has no name");
                self.problems.push(problem.of_document(document));
                continue;
            }
            let whole = serde_json::to_string(&parsed.value);
            match whole.and_then(|text| strip(&text, object.api_version, object.kind)) {
                Ok(text) => self.objects.push((identity(&object), text.into())),
                Err(error) => {
                    let problem = Problem::new(Code::Internal, &source.name, error.to_string());
                    self.problems.push(problem.of_document(document));
                }
            }
        }
    }
}

fn identity(object: &Object<'_>) -> Identity {
    Identity {
        kind: Kind {
            group: object.group.into(),
            version: object.version.into(),
            kind: object.kind.into(),
            namespaced: !object.is_cluster_scoped(),
            ..Kind::default()
        },
        namespace: object.namespace.into(),
        name: object.name.into(),
    }
}
