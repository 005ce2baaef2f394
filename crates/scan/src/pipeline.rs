//! Threads and queues: one reader, several workers, one that puts in order.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::ControlFlow;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use kubescape_collect::{Code, Limits, Problem, RawDocument, Source, read_documents};
use kubescape_engine::{Kept, Record, conclude};
use sha2::{Digest, Sha256};

use crate::identity::{self, hexadecimal};
use crate::worker::{Made, MadeObject, Worker};
use crate::{Options, Place, Scan, Spool};

/// Documents travel in batches of about this many bytes, so that small ones do
/// not cost a queue operation each.
const BATCH_BYTES: usize = 256 << 10;

struct Batch {
    number: u64,
    documents: Vec<Result<RawDocument, Problem>>,
}

struct Done {
    number: u64,
    made: Vec<Made>,
}

/// Scans the sources. `progress` hears how many objects have been judged so
/// far, now and then.
///
/// # Errors
///
/// A temporary file that cannot be written. What cannot be read is no error
/// but a [`Problem`] in the result.
pub fn scan(
    sources: Vec<Source>,
    options: Options,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Scan> {
    let threads = options.threads.max(1);
    let (to_workers, batches) = bounded::<Batch>(threads * 2);
    let (to_order, done) = bounded::<Done>(threads * 2);
    let read_once = sources.iter().any(|source| source.input.is_read_once());
    let mut gathered = Gathered::new(
        &sources,
        options.keep_objects,
        options.keep_texts && read_once,
    );
    thread::scope(|scope| {
        scope.spawn(|| read(&sources, options.limits, to_workers));
        for _ in 0..threads {
            let (batches, to_order) = (batches.clone(), to_order.clone());
            let (sources, options) = (&sources, &options);
            scope.spawn(move || {
                let worker = Worker::new(options, sources);
                work(worker, &batches, &to_order);
            });
        }
        // The queues end when the last of their senders is gone.
        drop((batches, to_order));
        // `gather` owns its end: when it fails, everyone before it stops, too.
        gather(done, &mut gathered, progress)
    })?;
    Ok(gathered.conclude(options, sources))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the queue ends with its sender"
)]
fn read(sources: &[Source], limits: Limits, to_workers: Sender<Batch>) {
    let mut batch = Batch {
        number: 0,
        documents: Vec::new(),
    };
    let mut bytes = 0;
    for source in sources {
        let mut gone = false;
        read_documents(source, limits, &mut |document| {
            bytes += document.as_ref().map_or(0, |document| document.text.len());
            batch.documents.push(document);
            if bytes < BATCH_BYTES {
                return ControlFlow::Continue(());
            }
            bytes = 0;
            let next = Batch {
                number: batch.number + 1,
                documents: Vec::new(),
            };
            gone = to_workers
                .send(std::mem::replace(&mut batch, next))
                .is_err();
            if gone {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if gone {
            return;
        }
    }
    // Nobody is left to hear it when this fails.
    let _ = to_workers.send(batch);
}

fn work(mut worker: Worker<'_>, batches: &Receiver<Batch>, to_order: &Sender<Done>) {
    for batch in batches {
        let mut make = |document: Result<RawDocument, Problem>| match document {
            Ok(document) => worker.make(&document),
            Err(problem) => Made {
                problems: vec![problem],
                ..Made::default()
            },
        };
        let made = batch.documents.into_iter().map(&mut make).collect();
        if to_order
            .send(Done {
                number: batch.number,
                made,
            })
            .is_err()
        {
            return;
        }
    }
}

fn gather(
    done: Receiver<Done>,
    gathered: &mut Gathered,
    progress: &mut dyn FnMut(usize),
) -> io::Result<()> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for batch in done {
        early.insert(batch.number, batch.made);
        while let Some(made) = early.remove(&next) {
            for made in made {
                gathered.add(made)?;
            }
            next += 1;
        }
        progress(gathered.seen);
    }
    Ok(())
}

/// What has come together so far, in input order.
struct Gathered {
    records: Vec<Record>,
    kept: Vec<Kept>,
    places: Vec<Place>,
    problems: Vec<Problem>,
    unread_kinds: BTreeMap<String, usize>,
    objects: Option<Spool>,
    texts: Option<Spool>,
    seen: usize,
    digest: Sha256,
    /// Names of the sources.
    names: Vec<String>,
    /// IDs given so far.
    ids: HashSet<Box<str>>,
}

impl Gathered {
    fn new(sources: &[Source], keep_objects: bool, keep_texts: bool) -> Self {
        Self {
            records: Vec::new(),
            kept: Vec::new(),
            places: Vec::new(),
            problems: Vec::new(),
            unread_kinds: BTreeMap::new(),
            objects: keep_objects.then(Spool::new),
            texts: keep_texts.then(Spool::new),
            seen: 0,
            digest: Sha256::new(),
            names: sources.iter().map(|source| source.name.clone()).collect(),
            ids: HashSet::new(),
        }
    }

    fn add(&mut self, made: Made) -> io::Result<()> {
        for mut object in made.objects {
            self.keep_apart(&mut object);
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
        if let Some(digest) = made.digest {
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

    fn conclude(self, options: Options, sources: Vec<Source>) -> Scan {
        Scan {
            outcome: conclude(options.plan, self.records, &self.kept),
            places: self.places,
            sources,
            problems: self.problems,
            unread_kinds: self.unread_kinds,
            objects: self.objects,
            texts: self.texts,
            objects_seen: self.seen,
            digest: hexadecimal(&self.digest.finalize()),
        }
    }
}
