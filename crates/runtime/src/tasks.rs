//! Named tasks: their ends are noticed, their panics reported.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::health::HealthCheck;
use crate::panics;
use crate::shutdown::{Phase, Shutdown, ShutdownTrigger};
use crate::supervisor::Backoff;

/// What a task ends with when something went wrong.
pub type TaskError = Box<dyn std::error::Error + Send + Sync>;

/// Starts tasks from anywhere, also while the supervisor runs. Clones share them.
///
/// Each task runs on the Tokio runtime that it is started on. A panic ends the
/// task it happened in and is logged with its name, never the process by itself.
#[derive(Clone, Debug)]
pub struct Tasks {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    running: Mutex<Running>,
    count: watch::Sender<usize>,
    trigger: ShutdownTrigger,
}

#[derive(Debug, Default)]
struct Running {
    next: u64,
    tasks: BTreeMap<u64, (Arc<str>, Option<AbortHandle>)>,
    failure: Option<(String, String)>,
    closed: bool,
}

/// Takes the task off the list, also when it is aborted.
struct Entry {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut running = self.shared.lock();
        running.tasks.remove(&self.id);
        self.shared.count.send_replace(running.tasks.len());
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tasks {
    pub(crate) fn new(trigger: ShutdownTrigger) -> Self {
        Self {
            shared: Arc::new(Shared {
                running: Mutex::default(),
                count: watch::Sender::new(0),
                trigger,
            }),
        }
    }

    /// The token that says when to stop.
    pub fn shutdown(&self) -> Shutdown {
        self.shared.trigger.token()
    }

    /// Starts a task that the process cannot do without: when it ends before the
    /// shutdown, fails or panics, the whole process drains and ends with its error.
    pub fn essential<E: Into<TaskError>>(
        &self,
        name: &str,
        future: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let shared = self.shared.clone();
        let task: Arc<str> = name.into();
        self.spawn(task.clone(), async move {
            let result = flat(panics::caught(future).await);
            let leaving = shared.trigger.token().phase() > Phase::Running;
            let reason = match result {
                Ok(()) if leaving => return,
                Ok(()) => "ended though nobody asked it to".to_owned(),
                Err(reason) => reason,
            };
            tracing::error!(task = %task, error = %reason, "essential task ended");
            shared
                .lock()
                .failure
                .get_or_insert_with(|| (task.to_string(), reason));
            shared.trigger.advance(Phase::Leaving);
        });
    }

    /// Starts a task that is made anew, after a pause, whenever it fails or
    /// panics, until the shutdown. `check` tells how it fares. Ending with `Ok`
    /// ends it for good.
    pub fn restarting<E, F>(
        &self,
        name: &str,
        check: Option<HealthCheck>,
        mut make: impl FnMut() -> F + Send + 'static,
    ) where
        E: Into<TaskError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let shutdown = self.shutdown();
        let task: Arc<str> = name.into();
        self.spawn(task.clone(), async move {
            let mut backoff = Backoff::new();
            loop {
                let started = Instant::now();
                // Making the future may panic, too.
                let Err(reason) = flat(panics::caught(async { make().await }).await) else {
                    return;
                };
                tracing::error!(task = %task, error = %reason, "task failed, starting it again");
                if let Some(check) = &check {
                    check.failing(reason);
                }
                tokio::select! {
                    () = backoff.wait(started.elapsed()) => {}
                    () = shutdown.requested() => return,
                }
            }
        });
    }

    /// Starts a job whose failure concerns nobody else: it is logged.
    pub fn job<E: Into<TaskError>>(
        &self,
        name: &str,
        future: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let task: Arc<str> = name.into();
        self.spawn(task.clone(), async move {
            if let Err(reason) = flat(panics::caught(future).await) {
                tracing::error!(task = %task, error = %reason, "job failed");
            }
        });
    }

    /// A [`Tasks::job`] that cannot fail.
    pub fn work(&self, name: &str, future: impl Future<Output = ()> + Send + 'static) {
        self.job(name, async {
            future.await;
            Ok::<(), Infallible>(())
        });
    }

    /// Names of what runs now, oldest first.
    pub fn names(&self) -> Vec<String> {
        let running = self.shared.lock();
        let names = running.tasks.values();
        names.map(|(name, _)| name.to_string()).collect()
    }

    /// Returns when nothing runs.
    pub(crate) async fn empty(&self) {
        let mut count = self.shared.count.subscribe();
        let _ = count.wait_for(|count| *count == 0).await;
    }

    /// Drops all tasks where they stand, and every later one at its start.
    pub(crate) fn abort(&self) {
        let handles: Vec<_> = {
            let mut running = self.shared.lock();
            running.closed = true;
            let tasks = running.tasks.values_mut();
            tasks.filter_map(|(_, handle)| handle.take()).collect()
        };
        for handle in handles {
            handle.abort();
        }
    }

    pub(crate) fn failure(&self) -> Option<(String, String)> {
        self.shared.lock().failure.clone()
    }

    fn spawn(&self, name: Arc<str>, future: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.shared.lock();
        if running.closed {
            tracing::warn!(task = %name, "not started: the process has ended");
            return;
        }
        let id = running.next;
        running.next += 1;
        let entry = Entry {
            shared: self.shared.clone(),
            id,
        };
        running.tasks.insert(id, (name, None));
        self.shared.count.send_replace(running.tasks.len());
        let handle = tokio::spawn(async move {
            let _entry = entry;
            future.await;
        });
        // The task cannot have left the list: that needs the lock held here.
        if let Some(task) = running.tasks.get_mut(&id) {
            task.1 = Some(handle.abort_handle());
        }
    }
}

fn flat<E: Into<TaskError>>(result: Result<Result<(), E>, String>) -> Result<(), String> {
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(chain(error.into().as_ref())),
        Err(panic) => Err(format!("panicked: {panic}")),
    }
}

/// An error with its causes, each said once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
