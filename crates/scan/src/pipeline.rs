//! Threads and queues: those who read, several workers, one that puts in order.

use std::collections::BTreeMap;
use std::io;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use kubescape_collect::{Limits, Problem, RawDocument, Source, read_documents};

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
    sources: Vec<Source>,
    options: Options,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Scan> {
    let read_once = sources.iter().any(|source| source.input.is_read_once());
    let mut gathered = Gathered::in_input_order(
        &sources,
        options.keep_objects,
        options.keep_texts && read_once,
    );
    let files = Files {
        sources: &sources,
        limits: options.limits,
    };
    run(&files, &sources, &options, &mut gathered, progress)?;
    Ok(gathered.conclude(options, sources, Fed::default()))
}

/// Scans what a feed reads; the documents of the sources come in any order, and
/// the result is in that of the sources.
///
/// # Errors
///
/// As [`scan`].
pub fn scan_feed(
    feed: &dyn Feed,
    sources: Vec<Source>,
    options: Options,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Scan> {
    let mut gathered = Gathered::in_any_order(&sources, options.keep_objects);
    let fed = run(feed, &sources, &options, &mut gathered, progress)?;
    Ok(gathered.conclude(options, sources, fed))
}

fn run(
    feed: &dyn Feed,
    sources: &[Source],
    options: &Options,
    gathered: &mut Gathered,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Fed> {
    let threads = options.threads.max(1);
    let (to_workers, batches) = bounded::<Batch>(threads * 2);
    let (to_order, done) = bounded::<Done>(threads * 2);
    thread::scope(|scope| {
        let reader = scope.spawn(|| feed.run(&Inlets::new(to_workers, options.cancel.clone())));
        for _ in 0..threads {
            let (batches, to_order) = (batches.clone(), to_order.clone());
            scope.spawn(move || {
                let worker = Worker::new(options, sources);
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
