//! A store in memory that fails as it is told, and counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use kubescape_runtime::{Shutdown, ShutdownTrigger};
use kubescape_sink::{
    Done, Expected, IndexPage, IndexRow, Limits, ResultKey, ResultObject, ResultResource,
    ResultStore, StoreError, Writer,
};

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Fine,
    Away,
    /// 429, come back after two seconds.
    Busy,
    /// One of three requests gets no answer, whether it was done or not.
    Moody,
}

#[derive(Default)]
pub(crate) struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) mood: Option<Mood>,
    pub(crate) objects: BTreeMap<ResultKey, Option<String>>,
    pub(crate) refuses: BTreeSet<String>,
    pub(crate) panics: BTreeSet<String>,
    pub(crate) fails: BTreeSet<String>,
    pub(crate) writes: usize,
    pub(crate) requests: usize,
    pub(crate) lists: usize,
    /// Writes of what was known to be stored so already.
    pub(crate) needless: usize,
    unanswered: BTreeSet<ResultKey>,
    dice: u64,
}

impl Inner {
    fn roll(&mut self) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.dice >> 33
    }

    /// Whether to do it, and whether to answer.
    fn whether(&mut self) -> (bool, Result<(), StoreError>) {
        let unavailable = |busy: bool| StoreError::Unavailable {
            why: "not now".to_owned(),
            code: if busy { 429 } else { 503 },
            after: busy.then_some(Duration::from_secs(2)),
            busy,
        };
        self.requests += 1;
        match self.mood.unwrap_or(Mood::Fine) {
            Mood::Fine => (true, Ok(())),
            Mood::Away => (false, Err(unavailable(false))),
            Mood::Busy => (false, Err(unavailable(true))),
            Mood::Moody => match self.roll() % 6 {
                0 => (false, Err(unavailable(true))),
                1 => (true, Err(unavailable(false))),
                _ => (true, Ok(())),
            },
        }
    }
}

impl Memory {
    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn mood(&self, mood: Mood) {
        self.inner().mood = Some(mood);
    }

    /// Names and digests of what is stored.
    pub(crate) fn names(&self) -> BTreeMap<String, String> {
        let objects = &self.inner().objects;
        let each = objects.iter().map(|(key, digest)| {
            let digest = digest.clone().unwrap_or_else(|| "foreign".to_owned());
            (key.name.to_string(), digest)
        });
        each.collect()
    }
}

#[async_trait]
impl ResultStore for Memory {
    async fn index(
        &self,
        resource: ResultResource,
        after: Option<&str>,
    ) -> Result<IndexPage, StoreError> {
        let mut inner = self.inner();
        inner.lists += 1;
        inner.whether().1?;
        let rows = inner.objects.iter();
        let rows = rows.filter(|(key, _)| key.resource == resource);
        let rows = rows.filter(|(key, _)| after.is_none_or(|after| &*key.name > after));
        let rows: Vec<_> = rows
            .take(3)
            .map(|(key, digest)| IndexRow {
                key: key.clone(),
                digest: digest.clone(),
                labels: BTreeMap::new(),
            })
            .collect();
        let next = (rows.len() == 3).then(|| rows[2].key.name.to_string());
        Ok(IndexPage { rows, next })
    }

    async fn put(&self, object: &ResultObject, expected: Expected) -> Result<Done, StoreError> {
        tokio::task::yield_now().await;
        let mut inner = self.inner();
        let name = object.name.to_string();
        if inner.panics.contains(&name) {
            drop(inner);
            panic!("as it was told");
        }
        if inner.fails.contains(&name) {
            inner.requests += 1;
            return Err(StoreError::Failed("500".to_owned()));
        }
        if inner.refuses.contains(&name) {
            let why = "it is not taken".to_owned();
            return Err(StoreError::Refused { code: 422, why });
        }
        let (does, answer) = inner.whether();
        let key = object.key();
        let mut done = Done::AsExpected;
        if does {
            let digest = Some(object.digest.to_string());
            let before = inner.objects.insert(key.clone(), digest.clone());
            if before.is_some() != (expected == Expected::Present) {
                done = Done::Surprised;
            }
            let known = !inner.unanswered.contains(&key);
            inner.needless += usize::from(known && before == Some(digest));
            inner.writes += 1;
        }
        match answer {
            Ok(()) => inner.unanswered.remove(&key),
            Err(_) => inner.unanswered.insert(key),
        };
        answer.map(|()| done)
    }

    async fn delete(&self, key: &ResultKey) -> Result<Done, StoreError> {
        let mut inner = self.inner();
        let (does, answer) = inner.whether();
        if does && inner.objects.remove(key).is_none() {
            answer?;
            return Err(StoreError::Gone);
        }
        inner.writes += usize::from(does);
        answer.map(|()| Done::AsExpected)
    }
}

/// A store, a writer that runs, and what ends it.
pub(crate) struct World {
    pub(crate) store: Arc<Memory>,
    pub(crate) writer: Writer,
    _trigger: ShutdownTrigger,
}

pub(crate) fn world(limits: Limits) -> World {
    begin(Arc::default(), limits)
}

/// A new writer over what is stored.
pub(crate) fn begin(store: Arc<Memory>, limits: Limits) -> World {
    let writer = Writer::new(store.clone(), limits);
    let (trigger, shutdown) = Shutdown::new();
    tokio::spawn(writer.clone().run(shutdown));
    World {
        store,
        writer,
        _trigger: trigger,
    }
}

pub(crate) fn key(name: &str) -> ResultKey {
    result(name, "").key()
}

pub(crate) fn result(name: &str, digest: &str) -> ResultObject {
    ResultObject {
        resource: if name.ends_with('s') {
            ResultResource::Summary
        } else {
            ResultResource::Configuration
        },
        namespace: "shop".into(),
        name: name.into(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        spec: "{}".into(),
        digest: digest.into(),
    }
}
