//! One sweep: every object that can be stale is judged from the index, and what
//! was stale for long enough goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use kubescape_api::Resource;
use kubescape_apimachinery::object::{Deletion, begin_delete};
use kubescape_apimachinery::options::DeleteOptions;
use kubescape_store::{
    Change, Draft, Error, Expect, Filter, Key, Labels, Lister, Meta, Query, Store,
};
use serde_json::Value;

use super::kind::Kind;
use super::ledger::{Action, Ledger};
use super::metrics::Metrics;
use super::rule::{Graces, Kept, RULES, Reason, Rule, Verdict, judge};
use super::shared::Shared;
use super::stored::Stored;

/// Objects that are judged at once.
const ROWS: usize = 500;
/// Deletions that are under way at once; they share syncs.
const AT_ONCE: usize = 64;

/// Judges and deletes.
pub(crate) struct Sweeper {
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    graces: Graces,
    metrics: Metrics,
    ledger: Ledger,
}

/// What a sweep did and saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) deleted: BTreeMap<Reason, u64>,
    /// Stale objects that wait, by resource.
    pub(crate) orphans: BTreeMap<&'static str, u64>,
    /// Objects that nothing can be said about.
    pub(crate) unknown: u64,
    /// What would have to be known for that.
    pub(crate) missing: BTreeSet<Kind>,
    /// When the grace of the first one passes.
    pub(crate) soonest: Option<Duration>,
}

impl Report {
    /// Sum over all reasons.
    pub(crate) fn all_deleted(&self) -> u64 {
        self.deleted.values().sum()
    }
}

