//! The thread that writes. Commits that arrive while one is being synced to disk
//! share the next sync, so that throughput grows with the number of writers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::apply::{Applier, Failure, LabelKeys, Prepared};
use super::connection::sql;
use super::schema;
use super::space::Space;
use super::tally::Tally;
use crate::error::Error;
use crate::event::Event;
use crate::hub::Hub;
use crate::limits::{Budgets, Retention};
use crate::object::Meta;

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
    pub(crate) permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

/// Commits that share one sync.
const BATCH: usize = 1024;
/// Bytes of bodies that share one sync.
const BATCH_BYTES: usize = 16 << 20;
/// How often an idle writer tidies up.
const TICK: Duration = Duration::from_secs(2);

/// What the writer shares with those who ask for usage.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<(Tally, Budgets, bool)>>);

impl Shared {
    pub(crate) fn get(&self) -> (Tally, Budgets, bool) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, tally: &Tally, full: bool) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.0.clone_from(tally);
        slot.2 = full;
    }

    pub(crate) fn set_budgets(&self, budgets: &Budgets) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone_from(budgets);
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
}

impl Writer {
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        self.publish_tally();
        loop {
            match requests.recv_timeout(TICK) {
                Ok(Request::Commit(job)) => self.batch(job, requests),
                Ok(other) => self.other(other),
                Err(RecvTimeoutError::Timeout) => self.idle(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.hub.close();
        // What is in the log goes into the file, so that the file alone is whole.
        let _ = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
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
        let weight = |job: &Job| job.changes.iter().map(stored).sum::<usize>();
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
        self.keep_retention();
        self.publish_tally();
        if let Some(other) = after {
            self.other(other);
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        if let Some(error) = &self.broken {
            for job in jobs {
                let _ = job.reply.send(Err(error.clone()));
            }
            return;
        }
        let before = self.tally.clone();
        let mut events = Vec::new();
        let mut done = Vec::with_capacity(jobs.len());
        let mut outcome = self.begin();
        for job in jobs {
            let mut result = Err(Error::Closed);
            if outcome.is_ok() {
                match self.job(job.changes, &mut events) {
                    Ok(metas) => result = Ok(metas),
                    Err(Failure::Refused(error)) => result = Err(error),
                    Err(Failure::Engine(error)) => outcome = Err(error),
                }
            }
            done.push((job.reply, result, job.permits));
        }
        if let Err(error) = outcome.and_then(|()| self.end(before.rv)) {
            if matches!(error, Error::Full { .. }) {
                self.space.exhaust();
            }
            self.roll_back(before);
            for (reply, ..) in done {
                let _ = reply.send(Err(error.clone()));
            }
            return;
        }
        // Watchers learn of a change no later than its writer.
        self.hub.publish(events, self.tally.rv);
        for (reply, result, permits) in done {
            let _ = reply.send(result);
            drop(permits);
        }
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
        self.space.look(&self.db, &self.path)?;
        self.db.execute_batch("BEGIN IMMEDIATE").map_err(sql)
    }

    pub(crate) fn roll_back(&mut self, before: Tally) {
        // SQLite may have done it already.
        let _ = self.db.execute_batch("ROLLBACK");
        self.tally = before;
        self.keys.clear();
    }

    /// All changes of one job or none.
    fn job(
        &mut self,
        changes: Vec<Prepared>,
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

    fn batch_sql(&self, text: &str) -> Result<(), Error> {
        self.db.execute_batch(text).map_err(sql)
    }

    fn apply(
        &mut self,
        changes: Vec<Prepared>,
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
        changes
            .into_iter()
            .map(|change| applier.apply(change))
            .collect()
    }

    fn idle(&mut self) {
        self.keep_retention();
        if self.broken.is_none() {
            let _ = self.space.look(&self.db, &self.path);
            let _ = self.db.execute_batch("PRAGMA incremental_vacuum(256)");
            let _ = self
                .db
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        self.publish_tally();
    }

    pub(crate) fn publish_tally(&self) {
        self.shared.set(&self.tally, self.space.is_short());
    }
}

fn stored(change: &Prepared) -> usize {
    match change {
        Prepared::Create(w) | Prepared::Update(w, _) => w.stored.len(),
        Prepared::Delete(..) => 0,
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
