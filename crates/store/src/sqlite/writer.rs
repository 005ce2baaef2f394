//! The thread that writes. Commits that arrive while one is being synced to disk
//! share the next sync, so that throughput grows with the number of writers.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::apply::{Applier, Failure, LabelKeys};
use super::connection::sql;
use super::open::mark_suspect;
use super::schema;
use super::space::Space;
use crate::error::Error;
use crate::event::{Event, EventKind};
use crate::gate::Turn;
use crate::hub::Hub;
use crate::limits::{Budgets, Retention};
use crate::object::Meta;
use crate::pin::Pins;
use crate::prepare::Prepared;
use crate::tally::Tally;

pub(crate) type Committed = Result<Vec<Arc<Meta>>, Error>;

/// What the writer is asked for.
pub(crate) enum Request {
    Commit(Job),
    Compact(u64, oneshot::Sender<Result<u64, Error>>),
    Budgets(Budgets),
}

/// Changes that belong together, and who waits for them.
pub(crate) struct Job {
    pub(crate) changes: Vec<Prepared>,
    pub(crate) reply: oneshot::Sender<Committed>,
    /// Their share of the queue, given back when they are done.
    pub(crate) turn: Turn,
}

/// Commits that share one sync.
const BATCH: usize = 1024;
/// Bytes of bodies that share one sync.
const BATCH_BYTES: usize = 16 << 20;
/// How often an idle writer tidies up.
const TICK: Duration = Duration::from_secs(2);

/// What the writer tells those who ask for usage.
#[derive(Clone, Default)]
pub(crate) struct Report {
    pub(crate) tally: Tally,
    pub(crate) budgets: Budgets,
    /// Whether writes are refused for want of space.
    pub(crate) full: bool,
    /// What the upkeep last failed at.
    pub(crate) trouble: Option<String>,
    /// The first damage that anybody met; until a restart has looked at it.
    pub(crate) damage: Option<String>,
}

/// Where it tells them.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Report>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Report> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self) -> Report {
        self.lock().clone()
    }

    /// Damage was met: it is told, and the next start looks at the whole file.
    pub(crate) fn damaged(&self, path: &Path, error: &Error) {
        mark_suspect(path);
        self.lock().damage.get_or_insert_with(|| error.to_string());
    }

    /// Current objects of a resource.
    pub(crate) fn objects(&self, resource: &str) -> u64 {
        let report = self.lock();
        report.tally.usage.get(resource).map_or(0, |u| u.objects)
    }

    pub(crate) fn set_budgets(&self, budgets: &Budgets) {
        self.lock().budgets.clone_from(budgets);
    }
}

pub(crate) struct Writer {
    pub(crate) db: Connection,
    pub(crate) path: PathBuf,
    pub(crate) tally: Tally,
    pub(crate) keys: LabelKeys,
    pub(crate) budgets: Budgets,
    pub(crate) retention: Retention,
    pub(crate) space: Space,
    pub(crate) hub: Arc<Hub>,
    pub(crate) shared: Shared,
    /// Set by an I/O error at commit: whether that commit is on disk is then
    /// unknown, and only reading the file again tells.
    pub(crate) broken: Option<Error>,
    /// What the upkeep last failed at.
    pub(crate) trouble: Option<String>,
    pub(crate) pins: Pins,
    /// Holds the file against other processes; the last that is dropped.
    pub(crate) _lock: File,
}

