//! One file → its objects.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::ops::ControlFlow;
use std::panic::catch_unwind;

use kubescape_collect::{Code, Kind, Limits, Problem, Source, parse, read_documents, strip};
use kubescape_engine::{Arena, Value};

/// What makes two objects one, whatever file they are in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) group: Box<str>,
    pub(crate) kind: Box<str>,
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

/// An object of a file.
pub(crate) struct Object {
    pub(crate) key: Key,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Of the text, to tell whether it is another.
    pub(crate) hash: u64,
}

/// What a file holds.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) objects: Vec<Object>,
    pub(crate) problems: Vec<Problem>,
}

impl File {
    /// Whether all of it could be read.
    pub(crate) fn is_whole(&self) -> bool {
        self.problems.iter().all(Problem::is_note)
    }
}

/// Reads a file. Of an object given twice, the last counts, as when it is applied.
/// A bug that it meets is a problem of this file alone.
pub(crate) fn read(source: &Source, limits: Limits) -> File {
    catch_unwind(|| read_all(source, limits)).unwrap_or_else(|_| File {
        objects: Vec::new(),
        problems: vec![Problem::new(
            Code::Internal,
            &source.name,
            "reading it ended in a bug of this program",
        )],
    })
}

fn read_all(source: &Source, limits: Limits) -> File {
    let mut file = File::default();
    let mut arena = Arena::new();
    read_documents(source, limits, &mut |document| {
        match document {
            Ok(document) => {
                arena.reset();
                let parsed = parse(&document, source, &arena);
                file.problems.extend(parsed.problems);
                for one in parsed.objects {
                    match object(one.value) {
                        Ok(object) => file.objects.push(object),
                        Err(message) => {
                            let problem = Problem::new(Code::BadField, &source.name, message);
                            file.problems.push(problem.of_document(&document));
                        }
                    }
                }
            }
            Err(problem) => file.problems.push(problem),
        }
        ControlFlow::Continue(())
    });
    let mut seen = BTreeSet::new();
    file.objects.reverse();
    file.objects
        .retain(|object| seen.insert(object.key.clone()));
    file.objects.reverse();
    file
}

fn object(value: Value<'_>) -> Result<Object, String> {
    let metadata = value.at("metadata");
    let name = match metadata.at("name").str() {
        "" => metadata.at("generateName").str(),
        name => name,
    };
    let (api_version, kind) = (value.at("apiVersion").str(), value.at("kind").str());
    if name.is_empty() {
        return Err(format!("a {kind} without metadata.name"));
    }
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let namespace = metadata.at("namespace").str();
    let text = serde_json::to_string(&value).map_err(|error| error.to_string())?;
    let text = strip(&text, api_version, kind).map_err(|error| error.to_string())?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Ok(Object {
        key: Key {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        },
        kind: Kind {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            // Nobody says, and files need not: without a namespace they are applied
            // to one that is chosen then.
            namespaced: !namespace.is_empty(),
            ..Kind::default()
        },
        hash: hasher.finish(),
        text,
    })
}
