//! What workers made, put together.

mod loose;

use std::collections::{BTreeMap, HashSet};
use std::io;

use kubescape_collect::{Code, Problem, Source};
use kubescape_engine::{Kept, Record, conclude_with_gaps};
use sha2::{Digest, Sha256};

use crate::feed::Fed;
use crate::identity::{self, hexadecimal};
use crate::worker::{Made, MadeObject};
use crate::{Options, Place, Scan, Spool};
pub(crate) use loose::Key;
use loose::Loose;

/// What has come together so far: in input order, or in any and to be ordered.
pub(crate) struct Gathered {
    records: Vec<Record>,
    kept: Vec<Kept>,
    places: Vec<Place>,
    problems: Vec<Problem>,
    unread_kinds: BTreeMap<String, usize>,
    objects: Option<Spool>,
    texts: Option<Spool>,
    seen: usize,
    owned: usize,
    digest: Sha256,
    /// Names of the sources.
    names: Vec<String>,
    /// IDs given so far.
    ids: HashSet<Box<str>>,
    /// What it takes to put things in order at the end.
    loose: Option<Loose>,
}

impl Gathered {
    pub(crate) fn in_input_order(sources: &[Source], keep_objects: bool, keep_texts: bool) -> Self {
        Self {
            records: Vec::new(),
            kept: Vec::new(),
            places: Vec::new(),
            problems: Vec::new(),
            unread_kinds: BTreeMap::new(),
            objects: keep_objects.then(Spool::new),
            texts: keep_texts.then(Spool::new),
            seen: 0,
            owned: 0,
            digest: Sha256::new(),
            names: sources.iter().map(|source| source.name.clone()).collect(),
            ids: HashSet::new(),
            loose: None,
        }
    }

    pub(crate) fn in_any_order(sources: &[Source], keep_objects: bool) -> Self {
        Self {
            loose: Some(Loose::default()),
            ..Self::in_input_order(sources, keep_objects, false)
        }
    }

    /// How many objects there were so far.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    pub(crate) fn add(&mut self, made: Made) -> io::Result<()> {
        if let Some(loose) = &mut self.loose {
            loose.count(&made);
        }
        for mut object in made.objects {
            if self.loose.is_none() {
                self.keep_apart(&mut object);
            }
            let seq = u32::try_from(self.records.len()).map_err(io::Error::other)?;
            self.kept
                .extend(object.judged.kept.map(|json| Kept { seq, json }));
            self.records.push(object.judged.record);
            self.places.push(object.place);
            if let Some(spool) = &mut self.objects {
                spool.push(&object.json)?;
            }
            if let Some(spool) = &mut self.texts {
                match &object.text {
                    Some(text) => spool.push(text.as_bytes())?,
                    None => spool.repeat(),
                }
            }
        }
        self.problems.extend(made.problems);
        for (kind, count) in made.unread_kinds {
            *self.unread_kinds.entry(kind).or_default() += count;
        }
        self.seen += made.seen;
        self.owned += made.owned;
        if let Some((_, digest)) = made.digest.filter(|_| self.loose.is_none()) {
            self.digest.update(digest);
        }
        Ok(())
    }

    /// Gives an object that stands in its file a second time an ID of its own,
    /// and says so.
    fn keep_apart(&mut self, object: &mut MadeObject) {
        let record = &mut object.judged.record;
        if self.ids.insert(record.id.clone()) {
            return;
        }
        let place = &object.place;
        let twin = (1..).map(|number| identity::of_twin(&record.id, number));
        if let Some(id) = twin.into_iter().find(|id| self.ids.insert(id.clone())) {
            record.id = id;
        }
        let name = if record.namespace.is_empty() {
            record.name.to_string()
        } else {
            format!("{}/{}", record.namespace, record.name)
        };
        let message = format!("{} {name} stands in this file more than once", record.kind);
        let problem = Problem::new(
            Code::DuplicateObject,
            self.names[place.source as usize].clone(),
            message,
        );
        self.problems
            .push(problem.of_place(place.line, place.document));
    }

    pub(crate) fn conclude(mut self, options: Options, sources: Vec<Source>, fed: Fed) -> Scan {
        if let Some(loose) = self.loose.take() {
            loose.settle(&mut self, &fed.attempts);
        }
        self.problems.extend(fed.problems);
        Scan {
            outcome: conclude_with_gaps(options.plan, self.records, &self.kept, fed.gaps),
            places: self.places,
            sources,
            problems: self.problems,
            unread_kinds: self.unread_kinds,
            objects: self.objects,
            texts: self.texts,
            objects_seen: self.seen,
            objects_owned: self.owned,
            digest: hexadecimal(&self.digest.finalize()),
        }
    }
}