impl Writer {
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        self.publish_tally();
        loop {
            match requests.recv_timeout(TICK) {
                Ok(Request::Commit(job)) => self.batch(job, requests),
                Ok(other) => self.other(other),
                Err(RecvTimeoutError::Timeout) => self.idle(requests),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.hub.close();
        // What is in the log goes into the file, so that the file alone is whole.
        self.checkpoint();
    }

    fn other(&mut self, request: Request) {
        match request {
            Request::Compact(up_to, reply) => {
                let done = self.compact_to(up_to);
                self.publish_tally();
                let _ = reply.send(done);
            }
            Request::Budgets(budgets) => {
                self.shared.set_budgets(&budgets);
                self.budgets = budgets;
            }
            Request::Commit(job) => {
                let _ = job.reply.send(Err(Error::Closed));
            }
        }
    }

    /// Takes what waits behind the first commit, too.
    fn batch(&mut self, first: Job, requests: &Receiver<Request>) {
        let weight = |job: &Job| job.changes.iter().map(Prepared::stored).sum::<usize>();
        let mut bytes = weight(&first);
        let mut jobs = vec![first];
        let mut after = None;
        while jobs.len() < BATCH && bytes < BATCH_BYTES {
            match requests.try_recv() {
                Ok(Request::Commit(job)) => {
                    bytes += weight(&job);
                    jobs.push(job);
                }
                Ok(other) => {
                    after = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        self.commit(jobs);
        if let Some(other) = after {
            self.other(other);
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        let mut done = self.attempt(&jobs);
        if let Err(Error::Full { .. }) = &done {
            // Deletions go on with the space that was held for them.
            self.space.exhaust();
            self.checkpoint();
            done = self.attempt(&jobs);
        }
        if self.space.is_exhausted() {
            self.checkpoint();
        }
        if let Err(error) = &done {
            self.noticed(error);
        }
        self.publish_tally();
        match done {
            Ok((results, events)) => {
                // Watchers learn of a change no later than its writer.
                self.hub.publish(events, self.tally.rv);
                for (job, result) in jobs.into_iter().zip(results) {
                    let _ = job.reply.send(result);
                    drop(job.turn);
                }
            }
            Err(error) => {
                for job in jobs {
                    let _ = job.reply.send(Err(error.clone()));
                }
            }
        }
    }

    /// All jobs in one transaction; when it fails, everything is as before.
    fn attempt(&mut self, jobs: &[Job]) -> Result<(Vec<Committed>, Vec<Event>), Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let before = self.tally.clone();
        let rv = before.rv;
        let done = self.transaction(jobs, rv);
        if done.is_err() {
            self.roll_back(before);
        }
        done
    }

    fn transaction(
        &mut self,
        jobs: &[Job],
        before: u64,
    ) -> Result<(Vec<Committed>, Vec<Event>), Error> {
        self.begin()?;
        let mut events = Vec::new();
        let mut results = Vec::with_capacity(jobs.len());
        for job in jobs {
            match self.job(&job.changes, &mut events) {
                Ok(metas) => results.push(Ok(metas)),
                Err(Failure::Refused(error)) => results.push(Err(error)),
                Err(Failure::Engine(error)) => return Err(error),
            }
        }
        self.forget(events.iter().map(history).sum())?;
        self.end(before)?;
        Ok((results, events))
    }

    /// Damage makes the next start look at the whole file; failing upkeep is told.
    pub(crate) fn noticed(&mut self, error: &Error) {
        if let Error::Corrupt { .. } = error {
            self.shared.damaged(&self.path, error);
        }
        self.trouble = Some(error.to_string());
    }

    /// Makes the transaction durable.
    fn end(&mut self, before: u64) -> Result<(), Error> {
        if self.tally.rv != before {
            schema::set_state(&self.db, "rv", self.tally.rv)?;
        }
        self.db.execute_batch("COMMIT").map_err(|error| {
            let error = sql(error);
            if matches!(error, Error::Unavailable { .. } | Error::Corrupt { .. }) {
                self.broken = Some(error.clone());
            }
            error
        })
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.tally.at = now().max(self.tally.at);
        self.space.look(&self.db)?;
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(sql)
    }

    pub(crate) fn roll_back(&mut self, before: Tally) {
        // SQLite may have done it already.
        let _ = self.db.execute_batch("ROLLBACK");
        self.pins.keep_after(before.compacted);
        self.tally = before;
        self.keys.clear();
    }

    /// All changes of one job or none.
    fn job(
        &mut self,
        changes: &[Prepared],
        events: &mut Vec<Event>,
    ) -> Result<Vec<Arc<Meta>>, Failure> {
        // A single change is refused before it writes anything.
        if changes.len() == 1 {
            return self.apply(changes, events);
        }
        let before = self.tally.clone();
        let first = events.len();
        self.batch_sql("SAVEPOINT job")?;
        let result = self.apply(changes, events);
        match &result {
            Ok(_) => self.batch_sql("RELEASE job")?,
            Err(Failure::Engine(_)) => {}
            Err(Failure::Refused(_)) => {
                self.batch_sql("ROLLBACK TO job; RELEASE job")?;
                self.tally = before;
                self.keys.clear();
                events.truncate(first);
            }
        }
        result
    }

    pub(crate) fn batch_sql(&self, text: &str) -> Result<(), Error> {
        self.db.execute_batch(text).map_err(sql)
    }

    fn apply(
        &mut self,
        changes: &[Prepared],
        events: &mut Vec<Event>,
    ) -> Result<Vec<Arc<Meta>>, Failure> {
        let mut applier = Applier {
            db: &self.db,
            tally: &mut self.tally,
            keys: &mut self.keys,
            budgets: &self.budgets,
            largest: self.space.largest(),
            events,
        };
        changes.iter().map(|change| applier.apply(change)).collect()
    }

    /// What an idle writer does, until somebody wants something.
    fn idle(&mut self, requests: &Receiver<Request>) {
        while self.tidy() && requests.is_empty() {}
        if self.broken.is_none() {
            let _ = self.space.look(&self.db);
            self.space.hold();
            let _ = self.batch_sql("PRAGMA incremental_vacuum(256)");
            self.checkpoint();
        }
        self.publish_tally();
    }

    /// Moves the log into the file and makes it empty.
    fn checkpoint(&mut self) {
        // A reader may be in the way; there is a next time.
        let _ = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    pub(crate) fn publish_tally(&self) {
        let mut report = self.shared.lock();
        report.tally.clone_from(&self.tally);
        report.full = self.space.is_short();
        report.trouble.clone_from(&self.trouble);
    }
}

/// Rows that the change made history.
fn history(event: &Event) -> usize {
    match event.kind {
        EventKind::Added => 0,
        EventKind::Modified => 1,
        EventKind::Deleted => 2,
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|d| i64::try_from(d.as_millis()).ok())
        .unwrap_or(0)
}
