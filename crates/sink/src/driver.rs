//! Does what the state says is to be done: reads the index, writes, removes.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use kubescape_runtime::Shutdown;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::index::{Content, Index, KeyHash};
use crate::object::ResultResource;
use crate::pass::Place;
use crate::state::{Away, Job};
use crate::store::{Done, IndexPage, StoreError, Write};
use crate::writer::Shared;

/// How long writes that are under way may take once the end was asked for.
const LAST: Duration = Duration::from_secs(5);

type Answers = Vec<Result<Done, StoreError>>;

struct Driver<'a> {
    shared: &'a Shared,
    flights: JoinSet<Answers>,
    jobs: HashMap<Id, Vec<Job>>,
    backoff: Backoff,
    /// Nothing is sent before.
    retry: Instant,
    /// When the index is read again.
    refresh: Instant,
}

pub(crate) async fn run(shared: &Shared, shutdown: &Shutdown) {
    let now = Instant::now();
    let mut driver = Driver {
        shared,
        flights: JoinSet::new(),
        jobs: HashMap::new(),
        backoff: Backoff::default(),
        retry: now,
        refresh: now + shared.limits.refresh,
    };
    tokio::select! {
        () = driver.go() => {}
        () = shutdown.requested() => {}
    }
    let _ = tokio::time::timeout(LAST, driver.land_all()).await;
}

impl Driver<'_> {
    async fn go(&mut self) {
        loop {
            let now = Instant::now();
            if now >= self.refresh {
                self.refresh = now + self.shared.limits.refresh;
                self.shared.state().refresh = true;
            }
            if now >= self.retry {
                self.step().await;
            }
            let (retry, refresh) = (self.retry, self.refresh);
            tokio::select! {
                Some(landed) = self.flights.join_next_with_id(), if !self.flights.is_empty() => {
                    self.land(landed);
                }
                () = self.shared.wake.notified() => {}
                () = tokio::time::sleep_until(retry), if retry > Instant::now() => {}
                () = tokio::time::sleep_until(refresh) => {}
            }
        }
    }

    /// All that can be begun now.
    async fn step(&mut self) {
        loop {
            let needs_index = self.shared.state().needs_index();
            if needs_index && (!self.flights.is_empty() || !self.read_index().await) {
                return;
            }
            self.write();
            // With nothing to write, somebody still has to see that it is back.
            let away = self.shared.state().away.is_some();
            if away && self.flights.is_empty() && !self.read_index().await {
                return;
            }
            let place = {
                let mut state = self.shared.state();
                let state = &mut *state;
                let index = state.index.as_ref();
                index.and_then(|index| state.pass.next_place(index))
            };
            self.shared.moved();
            let Some(place) = place else {
                return;
            };
            if !self.sweep(&place).await {
                return;
            }
        }
    }

    /// Begins as many writes as may be under way; one alone while the storage is away.
    fn write(&mut self) {
        let batch = self.shared.store.batch().max(1);
        loop {
            let taken = {
                let mut state = self.shared.state();
                let alone = state.away.is_some();
                let most = if alone {
                    1
                } else {
                    self.shared.limits.in_flight
                };
                if self.flights.len() >= most {
                    return;
                }
                state.take(if alone { 1 } else { batch })
            };
            if taken.is_empty() {
                return;
            }
            self.launch(taken);
        }
    }

    fn launch(&mut self, taken: Vec<(Job, Write)>) {
        let (jobs, writes): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        let store = std::sync::Arc::clone(&self.shared.store);
        let flight = self
            .flights
            .spawn(async move { store.write(&writes).await });
        self.jobs.insert(flight.id(), jobs);
    }

    fn land(&mut self, landed: Result<(Id, Answers), JoinError>) {
        let (id, mut answers) = match landed {
            Ok((id, answers)) => (id, answers),
            // A panic costs these writes alone.
            Err(error) => (error.id(), Vec::new()),
        };
        let jobs = self.jobs.remove(&id).unwrap_or_default();
        let lost = || Err(StoreError::Failed("the write was not answered".to_owned()));
        answers.resize_with(jobs.len(), lost);
        for (job, answer) in jobs.into_iter().zip(answers) {
            self.heard(&answer);
            self.shared.state().landed(job, answer);
        }
        self.shared.moved();
    }

    async fn land_all(&mut self) {
        while let Some(landed) = self.flights.join_next_with_id().await {
            self.land(landed);
        }
    }

    /// Learns from an answer whether the storage is there.
    fn heard<T>(&mut self, answer: &Result<T, StoreError>) {
        let now = Instant::now();
        let mut state = self.shared.state();
        let Err(StoreError::Unavailable {
            why, after, busy, ..
        }) = answer
        else {
            self.backoff.reset();
            self.retry = now;
            if let Some(away) = state.away.take() {
                let seconds = away.since.elapsed().as_secs();
                tracing::info!(seconds, "results can be stored again");
                // Whoever took it away may have lost or replaced what it had.
                state.refresh |= !away.busy;
            }
            return;
        };
        // Several that were under way together fail together, which counts once.
        if now >= self.retry {
            self.retry = now + self.backoff.next(chance(), *after);
        }
        if let Some(away) = &mut state.away {
            away.busy &= busy;
            why.clone_into(&mut away.why);
            return;
        }
        tracing::warn!(
            why,
            "results cannot be stored: they are kept and written later"
        );
        state.away = Some(Away {
            since: now,
            why: why.clone(),
            busy: *busy,
        });
    }

    /// A list that failed, whatever the reason, is asked for again later.
    fn heard_list(&mut self, answer: Result<IndexPage, StoreError>) -> Option<IndexPage> {
        let answer = answer.map_err(|error| match error {
            error @ StoreError::Unavailable { .. } => error,
            other => StoreError::Unavailable {
                why: format!("what is stored cannot be listed: {other}"),
                code: 0,
                after: None,
                busy: true,
            },
        });
        self.heard(&answer);
        answer.ok()
    }

    /// Reads what is stored; nothing is written meanwhile. Whether that went well.
    async fn read_index(&mut self) -> bool {
        let mut index = Index::default();
        for resource in ResultResource::ALL {
            let mut after: Option<String> = None;
            loop {
                let page = self.shared.store.index(resource, after.as_deref()).await;
                let Some(page) = self.heard_list(page) else {
                    self.shared.moved();
                    return false;
                };
                for row in page.rows {
                    let content = row.digest.as_deref().map(Content::of);
                    index.put(KeyHash::of(&row.key), content);
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        tracing::debug!(objects = index.len(), "what is stored was read");
        self.shared.state().indexed(index);
        self.shared.moved();
        true
    }

    /// Reads a page of what may have to be removed. Whether that went well.
    async fn sweep(&mut self, place: &Place) -> bool {
        let id = self.shared.state().pass.id();
        let after = place.after.as_deref();
        let page = self.shared.store.index(place.resource, after).await;
        if matches!(page, Err(StoreError::Expired)) {
            self.shared.state().pass.restart(id);
            return true;
        }
        let Some(page) = self.heard_list(page) else {
            self.shared.moved();
            return false;
        };
        let mut state = self.shared.state();
        for row in page.rows {
            if state.pass.id() == id && state.pass.removes(&row) {
                state.sweep(row.key);
            }
        }
        state.pass.go_on(id, place, page.next);
        true
    }
}

/// A number that nobody knows before.
fn chance() -> u64 {
    RandomState::new().hash_one(0)
}
