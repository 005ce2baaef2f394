//! Runs the tasks of a process, and ends them.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::health::Health;
use crate::shutdown::{Phase, Shutdown, ShutdownTrigger};
use crate::tasks::Tasks;

/// How long tasks get to notice that they are cut, before they are dropped.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// How long the end may take.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// From "not ready" to closing the listeners, so that load balancers notice.
    pub delay: Duration,
    /// From closing the listeners to cutting what is still open. Together with
    /// `delay` shorter than the pod's `terminationGracePeriodSeconds` (30 s).
    pub deadline: Duration,
}

impl Default for Drain {
    /// No delay, 20 s to drain.
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            deadline: Duration::from_secs(20),
        }
    }
}

/// Why [`Supervisor::run`] did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// An essential task ended, failed or panicked; everything else was drained.
    #[error("{task}: {reason}")]
    Essential {
        /// Its name.
        task: String,
        /// What it said.
        reason: String,
    },
    /// These tasks did not end before the deadline and were cut.
    #[error("cut at the deadline: {}", .0.join(", "))]
    Unfinished(Vec<String>),
    /// The system does not let us wait for signals.
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] std::io::Error),
}

/// Owns the end of a process: waits for SIGTERM, SIGINT or an essential task that
/// ends, then drains. [`Tasks`] starts what runs under it.
#[derive(Debug)]
pub struct Supervisor {
    drain: Drain,
    trigger: ShutdownTrigger,
    health: Health,
    tasks: Tasks,
    signals: Option<Signals>,
}

impl Supervisor {
    /// Nothing runs yet.
    pub fn new(drain: Drain) -> Self {
        let (trigger, shutdown) = Shutdown::new();
        Self {
            drain,
            health: Health::new(shutdown),
            tasks: Tasks::new(trigger.clone()),
            trigger,
            signals: None,
        }
    }

    /// The token that says when to stop.
    pub fn shutdown(&self) -> Shutdown {
        self.trigger.token()
    }

    /// Begins the end from inside, as a signal does, when advanced to
    /// [`Phase::Leaving`].
    pub fn trigger(&self) -> ShutdownTrigger {
        self.trigger.clone()
    }

    /// The checks of this process; `/readyz` fails once it is leaving.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Starts tasks; keep a clone to start some later.
    pub fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    /// Takes SIGTERM and SIGINT from now on, for [`Supervisor::run`] to heed; until
    /// then they end the process at once. Call it before anybody is told that the
    /// process is ready. Needs the runtime.
    ///
    /// # Errors
    ///
    /// [`RunError::Signals`].
    pub fn listen(&mut self) -> Result<(), RunError> {
        self.signals = Some(Signals::new()?);
        Ok(())
    }

    /// Runs until SIGTERM, SIGINT, the end of an essential task or of all tasks;
    /// then leaves in the [`Phase`]s that [`Drain`] describes. A second signal
    /// cuts at once. Tasks dropped at the deadline release what they hold.
    ///
    /// # Errors
    ///
    /// The first essential task that did not end well, or tasks that had to be cut.
    pub async fn run(mut self) -> Result<(), RunError> {
        let mut signals = match self.signals.take() {
            Some(signals) => signals,
            None => Signals::new()?,
        };
        let shutdown = self.shutdown();
        tokio::select! {
            name = signals.next() => tracing::info!(signal = name, "shutting down"),
            () = self.tasks.empty() => {}
            () = shutdown.reached(Phase::Leaving) => tracing::info!("shutting down"),
        }
        let hurried = tokio::select! {
            () = self.leave() => false,
            name = signals.next() => {
                tracing::warn!(signal = name, "second signal: ending at once");
                true
            }
        };
        self.trigger.advance(Phase::Forced);
        let late = self.tasks.names();
        // What listens for the last phase may still say goodbye.
        let _ = timeout(LAST_WORDS, self.tasks.empty()).await;
        self.tasks.abort();
        let _ = timeout(LAST_WORDS, self.tasks.empty()).await;
        if let Some((task, reason)) = self.tasks.failure() {
            return Err(RunError::Essential { task, reason });
        }
        if late.is_empty() || hurried {
            return Ok(());
        }
        Err(RunError::Unfinished(late))
    }

    /// Not ready; then draining; returns when all have ended or at the deadline.
    async fn leave(&self) {
        self.trigger.advance(Phase::Leaving);
        if self.shutdown().phase() < Phase::Draining {
            let _ = timeout(self.drain.delay, self.tasks.empty()).await;
        }
        self.trigger.advance(Phase::Draining);
        let deadline = Instant::now() + self.drain.deadline;
        if timeout_at(deadline, self.tasks.empty()).await.is_err() {
            tracing::warn!(tasks = %self.tasks.names().join(", "), "deadline passed: cutting");
        }
    }
}

#[derive(Debug)]
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, RunError> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(RunError::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(RunError::Signals)?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Waits between starts of a task that keeps failing: 1 s, doubled up to a minute.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_secs(1);
    const MOST: Duration = Duration::from_mins(1);

    pub(crate) fn new() -> Self {
        Self(Self::FIRST)
    }

    /// Waits; a task that had run for long counts as healed.
    pub(crate) async fn wait(&mut self, ran: Duration) {
        if ran > Self::MOST * 5 {
            self.0 = Self::FIRST;
        }
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(Self::MOST);
    }
}
