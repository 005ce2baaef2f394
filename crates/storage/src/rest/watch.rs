//! WATCH: the present objects if wanted, then every event, each once.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use kubescape_api::API_VERSION;
use kubescape_apimachinery::negotiate::{Shape, Target};
use kubescape_apimachinery::options::ListOptions;
use kubescape_apimachinery::render::{
    EventType, begin_event, bookmark_object, end_event, error_event, event, table_bookmark_object,
    table_event_object,
};
use kubescape_apimachinery::{Failure, FieldSelector};
use kubescape_runtime::Shutdown;
use kubescape_runtime::serve::Body;
use kubescape_store::{At, Error, Event, EventKind, Filter, Meta, Subscription};
use tokio::time::Instant;

use super::allowance::Allowance;
use super::call::Call;
use super::list::{body_size, filter, lane, view_of_many};
use super::pages::Pages;
use super::render::{View, damaged};
use crate::lanes::{Lane, Turn};
use crate::respond;
use crate::stream::{self, Sender};

/// Pieces of events that are sent at once while more are at hand.
const CHUNK: usize = 32 << 10;

pub(super) async fn watch(call: &Call) -> Result<Response<Body>, Failure> {
    let options = ListOptions::parse(&call.query)?;
    let representation = call.accepted(Target::Watch)?;
    let view = view_of_many(call, representation, &options)?;
    let turn = call.enter(Lane::Watch).await?;
    let initial = options.send_initial_events.unwrap_or(false);
    if let Some(version) = options
        .resource_version
        .filter(|version| initial && *version > 0)
    {
        call.reached(version).await?;
    }
    // The present objects are a list.
    let beginning = if initial {
        Some(call.enter(lane(&view)).await?)
    } else {
        None
    };
    let (sender, body) = stream::channel(call.server.settings.patience);
    let watcher = Watcher {
        store: call.store().clone(),
        view,
        filter: filter(call, &options),
        fields: options.field_selector.clone(),
        bookmarks: options.allow_watch_bookmarks,
        pause: call.server.settings.bookmarks,
        columns_sent: false,
        until: Instant::now() + lifetime(call, &options),
        shutdown: call.server.shutdown.clone(),
        sender,
        out: Vec::new(),
        metrics: call.server.metrics.clone(),
        allowance: Allowance::new(call),
        beginning,
        _turn: turn,
    };
    let from = match (initial, options.resource_version) {
        (true, _) | (false, None | Some(0)) => None,
        (false, Some(version)) => Some(version),
    };
    tokio::spawn(watcher.run(from, initial));
    let mut response = respond::body_of(200, representation.content_type(), body);
    // The client is to know at once that it watches.
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    Ok(response)
}

/// How long the watch lasts: as asked for, else half an hour to an hour, so that
/// clients come back at different times.
fn lifetime(call: &Call, options: &ListOptions) -> Duration {
    let least = call.server.settings.watch_lifetime;
    match options.timeout_seconds {
        Some(seconds) if seconds > 0 => Duration::from_secs(seconds.min(86_400)),
        _ => least.mul_f64(1.0 + crate::clock::fraction()),
    }
}

struct Watcher {
    store: std::sync::Arc<dyn kubescape_store::Store>,
    view: View,
    filter: Filter,
    fields: FieldSelector,
    bookmarks: bool,
    /// Between bookmarks.
    pause: Duration,
    /// Tables name their columns in the first event only.
    columns_sent: bool,
    until: Instant,
    shutdown: Shutdown,
    sender: Sender,
    /// Events that wait to be sent together.
    out: Vec<u8>,
    metrics: crate::metrics::Metrics,
    allowance: Allowance,
    /// While the present objects are sent.
    beginning: Option<Turn>,
    _turn: Turn,
}

