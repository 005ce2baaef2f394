//! The task that writes for this replica. Commits that wait together become one
//! transaction; between replicas the row of the counter is the queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use super::compact;
use super::group::{self, Done};
use super::link::Link;
use crate::error::Error;
use crate::gate::Turn;
use crate::hub::Hub;
use crate::limits::{Budgets, Retention};
use crate::object::Meta;
use crate::prepare::Prepared;

pub(crate) type Committed = Result<Vec<Arc<Meta>>, Error>;

/// Changes that belong together, and who waits for them.
pub(crate) struct Job {
    pub(crate) changes: Vec<Prepared>,
    pub(crate) reply: oneshot::Sender<Committed>,
    /// Their share of the queue, given back when they are done.
    pub(crate) turn: Turn,
}

/// Commits of one transaction.
const BATCH: usize = 512;
/// Bytes of bodies of one transaction.
const BATCH_BYTES: usize = 8 << 20;
/// How often an idle writer tidies up.
const TICK: Duration = Duration::from_secs(2);
/// Rows that become history before a busy writer removes as many.
const TIDY: usize = 1000;

pub(crate) struct Writer {
    pub(crate) link: Arc<Link>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) budgets: Arc<Mutex<Budgets>>,
    pub(crate) retention: Retention,
    /// Makes the follower look at the log.
    pub(crate) kick: Arc<Notify>,
    /// What the upkeep last failed at.
    pub(crate) trouble: Arc<Mutex<Option<String>>>,
    /// Rows that this replica has made history since it last tidied up.
    pub(crate) replaced: usize,
}

impl Writer {
    /// Until every sender is gone and what they sent is done.
    pub(crate) async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        loop {
            match tokio::time::timeout(TICK, jobs.recv()).await {
                Ok(Some(first)) => {
                    self.batch(first, &mut jobs).await;
                    if self.replaced >= TIDY {
                        self.tidy().await;
                    }
                }
                Ok(None) => return,
                Err(_) => while self.tidy().await && jobs.is_empty() {},
            }
        }
    }

    /// Takes what waits behind the first commit, too.
    async fn batch(&mut self, first: Job, more: &mut mpsc::UnboundedReceiver<Job>) {
        let weight = |job: &Job| job.changes.iter().map(Prepared::stored).sum::<usize>();
        let mut bytes = weight(&first);
        let mut jobs = vec![first];
        while jobs.len() < BATCH && bytes < BATCH_BYTES {
            let Ok(job) = more.try_recv() else { break };
            bytes += weight(&job);
            jobs.push(job);
        }
        self.commit(jobs).await;
    }

    async fn commit(&mut self, jobs: Vec<Job>) {
        let mut done = self.attempt(&jobs).await;
        // Nothing was written. A commit that PostgreSQL itself refuses must not
        // take others with it.
        if let (Err(Error::Internal(_)), true) = (&done, jobs.len() > 1) {
            for job in jobs {
                let done = self.attempt(std::slice::from_ref(&job)).await;
                self.answer(vec![job], done);
            }
            return;
        }
        // Another replica has just written a key that this one read; once is enough.
        if let Err(Error::Busy { .. }) = done {
            done = self.attempt(&jobs).await;
        }
        self.answer(jobs, done);
    }

    async fn attempt(&self, jobs: &[Job]) -> Result<Done, Error> {
        let budgets = self
            .budgets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let changes: Vec<&[Prepared]> = jobs.iter().map(|job| job.changes.as_slice()).collect();
        self.link
            .within(Box::pin(group::commit(&self.link, &changes, &budgets)))
            .await
    }

    fn answer(&mut self, jobs: Vec<Job>, done: Result<Done, Error>) {
        match done {
            Ok(done) => {
                self.replaced += done.replaced;
                // Watchers of this replica learn of a change no later than its
                // writer, unless another replica's changes come first.
                if !self.hub.publish_after(done.before, done.events, done.rv) {
                    self.kick.notify_one();
                }
                for (job, result) in jobs.into_iter().zip(done.results) {
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

    /// Forgets more history than this replica has made; whether there is more.
    async fn tidy(&mut self) -> bool {
        let most = std::mem::take(&mut self.replaced) * 2 + TIDY;
        let done = self
            .link
            .within(compact::keep(&self.link, &self.retention, most))
            .await;
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match done {
            Ok(more) => {
                *trouble = None;
                more
            }
            Err(error) => {
                *trouble = Some(error.to_string());
                false
            }
        }
    }
}