impl Sweeper {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        shared: Arc<Shared>,
        graces: Graces,
        metrics: Metrics,
    ) -> Self {
        Self {
            store,
            shared,
            graces,
            metrics,
            ledger: Ledger::default(),
        }
    }

    /// Looks at everything; `elapsed` is the time since the last whole sweep.
    ///
    /// # Errors
    ///
    /// What ails the store. Nothing is counted then.
    pub(crate) async fn sweep(&mut self, elapsed: Duration) -> Result<Report, Error> {
        self.shared.facts().sweep_begins();
        let mut report = Report::default();
        let mut next = Ledger::default();
        for (resource, rule) in RULES {
            self.resource(resource, *rule, elapsed, &mut next, &mut report)
                .await?;
        }
        self.shared.facts().sweep_ends();
        self.ledger = next;
        self.metrics.swept(&report.orphans, &report.missing);
        Ok(report)
    }

    async fn resource(
        &self,
        resource: &'static str,
        rule: Rule,
        elapsed: Duration,
        next: &mut Ledger,
        report: &mut Report,
    ) -> Result<(), Error> {
        let query = Query::new(Filter::all(resource), ROWS);
        let mut lister = Lister::start(Arc::clone(&self.store), query).await?;
        loop {
            let mut rows = Vec::with_capacity(ROWS);
            while rows.len() < ROWS
                && let Some(object) = lister.next().await?
            {
                rows.push(object.meta);
            }
            if rows.is_empty() {
                return Ok(());
            }
            let stale = self.judge(resource, rule, &rows, elapsed, next, report);
            self.delete_all(resource, stale, next, report).await?;
        }
    }

    /// Decides about some objects with the facts as they are now.
    fn judge(
        &self,
        resource: &'static str,
        rule: Rule,
        rows: &[Arc<Meta>],
        elapsed: Duration,
        next: &mut Ledger,
        report: &mut Report,
    ) -> Vec<(Arc<Meta>, Reason)> {
        let facts = self.shared.facts();
        let mut stale = Vec::new();
        for meta in rows {
            // Who holds it with a finalizer knows of its end.
            if meta.deleting.is_some() {
                continue;
            }
            let verdict = match Stored::read(meta) {
                Some(stored) => judge(rule, &stored, &facts),
                None => Verdict::Keep(Kept::Unreadable),
            };
            let uid = &meta.uid;
            match next.decide(&self.ledger, uid, &verdict, elapsed, &self.graces) {
                Action::Keep => {}
                Action::Unknown => report.unknown += 1,
                Action::Wait(left) => {
                    *report.orphans.entry(resource).or_default() += 1;
                    report.soonest = Some(report.soonest.map_or(left, |soonest| soonest.min(left)));
                }
                Action::Delete(why) => stale.push((Arc::clone(meta), why)),
            }
            if let Verdict::Unknown(kinds) = verdict {
                report.missing.extend(kinds);
            }
        }
        stale
    }

    async fn delete_all(
        &self,
        resource: &'static str,
        stale: Vec<(Arc<Meta>, Reason)>,
        next: &mut Ledger,
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut failed = None;
        for some in stale.chunks(AT_ONCE) {
            // At most AT_ONCE, so that all may run.
            let mut deletions = FuturesUnordered::new();
            for (meta, why) in some {
                deletions.push(async move { (meta, *why, self.delete(meta).await) });
            }
            while let Some((meta, why, done)) = deletions.next().await {
                match done {
                    Ok(()) => {
                        next.forget(&meta.uid);
                        *report.deleted.entry(why).or_default() += 1;
                        self.metrics.deleted(resource);
                        tracing::debug!(object = %meta.key, why = why.as_str(), "deleted");
                    }
                    // Changed or gone meanwhile: the next sweep looks again.
                    Err(Error::Conflict { .. } | Error::NotFound(_)) => {}
                    Err(error) => failed = Some(error),
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Deletes this version of this object, or marks it when a finalizer holds it.
    pub(crate) async fn delete(&self, meta: &Arc<Meta>) -> Result<(), Error> {
        let expect = Expect {
            resource_version: Some(meta.resource_version),
            uid: Some(meta.uid.clone()),
        };
        let change = match self.marked(meta).await? {
            Some(draft) => Change::Update(draft, expect),
            None => Change::Delete(meta.key.clone(), expect),
        };
        self.store.commit(vec![change]).await.map(|_| ())
    }

    /// The object with its time of deletion; `None` if nothing holds it.
    async fn marked(&self, meta: &Meta) -> Result<Option<Draft>, Error> {
        let resource = Resource::by_plural(&meta.key.resource);
        let (true, Some(resource)) = (meta.finalizers, resource) else {
            return Ok(None);
        };
        let body = match self.store.body(meta).await {
            Ok(body) => body,
            Err(Error::Compacted { .. }) => return Err(Error::NotFound(meta.key.clone())),
            Err(error) => return Err(error),
        };
        let mut object: Value = serde_json::from_slice(&body).map_err(|error| Error::Corrupt {
            detail: format!("{}: {error}", meta.key),
        })?;
        let now = crate::clock::now();
        let deletion = begin_delete(&mut object, &now, &DeleteOptions::default());
        let held = deletion != Deletion::Remove;
        Ok(held.then(|| crate::draft::draft(resource, &object)))
    }
}

/// Where the ledger is kept: in the store, but of no resource that is served.
const LEDGER: &str = "cleanup-ledger";

fn ledger_key() -> Key {
    Key::new(LEDGER, "", LEDGER)
}

impl Sweeper {
    /// Reads the ledger that was saved last, by whichever replica.
    ///
    /// # Errors
    ///
    /// What ails the store.
    pub(crate) async fn load(&mut self) -> Result<(), Error> {
        let body = self.store.get(&ledger_key()).await?;
        let body = body.and_then(|object| object.body).unwrap_or_default();
        self.ledger = if body.is_empty() {
            Ledger::default()
        } else {
            serde_json::from_slice(&body).unwrap_or_else(|error| {
                tracing::warn!(%error, "the ledger of the cleanup cannot be read: all graces start anew");
                Ledger::default()
            })
        };
        Ok(())
    }

    /// Whether anything is in the ledger.
    pub(crate) fn has_orphans(&self) -> bool {
        !self.ledger.is_empty()
    }

    /// Saves the ledger.
    ///
    /// # Errors
    ///
    /// What ails the store; nothing is lost then but time of grace.
    pub(crate) async fn save(&self) -> Result<(), Error> {
        let body = serde_json::to_vec(&self.ledger);
        let body = body.map_err(|error| Error::Internal(error.to_string()))?;
        let draft = Draft {
            key: ledger_key(),
            uid: LEDGER.to_owned(),
            labels: Labels::default(),
            created: 0,
            generation: 0,
            deleting: None,
            finalizers: false,
            metadata: "{}".to_owned(),
            columns: "{}".to_owned(),
            body: Bytes::from(body),
        };
        let update = Change::Update(draft.clone(), Expect::any());
        match self.store.commit(vec![update]).await {
            Err(Error::NotFound(_)) => {
                let create = Change::Create(draft);
                self.store.commit(vec![create]).await.map(|_| ())
            }
            other => other.map(|_| ()),
        }
    }
}
