//! Workers, and the bounded queue before them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use kubescape_commands::Command;
use kubescape_runtime::{Phase, Shutdown};
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::Instrument as _;

use crate::dispatch::Dispatcher;
use crate::jobs::{Job, JobHandle, JobState};
use crate::reports::Reporter;

/// For what is under way at the end; shorter than a process has to drain.
const GRACE: Duration = Duration::from_secs(10);

/// A command on its way to a worker.
pub(crate) struct Work {
    pub(crate) command: Command,
    pub(crate) job: JobHandle,
    pub(crate) reporter: Reporter,
    /// Hears how it ended.
    pub(crate) answer: Option<oneshot::Sender<Result<String, String>>>,
}

/// Why commands are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The queue is full: try again.
    #[error("the queue is full: try again in a few seconds")]
    Full,
    /// More than the queue ever holds.
    #[error("more commands than the queue holds ({0}): send fewer at once")]
    TooMany(usize),
    /// The process is ending.
    #[error("the operator is shutting down")]
    Leaving,
}

/// Takes commands. Clones share the queue.
#[derive(Clone)]
pub struct Pool {
    queue: mpsc::Sender<Work>,
    dispatcher: Dispatcher,
    shutdown: Shutdown,
}

impl Pool {
    /// A queue of the dispatcher's size, and the future that works it off, which ends
    /// with the shutdown.
    pub fn new(
        dispatcher: Dispatcher,
        shutdown: Shutdown,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let config = dispatcher.config();
        let (queue, waiting) = mpsc::channel(config.queue);
        let workers = config.workers;
        let waiting = Arc::new(Mutex::new(waiting));
        let pool = Self {
            queue,
            dispatcher: dispatcher.clone(),
            shutdown: shutdown.clone(),
        };
        let work = async move {
            let workers = (0..workers).map(|_| {
                let worker = work(dispatcher.clone(), Arc::clone(&waiting), shutdown.clone());
                tokio::spawn(worker)
            });
            let workers: Vec<_> = workers.collect();
            for worker in workers {
                // A worker catches the panics of its work.
                let _ = worker.await;
            }
        };
        (pool, work)
    }

    /// Commands waiting now.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Whether a job waits or is carried out.
    pub(crate) fn is_busy(&self, job: &str) -> bool {
        let job = self.dispatcher.jobs().get(job);
        job.is_some_and(|job| !job.state.is_over())
    }

    /// Takes all of these or none; returns their jobs.
    ///
    /// # Errors
    ///
    /// There is no room, or no time.
    pub fn submit(
        &self,
        commands: Vec<Command>,
        reporter: Reporter,
    ) -> Result<Vec<String>, Refused> {
        if self.shutdown.phase() > Phase::Running {
            return Err(Refused::Leaving);
        }
        if commands.len() > self.queue.max_capacity() {
            return Err(Refused::TooMany(self.queue.max_capacity()));
        }
        let places = self.queue.try_reserve_many(commands.len());
        let places = places.map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => Refused::Full,
            mpsc::error::TrySendError::Closed(()) => Refused::Leaving,
        })?;
        let mut ids = Vec::with_capacity(commands.len());
        for (place, command) in places.zip(commands) {
            let work = self.work(command, reporter, None);
            ids.push(work.job.id.clone());
            place.send(work);
        }
        Ok(ids)
    }

    /// Waits for room, hands a command over, and waits for its end.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn carry_out(&self, command: Command, reporter: Reporter) -> Result<String, String> {
        let (answer, heard) = oneshot::channel();
        let place = self.queue.reserve().await;
        let place = place.map_err(|_| Refused::Leaving.to_string())?;
        place.send(self.work(command, reporter, Some(answer)));
        heard
            .await
            .unwrap_or_else(|_| Err("was given up: the operator ends".to_owned()))
    }

    fn work(
        &self,
        command: Command,
        reporter: Reporter,
        answer: Option<oneshot::Sender<Result<String, String>>>,
    ) -> Work {
        let tracking = &command.tracking;
        let id = if tracking.job_id.is_empty() {
            uuid::Uuid::new_v4().to_string()
        } else {
            shown(&tracking.job_id, 128)
        };
        let job = Job {
            id,
            parent: shown(&tracking.parent_action, 128),
            name: shown(&command.name, 64),
            target: shown(command.id(), 500),
            state: JobState::Queued,
            message: String::new(),
            created: Timestamp::now(),
            ended: None,
        };
        let number = tracking.num_seq;
        Work {
            job: self.dispatcher.jobs().add(job, number),
            command,
            reporter,
            answer,
        }
    }
}

/// Texts from outside, cut.
fn shown(text: &str, most: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(most)
        .collect()
}

async fn work(
    dispatcher: Dispatcher,
    waiting: Arc<Mutex<mpsc::Receiver<Work>>>,
    shutdown: Shutdown,
) {
    loop {
        let next = async { waiting.lock().await.recv().await };
        let work = tokio::select! {
            biased;
            () = shutdown.requested() => return,
            work = next => work,
        };
        let Some(work) = work else { return };
        tokio::select! {
            () = one(&dispatcher, work) => {}
            // Its job is marked when it is dropped.
            () = grace(&shutdown) => return,
        }
    }
}

/// What is under way at the end gets a moment more.
async fn grace(shutdown: &Shutdown) {
    shutdown.requested().await;
    tokio::time::sleep(GRACE).await;
}

/// An action's outcome; its panic is its failure, and nobody else's.
async fn contained(
    action: impl Future<Output = Result<String, String>>,
) -> Result<Result<String, String>, &'static str> {
    let caught = AssertUnwindSafe(action).catch_unwind().await;
    caught.map_err(|_| "panicked: this is a bug of the operator")
}

/// Carries out one command; its panic is its failure.
async fn one(dispatcher: &Dispatcher, mut work: Work) {
    let span = tracing::info_span!("action", jobId = %work.job.id, parentId = %work.job.parent);
    async {
        let answer = work.answer.take();
        let action = work.command.name.clone();
        let job = Arc::new(work.job);
        let done = dispatcher.handle(work.command, Arc::clone(&job), work.reporter);
        let done = Box::pin(done);
        let outcome = match contained(done).await {
            Ok(outcome) => outcome,
            Err(panicked) => {
                let outcome = Err(panicked.to_owned());
                dispatcher.conclude(&action, &job, &outcome);
                outcome
            }
        };
        if let Some(answer) = answer {
            let _ = answer.send(outcome);
        }
    }
    .instrument(span)
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_one_actions_failure() {
        let panics = async { panic!("on purpose") };
        assert!(contained(panics).await.unwrap_err().starts_with("panicked"));
        let done = contained(async { Ok("done".to_owned()) }).await;
        assert_eq!(done, Ok(Ok("done".to_owned())));
    }
}
