//! Threads and queues: those who read, several workers, one that puts in order.

use std::collections::BTreeMap;
use std::io;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use kubescape_collect::{Descriptions, Limits, Problem, RawDocument, Source, read_documents};

use crate::feed::{Batch, Fed, Feed, Inlets};
use crate::gathered::Gathered;
use crate::worker::{Made, Worker};
use crate::{Cancel, Options, Scan};

struct Done {
    number: u64,
    made: Vec<Made>,
}

/// Scans the sources. `progress` hears how many objects have been judged so
/// far, now and then.
///
/// # Errors
///
/// A temporary file that cannot be written, or [`crate::Cancelled`]. What cannot be
/// read is no error but a [`Problem`] in the result.
pub fn scan(
    mut sources: Vec<Source>,
    mut options: Options,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Scan> {
    let files = sources.len();
    let beside = Beside::new(std::mem::take(&mut options.descriptions), &mut sources);
    let read_once = sources.iter().any(|source| source.input.is_read_once());
    let mut gathered = Gathered::in_input_order(
        &sources,
        options.keep_objects,
        options.keep_texts && read_once,
    );
    let files = Files {
        sources: &sources[..files],
        limits: options.limits,
    };
    let parts = Parts {
        feed: &files,
        beside: &beside,
        sources: &sources,
        live: false,
    };
    let fed = run(&parts, &options, &mut gathered, progress)?;
    let mut scan = gathered.conclude(options, sources, fed);
    // Only now is known what the files are of.
    let provider = scan.outcome.plan.target.provider();
    scan.problems.extend(beside.0.disagreeing(provider));
    Ok(scan)
}

/// Scans what a feed reads; the documents of the sources come in any order, and
/// the result is in that of the sources.
///
/// # Errors
///
/// As [`scan`].
pub fn scan_feed(
    feed: &dyn Feed,
    mut sources: Vec<Source>,
    mut options: Options,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Scan> {
    let beside = Beside::new(std::mem::take(&mut options.descriptions), &mut sources);
    let mut gathered = Gathered::in_any_order(&sources, options.keep_objects);
    let parts = Parts {
        feed,
        beside: &beside,
        sources: &sources,
        live: true,
    };
    let fed = run(&parts, &options, &mut gathered, progress)?;
    Ok(gathered.conclude(options, sources, fed))
}

/// What is read, and how.
#[derive(Clone, Copy)]
struct Parts<'s> {
    feed: &'s dyn Feed,
    beside: &'s Beside,
    sources: &'s [Source],
    live: bool,
}

/// Descriptions whose documents name their sources among all of the scan.
struct Beside(Descriptions);

impl Beside {
    fn new(mut descriptions: Descriptions, sources: &mut Vec<Source>) -> Self {
        let before = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        let moved = |index: u32| index.saturating_add(before);
        for source in &descriptions.sources {
            sources.push(Source {
                index: moved(source.index),
                ..source.clone()
            });
        }
        for one in &mut descriptions.documents {
            one.document.source = moved(one.document.source);
        }
        descriptions.sources.clone_from(sources);
        Self(descriptions)
    }

    fn put(&self, inlets: &Inlets) {
        let mut inlet = inlets.inlet();
        for one in &self.0.documents {
            if inlet.put(Ok(one.document.clone())).is_break() {
                return;
            }
        }
    }
}

fn read(parts: Parts<'_>, inlets: &Inlets) -> Fed {
    let mut fed = parts.feed.run(inlets);
    // Behind the input, whose first Node says first what it is of.
    parts.beside.put(inlets);
    fed.problems.extend_from_slice(&parts.beside.0.problems);
    fed
}

fn run(
    parts: &Parts<'_>,
    options: &Options,
    gathered: &mut Gathered,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Fed> {
    let threads = options.threads.max(1);
    let (to_workers, batches) = bounded::<Batch>(threads * 2);
    let (to_order, done) = bounded::<Done>(threads * 2);
    thread::scope(|scope| {
        let inlets = Inlets::new(to_workers, options.cancel.clone());
        let reader = scope.spawn(move || read(*parts, &inlets));
        for _ in 0..threads {
            let (batches, to_order) = (batches.clone(), to_order.clone());
            scope.spawn(move || {
                let worker = Worker::new(options, parts.sources, parts.live);
                work(worker, &batches, &to_order);
            });
        }
        // The queues end when the last of their senders is gone.
        drop((batches, to_order));
        // `gather` owns its end: when it fails, everyone before it stops, too.
        gather(done, &options.cancel, gathered, progress)?;
        let fed = reader
            .join()
            .map_err(|_| io::Error::other("reading failed inside the program"))?;
        // What the feed left out then is no gap.
        options.cancel.check()?;
        Ok(fed)
    })
}

/// Files, one after the other.
struct Files<'s> {
    sources: &'s [Source],
    limits: Limits,
}

impl Feed for Files<'_> {
    fn run(&self, inlets: &Inlets) -> Fed {
        let mut inlet = inlets.inlet();
        for source in self.sources {
            let mut gone = false;
            read_documents(source, self.limits, &mut |document| {
                let flow = inlet.put(document);
                gone = flow.is_break();
                flow
            });
            if gone {
                break;
            }
        }
        Fed::default()
    }
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
    cancel: &Cancel,
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
        cancel.check()?;
        progress(gathered.seen());
    }
    Ok(())
}
