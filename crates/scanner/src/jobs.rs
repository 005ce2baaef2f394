//! Scans as jobs in two lanes, so that no object waits behind a whole cluster.
//! Threads do the work; a panic fails its job and nothing else.

mod perform;
mod state;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kubescape_scan::Cancel;
use tokio::sync::watch;
use uuid::Uuid;

use crate::callback::{Callback, Callbacks};
use crate::config::Limits;
use crate::last::Last;
use crate::metrics::Metrics;
use crate::request::ScanRequest;
use crate::results::Results;
use crate::submissions::Submissions;
use crate::work::{Observer, Work};

pub(crate) use state::{End, Lane};

use state::{Job, Phase, State};

/// Those who may wait for the same object scan with a callback.
const MOST_CALLBACKS: usize = 16;

/// Threads of a lane; two scans of the same object never run side by side.
const FULL_THREADS: usize = 1;
const OBJECT_THREADS: usize = 2;

/// What is done with jobs, and for whom.
pub(crate) struct Outside {
    pub(crate) work: Arc<dyn Work>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) results: Arc<Results>,
    pub(crate) last: Arc<Last>,
    pub(crate) metrics: Metrics,
    pub(crate) callbacks: Callbacks,
    pub(crate) submissions: Submissions,
    pub(crate) limits: Limits,
    /// Keep numbers of single resources, too.
    pub(crate) resource_metrics: bool,
    /// What the service is to watch; everything when empty.
    pub(crate) include_namespaces: Vec<String>,
}

/// All jobs. Clones share them.
#[derive(Clone)]
pub(crate) struct Jobs(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Something was queued, ended or closed.
    wake: Condvar,
    /// Threads that have not ended.
    threads: watch::Sender<usize>,
    outside: Outside,
}

/// A scan that somebody wants done.
pub(crate) struct Submission {
    pub(crate) request: ScanRequest,
    /// Who submits it waits for its end.
    pub(crate) wait: bool,
    /// The result stays on disk after it was waited for.
    pub(crate) keep: bool,
    pub(crate) callback: Option<Callback>,
    /// What it costs to keep it waiting.
    pub(crate) bytes: usize,
}

impl Submission {
    pub(crate) fn of(request: ScanRequest) -> Self {
        Self {
            request,
            wait: false,
            keep: true,
            callback: None,
            bytes: 0,
        }
    }
}

/// Why a scan is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too many wait already.
    Full(Lane),
    /// The process is ending.
    Leaving,
}

/// What is known under an ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No ID was given, and there was no scan yet.
    NoScanYet,
    /// No such scan, or its result is gone.
    Unknown,
    /// It waits or runs.
    Busy(Uuid),
    /// It has no result, and why.
    Failed(Uuid, Arc<str>),
    /// Its result is on disk.
    Done(Uuid),
}

