//! The embedded engine: one SQLite file.
//!
//! One thread writes, sharing a sync among all that wait; a few connections read
//! beside it without blocking it. Facts about objects are in one table, bodies
//! compressed in another, so that lists never touch bodies.

mod apply;
mod backup;
mod check;
mod compact;
mod connection;
mod header;
mod open;
mod options;
mod read;
mod recover;
mod rows;
mod schema;
mod space;
mod tally;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use crossbeam_channel::Sender;
use tokio::sync::oneshot;

pub use backup::{backup_file, check_file, restore};
pub use options::SqliteOptions;
pub use recover::Recovery;

use crate::body;
use crate::change::Change;
use crate::error::Error;
use crate::event::Event;
use crate::gate::Gate;
use crate::hub::Hub;
use crate::key::Key;
use crate::limits::{Budgets, Usage};
use crate::object::{Meta, Object};
use crate::pin::{Pin, Pins};
use crate::prepare::{Preparer, blocking};
use crate::query::{Filter, Page, Query};
use crate::store::Store;
use crate::subscription::{History, Subscription};
use apply::LabelKeys;
use connection::Readers;
use open::beside;
use space::Space;
use writer::{Job, Report, Request, Shared, Writer};

/// A store in one file.
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    options: SqliteOptions,
    hub: Arc<Hub>,
    readers: Readers,
    shared: Shared,
    recovery: Option<Recovery>,
    queue: Queue,
    preparer: Preparer,
    pins: Pins,
}

/// The way to the writer.
struct Queue {
    sender: Mutex<Option<Sender<Request>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    gate: Gate,
}

impl SqliteStore {
    /// Opens or makes the database and starts its writer. Blocks: with a large
    /// damaged file for as long as it takes to copy it.
    ///
    /// A damaged file is put aside and what can be read of it is taken over;
    /// [`SqliteStore::recovery`] then says so.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`], [`Error::NewerSchema`], [`Error::Foreign`],
    /// [`Error::Unavailable`]: the file is then as it was.
    pub fn open(options: SqliteOptions) -> Result<Self, Error> {
        let opened = open::open(&options.path)?;
        let hub = Arc::new(Hub::new(opened.tally.rv, options.watch));
        let shared = Shared::default();
        let pins = Pins::default();
        pins.keep_after(opened.tally.compacted);
        shared.set_budgets(&options.budgets);
        let writer = Writer {
            db: opened.db,
            path: options.path.clone(),
            tally: opened.tally,
            keys: LabelKeys::default(),
            budgets: options.budgets.clone(),
            retention: options.retention,
            space: Space::new(&options),
            hub: Arc::clone(&hub),
            shared: shared.clone(),
            pins: pins.clone(),
            broken: None,
            trouble: None,
            _lock: opened.lock,
        };
        writer.publish_tally();
        let queue = Queue::start(writer, &options)?;
        Ok(Self {
            inner: Arc::new(Inner {
                readers: Readers::new(options.path.clone(), options.readers, options.patience),
                preparer: Preparer {
                    max_body: options.max_body,
                    hub: Arc::clone(&hub),
                },
                options,
                hub,
                shared,
                recovery: opened.recovery,
                queue,
                pins,
            }),
        })
    }

    /// What opening had to recover, if anything.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.inner.recovery.as_ref()
    }

    /// Writes a backup of this moment to a new file while the store works on.
    pub async fn backup(&self, to: impl Into<PathBuf>) -> Result<(), Error> {
        let to = to.into();
        self.inner.read(move |db| backup::backup(db, &to)).await
    }

    /// Changes the budgets from the next commit on.
    pub fn set_budgets(&self, budgets: Budgets) -> Result<(), Error> {
        self.inner.queue.send(Request::Budgets(budgets))
    }

    /// Ends the writer after what already waits, ends all watches, and puts the
    /// log into the file. Blocks until that is done: from asynchronous code use
    /// [`SqliteStore::shutdown`]. Dropping the store starts the same and does not
    /// wait, so that the file may stay in use for a moment.
    pub fn close(&self) {
        self.inner.end();
        self.inner.queue.join();
    }

    /// [`SqliteStore::close`] for asynchronous code.
    pub async fn shutdown(&self) {
        let inner = Arc::clone(&self.inner);
        inner.end();
        let _ = blocking(move || {
            inner.queue.join();
            Ok(())
        })
        .await;
    }
}

