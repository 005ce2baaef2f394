//! Which jobs wait, run and have ended. No thread, no clock but that of starts.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kubescape_scan::Cancel;
use tokio::sync::watch;
use uuid::Uuid;

use super::Taken;
use crate::callback::Callback;
use crate::request::{ScanObject, ScanRequest};

/// Ended jobs that are remembered; their results may live longer, as files.
const REMEMBERED: usize = 2000;

/// Where a scan waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Whole clusters, one at a time.
    Full,
    /// Single objects.
    Object,
}

impl Lane {
    pub(crate) const ALL: [Self; 2] = [Self::Full, Self::Object];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Object => "object",
        }
    }
}

/// How a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a result.
    Done,
    /// Without one, for this reason.
    Failed(Arc<str>),
    /// Somebody ended it, for this reason.
    Cancelled(Arc<str>),
}

impl End {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Cancelled(_) => "cancelled",
        }
    }
}

pub(super) enum Phase {
    Waiting,
    Running(Instant),
    Ended(End),
}

pub(super) struct Job {
    pub(super) request: Arc<ScanRequest>,
    pub(super) lane: Lane,
    pub(super) phase: Phase,
    pub(super) cancel: Cancel,
    /// Why it was told to end.
    pub(super) stopped: Option<Arc<str>>,
    pub(super) ended: watch::Sender<Option<End>>,
    /// Those who hold the connection until it ends.
    pub(super) waiters: usize,
    /// The result stays after all of these have it.
    pub(super) keep: bool,
    pub(super) callbacks: Vec<Callback>,
    pub(super) bytes: usize,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) jobs: HashMap<Uuid, Job>,
    full: VecDeque<Uuid>,
    object: VecDeque<Uuid>,
    running: Vec<Uuid>,
    ended: VecDeque<Uuid>,
    pub(super) latest: Option<Uuid>,
    pub(super) closed: bool,
}

impl State {
    pub(super) fn queue(&self, lane: Lane) -> &VecDeque<Uuid> {
        match lane {
            Lane::Full => &self.full,
            Lane::Object => &self.object,
        }
    }

    pub(super) fn queue_mut(&mut self, lane: Lane) -> &mut VecDeque<Uuid> {
        match lane {
            Lane::Full => &mut self.full,
            Lane::Object => &mut self.object,
        }
    }

    pub(super) fn queued_bytes(&self) -> usize {
        let waiting = self.full.iter().chain(&self.object);
        waiting
            .filter_map(|id| self.jobs.get(id))
            .map(|job| job.bytes)
            .sum()
    }

    /// Waiting and running scans of a lane.
    pub(super) fn count(&self, lane: Lane) -> (usize, usize) {
        let of_lane = |id: &&Uuid| self.jobs.get(*id).is_some_and(|job| job.lane == lane);
        let running = self.running.iter().filter(of_lane).count();
        (self.queue(lane).len(), running)
    }

    fn object_of(&self, id: Uuid) -> Option<&ScanObject> {
        self.jobs.get(&id)?.request.object.as_ref()
    }

    /// The waiting scan that a new one can join: the last of the same object, if it
    /// asks for the same. An older one would change the order of what happened.
    pub(super) fn equal(&self, request: &ScanRequest) -> Option<Uuid> {
        let object = request.object.as_ref()?;
        let waiting = self.object.iter().rev().copied();
        let last = waiting
            .into_iter()
            .find(|id| self.object_of(*id) == Some(object))?;
        let job = self.jobs.get(&last)?;
        job.request.asks_the_same(request).then_some(last)
    }

    /// The first scan of a lane whose object is not being scanned already.
    pub(super) fn take(&mut self, lane: Lane) -> Option<Taken> {
        let is_free = |id: &Uuid| {
            let object = self.object_of(*id);
            object.is_none()
                || self
                    .running
                    .iter()
                    .all(|other| self.object_of(*other) != object)
        };
        let place = self.queue(lane).iter().position(is_free)?;
        let id = self.queue_mut(lane).remove(place)?;
        let job = self.jobs.get_mut(&id)?;
        job.phase = Phase::Running(Instant::now());
        let taken = Taken {
            request: Arc::clone(&job.request),
            cancel: job.cancel.clone(),
        };
        self.running.push(id);
        Some(taken)
    }

    /// Books an end, and says whom to call.
    pub(super) fn end(&mut self, id: Uuid, end: End) -> Option<(Lane, Vec<Callback>)> {
        self.running.retain(|other| *other != id);
        self.full.retain(|other| *other != id);
        self.object.retain(|other| *other != id);
        let job = self.jobs.get_mut(&id)?;
        job.phase = Phase::Ended(end.clone());
        job.ended.send_replace(Some(end));
        let told = (job.lane, std::mem::take(&mut job.callbacks));
        self.ended.push_back(id);
        if self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.jobs.remove(&oldest);
        }
        Some(told)
    }

    pub(super) fn running_since(&self, limit: Duration) -> Vec<Uuid> {
        let late = |id: &Uuid| match self.jobs.get(id).map(|job| &job.phase) {
            Some(Phase::Running(since)) => since.elapsed() > limit,
            _ => false,
        };
        self.running.iter().copied().filter(late).collect()
    }

    pub(super) fn unfinished(&self) -> Vec<Uuid> {
        let waiting = self.full.iter().chain(&self.object);
        waiting.chain(&self.running).copied().collect()
    }
}