impl Jobs {
    /// Starts the threads.
    pub(crate) fn start(outside: Outside) -> std::io::Result<Self> {
        let jobs = Self(Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            threads: watch::Sender::new(0),
            outside,
        }));
        for (lane, threads) in [(Lane::Full, FULL_THREADS), (Lane::Object, OBJECT_THREADS)] {
            for _ in 0..threads {
                let shared = Arc::clone(&jobs.0);
                shared.threads.send_modify(|count| *count += 1);
                std::thread::Builder::new()
                    .name(format!("scan-{}", lane.name()))
                    .spawn(move || {
                        if lane == Lane::Full {
                            step_back();
                        }
                        shared.work_on(lane);
                        shared.threads.send_modify(|count| *count -= 1);
                    })?;
            }
        }
        Ok(jobs)
    }

    /// Takes a scan, or joins it to an equal one of the same object that waits.
    pub(crate) fn submit(&self, submission: Submission) -> Result<Ticket, Refused> {
        let lane = match submission.request.object {
            None => Lane::Full,
            Some(_) => Lane::Object,
        };
        let mut state = self.0.lock();
        if state.closed {
            return Err(Refused::Leaving);
        }
        if let Some(id) = state.equal(&submission.request) {
            let outside = &self.0.outside;
            let ticket = state.join(id, submission, self).ok_or_else(|| {
                outside.metrics.refused(lane);
                Refused::Full(lane)
            })?;
            outside.metrics.coalesced();
            return Ok(ticket);
        }
        let limits = &self.0.outside.limits;
        let most = match lane {
            Lane::Full => limits.full_queue,
            Lane::Object => limits.object_queue,
        };
        let no_room = state.queue(lane).len() >= most
            || state.queued_bytes() + submission.bytes > limits.queued_bytes;
        // What nobody waits for may always come next.
        if no_room && !(state.queue(lane).is_empty() && state.queued_bytes() == 0) {
            self.0.outside.metrics.refused(lane);
            return Err(Refused::Full(lane));
        }
        let id = submission.request.id;
        state.add(lane, submission);
        let ticket = Ticket::new(id, &mut state, self);
        self.0.count(&state);
        drop(state);
        self.0.wake.notify_all();
        Ok(ticket)
    }

    /// What is known of a scan, or of the latest.
    pub(crate) fn find(&self, id: Option<Uuid>) -> Found {
        let results = &self.0.outside.results;
        let state = self.0.lock();
        let Some(id) = id.or(state.latest).or_else(|| results.newest()) else {
            return Found::NoScanYet;
        };
        match state.jobs.get(&id).map(|job| &job.phase) {
            Some(Phase::Waiting | Phase::Running(_)) => Found::Busy(id),
            Some(Phase::Ended(End::Failed(reason) | End::Cancelled(reason))) => {
                Found::Failed(id, Arc::clone(reason))
            }
            Some(Phase::Ended(End::Done)) | None => {
                if results.has(id) {
                    Found::Done(id)
                } else {
                    Found::Unknown
                }
            }
        }
    }

    /// Ends a scan that waits or runs, or the latest; its ID when there was one.
    pub(crate) fn cancel(&self, id: Option<Uuid>) -> Option<Uuid> {
        let id = id.or_else(|| self.0.lock().latest)?;
        self.0.cancel(id, "the scan was cancelled").then_some(id)
    }

    /// Ends scans that have run for too long.
    pub(crate) fn expire(&self) {
        let limit = self.0.outside.limits.scan_time;
        let late = self.0.lock().running_since(limit);
        for id in late {
            let reason = format!(
                "the scan was ended after {limit:?}: raise KS_SCAN_TIMEOUT, or scan fewer namespaces"
            );
            self.0.cancel(id, &reason);
        }
    }

    /// Takes no more; ends all that waits or runs.
    pub(crate) fn close(&self) {
        let all = {
            let mut state = self.0.lock();
            state.closed = true;
            state.unfinished()
        };
        for id in all {
            self.0.cancel(id, "the service was ended");
        }
        self.0.wake.notify_all();
    }

    /// Returns when all threads have ended, which takes [`Jobs::close`].
    pub(crate) async fn drained(&self) {
        let mut threads = self.0.threads.subscribe();
        let _ = threads.wait_for(|count| *count == 0).await;
    }
}

/// How much a full scan steps back behind everything else, of 19.
const NICE: i32 = 10;

/// Lets others have the processor first: this thread, and those that it starts, scan
/// the whole cluster with all that is left. Where that cannot be had all goes on.
fn step_back() {
    // Of no process in particular means, on Linux, of the calling thread.
    let _ = rustix::process::setpriority_process(None, NICE);
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, state: &State) {
        for lane in Lane::ALL {
            let (waiting, running) = state.count(lane);
            self.outside.metrics.lane(lane, waiting, running);
        }
    }

    /// Whether there was something to cancel. What waits ends at once.
    fn cancel(&self, id: Uuid, reason: &str) -> bool {
        let mut state = self.lock();
        let Some(job) = state.jobs.get_mut(&id) else {
            return false;
        };
        match job.phase {
            Phase::Ended(_) => false,
            Phase::Running(_) => {
                job.stopped.get_or_insert_with(|| reason.into());
                job.cancel.cancel();
                true
            }
            Phase::Waiting => {
                let end = End::Cancelled(reason.into());
                self.end(state, id, &end, None);
                true
            }
        }
    }

    fn work_on(&self, lane: Lane) {
        while let Some(taken) = self.next(lane) {
            let started = Instant::now();
            let end = perform::perform(&self.outside, &taken, started);
            self.finish(taken.request.id, end, started);
        }
    }

    /// The next scan of a lane; waits for one. `None` when there will be none.
    fn next(&self, lane: Lane) -> Option<Taken> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(taken) = state.take(lane) {
                self.count(&state);
                return Some(taken);
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, id: Uuid, end: End, started: Instant) {
        let state = self.lock();
        let stopped = state.jobs.get(&id).and_then(|job| job.stopped.clone());
        let end = match (stopped, end) {
            // It ended by itself, but somebody was told that it was cancelled.
            (Some(reason), End::Done | End::Cancelled(_)) => {
                self.outside.results.remove(id);
                End::Cancelled(reason)
            }
            (_, end) => end,
        };
        self.end(state, id, &end, Some(started));
        self.wake.notify_all();
    }

    fn end(&self, mut state: MutexGuard<'_, State>, id: Uuid, end: &End, started: Option<Instant>) {
        let full = state
            .jobs
            .get(&id)
            .is_some_and(|job| job.lane == Lane::Full);
        if full && !matches!(end, End::Done) {
            // Before those who wait are told, who may look at it.
            self.outside.last.failed();
        }
        let Some((lane, calls)) = state.end(id, end.clone()) else {
            return;
        };
        self.count(&state);
        drop(state);
        let took = started.map(|started| started.elapsed());
        self.outside.metrics.scan(lane, end.name(), took);
        let seconds = took.unwrap_or_default().as_secs_f64();
        match end {
            End::Done => tracing::info!(jobId = %id, lane = lane.name(), seconds, "scan done"),
            End::Cancelled(reason) | End::Failed(reason) => {
                let lane_name = lane.name();
                tracing::warn!(jobId = %id, lane = lane_name, seconds, %reason, "scan without a result");
            }
        }
        for callback in calls {
            self.outside.callbacks.send(callback, id, end);
        }
    }
}