/// Why a watch ends.
enum End {
    /// The client went away, its time is over, or we stop.
    Quiet,
    /// With a word to the client.
    Failure(Failure),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::Closed => Self::Quiet,
            // A version of the future comes from a store that was restored: to
            // list again helps, to wait does not.
            Error::FutureVersion { .. } => Self::Failure(respond::expired()),
            other => Self::Failure(respond::of_store(&other, "", "")),
        }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Watcher {
    async fn run(mut self, from: Option<u64>, initial: bool) {
        let end = match self.stages(from, initial).await {
            Ok(()) => return,
            Err(end) => end,
        };
        if let End::Failure(failure) = end {
            self.metrics.watch_ended(failure.reason.as_str());
            error_event(&failure, &mut self.out);
        }
        self.flush().await.ok();
    }

    async fn stages(&mut self, from: Option<u64>, initial: bool) -> Result<(), End> {
        let from = match from {
            Some(version) => version,
            None if initial => self.present().await?,
            None => self.store.resource_version().await?,
        };
        let mut subscription = self.store.subscribe(self.filter.clone(), from).await?;
        let mut bookmark = Instant::now() + self.pause;
        loop {
            while let Some(event) = subscription.try_next().await? {
                self.event(&event).await?;
                if self.out.len() >= CHUNK {
                    self.flush().await?;
                }
            }
            self.flush().await?;
            if let Some(event) = self.wait(&mut subscription, bookmark).await? {
                self.event(&event).await?;
            } else {
                self.bookmark(subscription.position(), false);
                bookmark = Instant::now() + self.pause;
            }
        }
    }

    /// The next event, or `None` when it is time for a bookmark.
    async fn wait(
        &mut self,
        subscription: &mut Subscription,
        bookmark: Instant,
    ) -> Result<Option<Event>, End> {
        tokio::select! {
            event = subscription.next() => Ok(Some(event?)),
            () = tokio::time::sleep_until(bookmark) => Ok(None),
            () = tokio::time::sleep_until(self.until) => {
                self.bookmark(subscription.position(), false);
                Err(End::Quiet)
            }
            () = self.shutdown.requested() => Err(End::Quiet),
            () = self.sender.closed() => Err(End::Quiet),
        }
    }

    /// Sends the present objects as additions, and what marks their end.
    async fn present(&mut self) -> Result<u64, End> {
        let mut pages = Pages::start(
            self.store.clone(),
            self.filter.clone(),
            At::Now,
            self.view.wants_bodies(),
            self.fields.clone(),
            0,
        )
        .await?;
        while let Some(object) = pages.next().await? {
            self.allowance.pass(body_size(&object)).await?;
            self.show(EventType::Added, &object.meta, object.body.as_deref())?;
            if self.out.len() >= CHUNK {
                self.flush().await?;
            }
        }
        let version = pages.resource_version();
        self.bookmark(version, true);
        self.flush().await?;
        self.beginning = None;
        Ok(version)
    }

    async fn event(&mut self, event: &Event) -> Result<(), End> {
        let meta = &event.object;
        if !self.fields.matches(&meta.key.namespace, &meta.key.name) {
            return Ok(());
        }
        let kind = match event.kind {
            EventKind::Added => EventType::Added,
            EventKind::Modified => EventType::Modified,
            EventKind::Deleted => EventType::Deleted,
        };
        let body: Option<Bytes> = match &event.body {
            _ if !self.view.wants_bodies() => None,
            Some(body) => Some(body.clone()),
            None => {
                self.allowance.pass(meta.size).await?;
                Some(self.store.body(meta).await?)
            }
        };
        self.show(kind, meta, body.as_deref())?;
        self.metrics.watch_event();
        Ok(())
    }

    fn show(&mut self, kind: EventType, meta: &Meta, body: Option<&[u8]>) -> Result<(), Failure> {
        if let Shape::Table { beta } = self.view.shape {
            let columns = self.columns();
            let include = self.view.include;
            let table = self.view.with_row(meta, body, |row| {
                table_event_object(columns.as_deref(), include, beta, row)
            });
            event(kind, &table.ok_or_else(|| damaged(meta))?, &mut self.out);
            return Ok(());
        }
        begin_event(kind, &mut self.out);
        self.view.object(meta, body, &mut self.out)?;
        end_event(&mut self.out);
        Ok(())
    }

    /// The columns, once.
    fn columns(&mut self) -> Option<Vec<serde_json::Value>> {
        let first = !std::mem::replace(&mut self.columns_sent, true);
        first.then(|| self.view.resource.column_definitions())
    }

    fn bookmark(&mut self, version: u64, initial_end: bool) {
        if !self.bookmarks {
            return;
        }
        let object = match self.view.shape {
            Shape::Whole => {
                bookmark_object(API_VERSION, self.view.resource.kind, version, initial_end)
            }
            Shape::Metadata { beta } => {
                let version_of_meta = if beta {
                    "meta.k8s.io/v1beta1"
                } else {
                    "meta.k8s.io/v1"
                };
                bookmark_object(
                    version_of_meta,
                    "PartialObjectMetadata",
                    version,
                    initial_end,
                )
            }
            Shape::Table { beta } => {
                let columns = self.columns();
                let shown = self.view.resource.column_definitions().len();
                let cells = vec![serde_json::Value::Null; shown];
                table_bookmark_object(columns.as_deref(), beta, &cells, version, initial_end)
            }
        };
        event(EventType::Bookmark, &object, &mut self.out);
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.out.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.out);
        if self.sender.send(piece).await {
            self.allowance.sent();
            Ok(())
        } else {
            Err(End::Quiet)
        }
    }
}