impl Queue {
    fn start(writer: Writer, options: &SqliteOptions) -> Result<Self, Error> {
        // The gate bounds what is in there; the channel needs no bound of its own.
        let (sender, requests) = crossbeam_channel::unbounded();
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer.run(&requests))
            .map_err(Error::unavailable)?;
        Ok(Self {
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            gate: Gate::new(options.queue, options.queue_bytes, options.patience),
        })
    }

    fn send(&self, request: Request) -> Result<(), Error> {
        self.sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .and_then(|sender| sender.send(request).ok())
            .ok_or(Error::Closed)
    }

    /// Lets the writer end after what waits already.
    fn end(&self) {
        drop(
            self.sender
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }

    /// Waits until it has ended.
    fn join(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Inner {
    /// A read; damage that it meets makes the next start look at the whole file.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut rusqlite::Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let result = self.readers.run(work).await;
        if let Err(error @ Error::Corrupt { .. }) = &result {
            self.shared.damaged(&self.options.path, error);
        }
        result
    }

    fn end(&self) {
        self.queue.end();
        self.readers.close();
    }
}

impl Drop for SqliteStore {
    /// Watches may still hold the inside.
    fn drop(&mut self) {
        self.inner.end();
    }
}

#[async_trait]
impl History for Inner {
    async fn events(
        &self,
        resource: &str,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Event>, u64), Error> {
        let resource = resource.to_owned();
        self.read(move |db| read::events(db, &resource, after, limit))
            .await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, changes: Vec<Change>) -> Result<Vec<Arc<Meta>>, Error> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let turn = self.inner.queue.gate.enter(&changes).await?;
        let changes = self.inner.preparer.all(changes).await?;
        let (reply, answer) = oneshot::channel();
        self.inner.queue.send(Request::Commit(Job {
            changes,
            reply,
            turn,
        }))?;
        answer.await.map_err(|_| Error::Closed)?
    }

    async fn metadata(&self, key: &Key) -> Result<Option<Arc<Meta>>, Error> {
        let key = key.clone();
        let found = self.inner.read(move |db| rows::current(db, &key)).await?;
        Ok(found.map(|version| Arc::new(version.meta)))
    }

    async fn get(&self, key: &Key) -> Result<Option<Object>, Error> {
        let key = key.clone();
        self.inner
            .read(move |db| {
                let Some((version, stored)) = read::object(db, &key)? else {
                    return Ok(None);
                };
                let body = body::decompress(&stored, version.meta.size)?;
                Ok(Some(Object {
                    meta: Arc::new(version.meta),
                    body: Some(body),
                }))
            })
            .await
    }

    async fn body(&self, meta: &Meta) -> Result<Bytes, Error> {
        let (row, size, wanted) = (meta.body, meta.size, meta.resource_version);
        self.inner
            .read(move |db| match rows::stored_body(db, row)? {
                Some(stored) => body::decompress(&stored, size),
                None => Err(Error::Compacted {
                    wanted,
                    oldest: schema::state(db, "compacted")?,
                }),
            })
            .await
    }

    async fn list(&self, query: &Query) -> Result<Page, Error> {
        let query = query.clone();
        let total = self.inner.shared.objects(&query.filter.resource);
        self.inner
            .read(move |db| read::page(db, &query, total))
            .await
    }

    async fn subscribe(&self, filter: Filter, after: u64) -> Result<Subscription, Error> {
        self.inner
            .read(move |db| {
                let current = schema::state(db, "rv")?;
                read::check_window(db, after, current)
            })
            .await?;
        let history: Arc<dyn History> = Arc::clone(&self.inner) as _;
        Ok(Subscription::new(
            Arc::clone(&self.inner.hub),
            history,
            filter,
            after,
        ))
    }

    async fn resource_version(&self) -> Result<u64, Error> {
        self.inner.read(|db| schema::state(db, "rv")).await
    }

    async fn pin(&self, version: u64, most: Duration) -> Result<Pin, Error> {
        self.inner.pins.hold(version, most)
    }

    async fn compact(&self, up_to: u64) -> Result<u64, Error> {
        let (reply, answer) = oneshot::channel();
        self.inner.queue.send(Request::Compact(up_to, reply))?;
        answer.await.map_err(|_| Error::Closed)?
    }

    async fn usage(&self) -> Result<Usage, Error> {
        let Report {
            tally,
            budgets,
            full,
            trouble,
            damage,
        } = self.inner.shared.get();
        let path = self.inner.options.path.clone();
        let (disk, reusable) = self
            .inner
            .read(move |db| Ok((files(&path), space::pages(db)?.1)))
            .await?;
        let mut resources = tally.usage;
        for (name, usage) in &mut resources {
            usage.budget = budgets.of(name);
        }
        Ok(Usage {
            resources,
            resource_version: tally.rv,
            compacted: tally.compacted,
            history_bytes: tally.history_bytes,
            disk_bytes: disk,
            reusable_bytes: reusable,
            volume_free_bytes: space::volume_free(&self.inner.options.path),
            watchers: self.inner.hub.watchers(),
            full,
            trouble: damage.or(trouble),
        })
    }

    async fn check(&self) -> Result<Vec<String>, Error> {
        self.inner.read(|db| check::full(db)).await
    }
}

/// Bytes of the database and its log.
fn files(path: &Path) -> u64 {
    ["", "-wal"]
        .iter()
        .filter_map(|suffix| std::fs::metadata(beside(path, suffix)).ok())
        .map(|m| m.len())
        .sum()
}
