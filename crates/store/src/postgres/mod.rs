//! The shared engine: one schema of a PostgreSQL database, for any number of
//! replicas.
//!
//! The tables are those of the embedded engine. A commit locks the counter, so
//! that versions become visible in their order; each replica follows the log
//! for its watchers, woken by `NOTIFY`. No TLS yet: use a socket, or a network
//! that is private.

mod check;
mod compact;
mod follow;
mod group;
mod link;
mod options;
mod page;
mod plan;
mod read;
mod rows;
mod schema;
mod tls;
mod write;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

pub use options::PostgresOptions;

use crate::body;
use crate::change::Change;
use crate::error::Error;
use crate::event::Event;
use crate::gate::Gate;
use crate::hub::Hub;
use crate::key::Key;
use crate::limits::{Budgets, Usage};
use crate::object::{Meta, Object};
use crate::pin::Pin;
use crate::prepare::{Preparer, blocking};
use crate::query::{Filter, Page, Query};
use crate::store::Store;
use crate::subscription::{History, Subscription};
use follow::Follower;
use link::{Link, pg};
use write::{Job, Writer};

/// A store in a schema of a PostgreSQL database.
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    link: Arc<Link>,
    hub: Arc<Hub>,
    preparer: Preparer,
    gate: Gate,
    budgets: Arc<Mutex<Budgets>>,
    trouble: Arc<Mutex<Option<String>>>,
    jobs: Mutex<Option<mpsc::UnboundedSender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

impl PostgresStore {
    /// Connects, makes or updates the tables, and starts to follow the log.
    /// Belongs to the runtime that it is called on.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if there is no PostgreSQL or it may not be used
    /// so, [`Error::NewerSchema`].
    pub async fn open(options: PostgresOptions) -> Result<Self, Error> {
        let link = Arc::new(Link::new(&options)?);
        link.within(schema::migrate(&link)).await?;
        let state = link
            .within(async { schema::state(&link.client().await?).await })
            .await?;
        let hub = Arc::new(Hub::new(state.rv, options.watch));
        let kick = Arc::new(Notify::new());
        let budgets = Arc::new(Mutex::new(options.budgets.clone()));
        let trouble = Arc::default();
        let (sender, jobs) = mpsc::unbounded_channel();
        let writer = Writer {
            link: Arc::clone(&link),
            hub: Arc::clone(&hub),
            budgets: Arc::clone(&budgets),
            retention: options.retention,
            kick: Arc::clone(&kick),
            trouble: Arc::clone(&trouble),
            replaced: 0,
        };
        let follower = Follower {
            link: Arc::clone(&link),
            hub: Arc::clone(&hub),
            poll: options.poll,
            kick,
        };
        let inner = Inner {
            preparer: Preparer {
                max_body: options.max_body,
                hub: Arc::clone(&hub),
            },
            gate: Gate::new(options.queue, options.queue_bytes, options.patience),
            link,
            hub,
            budgets,
            trouble,
            jobs: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(tokio::spawn(writer.run(jobs)))),
            follower: Mutex::new(Some(tokio::spawn(follower.run()))),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Changes the budgets from the next commit of this replica on.
    pub fn set_budgets(&self, budgets: Budgets) {
        *lock(&self.inner.budgets) = budgets;
    }

    /// Ends all watches of this replica and waits until what was to be written
    /// is. Dropping the store starts the same and does not wait.
    pub async fn shutdown(&self) {
        self.inner.end();
        let writer = lock(&self.inner.writer).take();
        if let Some(writer) = writer {
            let _ = writer.await;
        }
        self.inner.link.close();
    }
}

fn lock<T>(slot: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    fn end(&self) {
        drop(lock(&self.jobs).take());
        if let Some(follower) = lock(&self.follower).take() {
            follower.abort();
        }
        self.hub.close();
    }

    /// One read on one connection.
    async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&deadpool_postgres::Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.link
            .within(async {
                let client = self.link.client().await?;
                work(&client).await
            })
            .await
    }
}

impl Drop for PostgresStore {
    /// Watches may still hold the inside.
    fn drop(&mut self) {
        self.inner.end();
    }
}

/// PostgreSQL's texts hold every character but one.
fn has_zero(change: &Change) -> bool {
    let texts = |key: &Key| [&key.resource, &key.namespace, &key.name].map(|t| t.contains('\0'));
    let in_key = texts(change.key()).contains(&true);
    match change {
        Change::Delete(..) => in_key,
        Change::Create(d) | Change::Update(d, _) => {
            in_key
                || [&d.uid, &d.metadata, &d.columns].map(|t| t.contains('\0')) != [false; 3]
                || d.labels
                    .iter()
                    .any(|(key, value)| key.contains('\0') || value.contains('\0'))
        }
    }
}

