//! What becomes of commands: a bounded list, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

/// How a job fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits for a worker.
    Queued,
    /// A worker has it, or a scan that it started runs.
    Running,
    /// It is done.
    Done,
    /// It did not work.
    Failed,
}

impl JobState {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failure",
        }
    }

    /// Whether nothing more comes.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// One job, for people and their programs. Arguments are not kept: they may hold
/// passwords.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its identifier.
    pub id: String,
    /// The job that led to it; may be empty.
    pub parent: String,
    /// The command.
    pub name: String,
    /// What the command is about.
    pub target: String,
    /// How it fares.
    pub state: JobState,
    /// What is worth knowing, or what went wrong.
    pub message: String,
    /// When it came.
    pub created: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

impl Job {
    /// As it is answered.
    pub fn to_value(&self) -> Value {
        let mut value = json!({
            "jobID": self.id,
            "commandName": self.name,
            "target": self.target,
            "status": self.state.as_str(),
            "createdAt": self.created.to_string(),
        });
        if let Some(object) = value.as_object_mut() {
            if !self.parent.is_empty() {
                object.insert("parentID".to_owned(), self.parent.as_str().into());
            }
            if !self.message.is_empty() {
                object.insert("message".to_owned(), self.message.as_str().into());
            }
            if let Some(ended) = self.ended {
                object.insert("endedAt".to_owned(), ended.to_string().into());
            }
        }
        value
    }
}

/// The jobs of this process, newest kept. Clones share them.
#[derive(Clone)]
pub struct Jobs(Arc<Mutex<Inner>>);

struct Inner {
    most: usize,
    next: u64,
    /// In the order in which they came.
    jobs: BTreeMap<u64, Job>,
    by_id: HashMap<String, u64>,
}

/// A job that is being carried out. Dropping it without an end is a failure.
pub struct JobHandle {
    jobs: Jobs,
    at: u64,
    /// Its identifier.
    pub id: String,
    /// The job that led to it; may be empty.
    pub parent: String,
    reports: AtomicI64,
}

impl Jobs {
    /// Keeps the newest `most`.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            most,
            next: 0,
            jobs: BTreeMap::new(),
            by_id: HashMap::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job; `number` is that of its last report elsewhere. An identifier that is
    /// known already now names the new one.
    pub fn add(&self, job: Job, number: i64) -> JobHandle {
        let mut inner = self.lock();
        let at = inner.next;
        inner.next += 1;
        while inner.jobs.len() >= inner.most.max(1) {
            // Those that are over first, then the oldest.
            let over = inner
                .jobs
                .iter()
                .take(100)
                .find(|(_, job)| job.state.is_over());
            let oldest = over.or_else(|| inner.jobs.iter().next()).map(|(at, _)| *at);
            let Some(oldest) = oldest else { break };
            if let Some(old) = inner.jobs.remove(&oldest)
                && inner.by_id.get(&old.id) == Some(&oldest)
            {
                inner.by_id.remove(&old.id);
            }
        }
        let handle = JobHandle {
            jobs: self.clone(),
            at,
            id: job.id.clone(),
            parent: job.parent.clone(),
            reports: AtomicI64::new(number),
        };
        inner.by_id.insert(job.id.clone(), at);
        inner.jobs.insert(at, job);
        handle
    }

    /// The job of this identifier.
    pub fn get(&self, id: &str) -> Option<Job> {
        let inner = self.lock();
        let at = inner.by_id.get(id)?;
        inner.jobs.get(at).cloned()
    }

    /// The newest first.
    pub fn newest(&self, most: usize) -> Vec<Job> {
        self.lock()
            .jobs
            .values()
            .rev()
            .take(most)
            .cloned()
            .collect()
    }

    /// How many are kept.
    pub fn count(&self) -> usize {
        self.lock().jobs.len()
    }

    fn change(&self, at: u64, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.lock().jobs.get_mut(&at) {
            change(job);
        }
    }
}

impl JobHandle {
    /// A worker has it.
    pub fn running(&self) {
        self.jobs
            .change(self.at, |job| job.state = JobState::Running);
    }

    /// It ended so.
    pub fn ended(&self, outcome: &Result<String, String>) {
        let (state, message) = match outcome {
            Ok(message) => (JobState::Done, message),
            Err(message) => (JobState::Failed, message),
        };
        let message: String = message.chars().take(1000).collect();
        self.jobs.change(self.at, |job| {
            job.state = state;
            job.message = message;
            job.ended = Some(Timestamp::now());
        });
    }

    /// The number of the next report.
    pub fn number(&self) -> i64 {
        self.reports
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1)
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        self.jobs.change(self.at, |job| {
            if !job.state.is_over() {
                job.state = JobState::Failed;
                "was given up: the process ends, or the action panicked"
                    .clone_into(&mut job.message);
                job.ended = Some(Timestamp::now());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str) -> Job {
        Job {
            id: id.to_owned(),
            parent: String::new(),
            name: "scan".to_owned(),
            target: String::new(),
            state: JobState::Queued,
            message: String::new(),
            created: Timestamp::now(),
            ended: None,
        }
    }

    #[test]
    fn the_list_is_bounded_and_those_that_run_stay_longest() {
        let jobs = Jobs::new(2);
        let first = jobs.add(job("1"), 0);
        jobs.add(job("2"), 0).ended(&Ok(String::new()));
        let third = jobs.add(job("3"), 0);
        let ids: Vec<_> = jobs.newest(9).into_iter().map(|job| job.id).collect();
        assert_eq!(ids, ["3", "1"]);
        drop((first, third));
        assert_eq!(jobs.get("1").unwrap().state, JobState::Failed);
        assert!(jobs.get("2").is_none());
    }

    #[test]
    fn reports_are_numbered_on_from_what_came() {
        let handle = Jobs::new(1).add(job("1"), 4);
        assert_eq!((handle.number(), handle.number()), (5, 6));
    }
}