/// A scan that a thread has taken.
struct Taken {
    request: Arc<ScanRequest>,
    cancel: Cancel,
}

/// Somebody's interest in a scan.
pub(crate) struct Ticket {
    id: Uuid,
    ended: watch::Receiver<Option<End>>,
    jobs: Jobs,
    waits: bool,
}

impl Ticket {
    fn new(id: Uuid, state: &mut State, jobs: &Jobs) -> Self {
        let ended = match state.jobs.get(&id) {
            Some(job) => job.ended.subscribe(),
            None => watch::Sender::new(None).subscribe(),
        };
        let waits = state.jobs.get(&id).is_some_and(|job| job.waiters > 0);
        Self {
            id,
            ended,
            jobs: jobs.clone(),
            waits,
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> End {
        let ended = self.ended.wait_for(Option::is_some).await;
        let end = ended.ok().and_then(|end| end.clone());
        end.unwrap_or_else(|| End::Failed("the scan was forgotten".into()))
    }

    /// The result was opened by one who waited: the last of them removes it, unless
    /// somebody wants it kept.
    pub(crate) fn delivered(&self) {
        let state = self.jobs.0.lock();
        let job = state.jobs.get(&self.id);
        if job.is_some_and(|job| job.waiters <= 1 && !job.keep) {
            self.jobs.0.outside.results.remove(self.id);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.waits {
            let mut state = self.jobs.0.lock();
            if let Some(job) = state.jobs.get_mut(&self.id) {
                job.waiters = job.waiters.saturating_sub(1);
            }
        }
    }
}

impl State {
    /// Joins a submission to a job that waits; `None` when that has too many.
    fn join(&mut self, id: Uuid, submission: Submission, jobs: &Jobs) -> Option<Ticket> {
        let job = self.jobs.get_mut(&id)?;
        if submission.callback.is_some() && job.callbacks.len() >= MOST_CALLBACKS {
            return None;
        }
        job.callbacks.extend(submission.callback);
        job.waiters += usize::from(submission.wait);
        job.keep |= !submission.wait || submission.keep;
        self.latest = Some(id);
        let mut ticket = Ticket::new(id, self, jobs);
        ticket.waits = submission.wait;
        Some(ticket)
    }

    fn add(&mut self, lane: Lane, submission: Submission) {
        let id = submission.request.id;
        let job = Job {
            request: Arc::new(submission.request),
            lane,
            phase: Phase::Waiting,
            cancel: Cancel::default(),
            stopped: None,
            ended: watch::Sender::new(None),
            waiters: usize::from(submission.wait),
            keep: !submission.wait || submission.keep,
            callbacks: submission.callback.into_iter().collect(),
            bytes: submission.bytes,
        };
        self.jobs.insert(id, job);
        self.queue_mut(lane).push_back(id);
        self.latest = Some(id);
    }
}