/// Small bodies are decompressed where they are, large ones elsewhere.
async fn decompress(stored: Vec<u8>, size: u64) -> Result<Bytes, Error> {
    if size <= body::SMALL as u64 {
        return body::decompress(&stored, size);
    }
    blocking(move || body::decompress(&stored, size)).await
}

#[async_trait]
impl History for Inner {
    async fn events(
        &self,
        resource: &str,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Event>, u64), Error> {
        self.read(async |client| read::events(client, resource, after, limit).await)
            .await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, changes: Vec<Change>) -> Result<Vec<Arc<Meta>>, Error> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(change) = changes.iter().find(|change| has_zero(change)) {
            return Err(Error::Internal(format!(
                "{} holds the character zero, which PostgreSQL cannot keep",
                change.key()
            )));
        }
        let turn = self.inner.gate.enter(&changes).await?;
        let changes = self.inner.preparer.all(changes).await?;
        let (reply, answer) = oneshot::channel();
        let job = Job {
            changes,
            reply,
            turn,
        };
        lock(&self.inner.jobs)
            .as_ref()
            .and_then(|jobs| jobs.send(job).ok())
            .ok_or(Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    async fn metadata(&self, key: &Key) -> Result<Option<Arc<Meta>>, Error> {
        let found = self
            .inner
            .read(async |client| rows::current(client, &[key]).await)
            .await?;
        Ok(found.into_iter().next().map(|v| Arc::new(v.meta)))
    }

    async fn get(&self, key: &Key) -> Result<Option<Object>, Error> {
        let found = self
            .inner
            .read(async |client| read::object(client, key).await)
            .await?;
        let Some((version, stored)) = found else {
            return Ok(None);
        };
        let body = decompress(stored, version.meta.size).await?;
        Ok(Some(Object {
            meta: Arc::new(version.meta),
            body: Some(body),
        }))
    }

    async fn body(&self, meta: &Meta) -> Result<Bytes, Error> {
        let stored = self
            .inner
            .read(
                async |client| match rows::stored_body(client, meta.body).await? {
                    Some(stored) => Ok(stored),
                    None => Err(Error::Compacted {
                        wanted: meta.resource_version,
                        oldest: schema::state(client).await?.compacted,
                    }),
                },
            )
            .await?;
        decompress(stored, meta.size).await
    }

    async fn list(&self, query: &Query) -> Result<Page, Error> {
        let link = &self.inner.link;
        link.within(page::page(link, query)).await
    }

    async fn subscribe(&self, filter: Filter, after: u64) -> Result<Subscription, Error> {
        self.inner
            .read(async |client| read::can_watch(client, after).await)
            .await?;
        let history: Arc<dyn History> = Arc::clone(&self.inner) as _;
        let hub = Arc::clone(&self.inner.hub);
        Ok(Subscription::new(hub, history, filter, after))
    }

    async fn resource_version(&self) -> Result<u64, Error> {
        self.inner
            .read(async |client| Ok(schema::state(client).await?.rv))
            .await
    }

    async fn pin(&self, version: u64, most: Duration) -> Result<Pin, Error> {
        let link = &self.inner.link;
        link.within(compact::pin(link, version, most)).await
    }

    async fn compact(&self, up_to: u64) -> Result<u64, Error> {
        // As long as it takes; each of its statements has its own timeout.
        compact::to(&self.inner.link, up_to).await
    }

    async fn usage(&self) -> Result<Usage, Error> {
        let budgets = lock(&self.inner.budgets).clone();
        let (state, resources, disk) = self
            .inner
            .read(async |client| {
                tokio::try_join!(schema::state(client), group::usage(client), disk(client))
            })
            .await?;
        let with_budget = |(name, mut usage): (String, crate::limits::ResourceUsage)| {
            usage.budget = budgets.of(&name);
            (name, usage)
        };
        Ok(Usage {
            resources: resources.into_iter().map(with_budget).collect(),
            resource_version: state.rv,
            compacted: state.compacted,
            history_bytes: state.history,
            disk_bytes: disk,
            reusable_bytes: 0,
            volume_free_bytes: None,
            watchers: self.inner.hub.watchers(),
            full: false,
            trouble: lock(&self.inner.trouble).clone(),
        })
    }

    async fn check(&self) -> Result<Vec<String>, Error> {
        check::full(&self.inner.link).await
    }
}

/// Bytes of all tables and indexes of the store.
async fn disk(client: &deadpool_postgres::Client) -> Result<u64, Error> {
    let row = client
        .query_one(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class \
             WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'",
            &[],
        )
        .await
        .map_err(pg)?;
    Ok(row.get::<_, i64>(0).max(0).unsigned_abs())
}
