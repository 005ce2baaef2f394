//! One kind: its list, and then its watch, again and again.

use std::io;
use std::sync::atomic::Ordering;

use kubescape_collect::{Event, Limits, strip};
use kubescape_engine::{Gap, Lack};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::backoff::between;
use super::frame::{self, Frame, Identity};
use super::known::Known;
use super::lines::{Line, Lines};
use super::outlet::Outlet;
use super::pace::{Pace, chance};
use super::reading::{Reading, Unread};
use super::stop::Ended;
use crate::caller::Stream;
use crate::requests::Requests;
use crate::trouble::Trouble;
use crate::wanted::List;

const OBJECTS: &str = "application/json";

/// Servers that do not know it send whole objects.
const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// Room in a line beside the object.
const ENVELOPE: usize = 1 << 10;

/// Follows one kind.
pub(crate) struct Follower {
    list: List,
    outlet: Outlet,
    pace: Pace,
    known: Known,
    /// Up to which everything has been told; empty when it has to be listed.
    version: String,
    /// Tries in a row that failed.
    failures: u32,
    /// Tries in a row that were refused for good.
    refusals: u32,
    /// Whether it could be read of late.
    readable: bool,
    /// Whether lists are allowed and watches are not.
    unwatched: bool,
    lists: u64,
    watches: u64,
    /// What was told to be missing.
    gap: Option<Gap>,
}

/// How a watch went that was open.
struct Open {
    since: Instant,
    /// Whether it lasted, or told anything.
    well: bool,
}

/// What can end an open watch before its time.
enum Cut {
    Ended,
    Trouble(Trouble),
}

impl From<Ended> for Cut {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl From<Trouble> for Cut {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Follower {
    /// `gap` is what was told to be missing already.
    pub(crate) fn new(list: List, outlet: Outlet, gap: Option<Gap>) -> Self {
        Self {
            pace: outlet.shared.pace,
            list,
            outlet,
            known: Known::default(),
            version: String::new(),
            failures: 0,
            refusals: 0,
            readable: false,
            unwatched: false,
            lists: 0,
            watches: 0,
            gap,
        }
    }

    /// Goes on until it is time to end.
    pub(crate) async fn run(mut self) -> Ended {
        loop {
            let done = if self.version.is_empty() {
                self.read_list().await
            } else {
                self.watch().await
            };
            let next = match done {
                Ok(()) => Ok(()),
                Err(Cut::Ended) => Err(Ended),
                Err(Cut::Trouble(trouble)) => self.failed(&trouble).await,
            };
            if next.is_err() {
                return Ended;
            }
        }
    }

    async fn read_list(&mut self) -> Result<(), Cut> {
        let shared = self.outlet.shared.clone();
        let stop = self.outlet.stop.clone();
        // Closed never.
        let _seat = stop.or(shared.lists.acquire()).await?;
        if self.lists > 0 {
            shared.counters.relists.fetch_add(1, Ordering::Relaxed);
        }
        self.lists += 1;
        let runtime = Handle::current();
        let requests = Requests::new(shared.caller.clone(), runtime.clone());
        let reading = Reading {
            requests: requests.ended_by(stop.clone()),
            runtime,
            list: self.list.clone(),
            outlet: self.outlet.clone(),
            known: std::mem::take(&mut self.known),
            limits: Limits {
                document_bytes: self.pace.object_bytes,
            },
        };
        let read = stop
            .or(tokio::task::spawn_blocking(|| reading.read()))
            .await?;
        // Nothing is known any more, so that all will be told again.
        let (known, version) =
            read.map_err(|_| Trouble::Broken("the list ended in a bug".to_owned()))?;
        self.known = known;
        self.version = version.map_err(|unread| match unread {
            Unread::Ended => Cut::Ended,
            Unread::Trouble(trouble) => Cut::Trouble(trouble),
        })?;
        self.outlet.mark.listed.store(true, Ordering::Relaxed);
        if !self.unwatched {
            self.readable = true;
            self.refusals = 0;
            self.tell_gap(self.gap_of_missing()).await?;
        }
        self.outlet.settle().await?;
        Ok(())
    }

    async fn watch(&mut self) -> Result<(), Cut> {
        let timeout = between(self.pace.watch.0, self.pace.watch.1, chance());
        let path = self.watch_path(timeout.as_secs().max(1));
        let accept = if self.list.metadata_only {
            METADATA
        } else {
            OBJECTS
        };
        let shared = self.outlet.shared.clone();
        let stop = self.outlet.stop.clone();
        if self.watches > 0 {
            let restarts = &shared.counters.watch_restarts;
            restarts.fetch_add(1, Ordering::Relaxed);
        }
        self.watches += 1;
        let mut stream = match stop.or(shared.caller.open(&path, accept)).await? {
            Ok(stream) => stream,
            Err(trouble) => {
                self.unwatched |= is_refusal(&trouble);
                return Err(trouble.into());
            }
        };
        let mut open = Open {
            since: Instant::now(),
            well: false,
        };
        let until = open.since + timeout + self.pace.grace;
        self.tell_all(&mut stream, &mut open, until).await?;
        if open.since.elapsed() >= self.pace.steady {
            return Ok(());
        }
        if !open.well {
            return Err(Trouble::Broken("the watch ended as soon as it began".to_owned()).into());
        }
        // Not a failure, but no reason to hurry either.
        let wait = self.pace.errors.after(1, None, chance());
        stop.or(sleep(wait)).await?;
        Ok(())
    }

    fn watch_path(&self, seconds: u64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("watch", "true");
        query.append_pair("allowWatchBookmarks", "true");
        query.append_pair("resourceVersion", &self.version);
        query.append_pair("timeoutSeconds", &seconds.to_string());
        if !self.list.field_selector.is_empty() {
            query.append_pair("fieldSelector", &self.list.field_selector);
        }
        format!("{}?{}", self.list.path(), query.finish())
    }

    /// Tells of all that comes, until the server ends the watch.
    async fn tell_all(
        &mut self,
        stream: &mut Stream,
        open: &mut Open,
        until: Instant,
    ) -> Result<(), Cut> {
        let stop = self.outlet.stop.clone();
        let mut lines = Lines::new(self.pace.object_bytes + ENVELOPE);
        self.outlet.mark.heard();
        loop {
            let mut wait = until.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Err(Trouble::Slow(open.since.elapsed()).into());
            }
            if !open.well {
                let steady = open.since + self.pace.steady;
                wait = wait.min(steady.saturating_duration_since(Instant::now()));
            }
            match stop.or(stream.next(wait)).await? {
                Ok(None) => return Ok(()),
                Ok(Some(bytes)) => lines.feed(bytes),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    if open.since.elapsed() >= self.pace.steady {
                        self.went_well(open).await?;
                    }
                    continue;
                }
                Err(error) => return Err(Trouble::Broken(error.to_string()).into()),
            }
            self.outlet.mark.heard();
            while let Some(line) = lines.next() {
                self.tell(&line, open).await?;
            }
        }
    }

    async fn tell(&mut self, line: &Line, open: &mut Open) -> Result<(), Cut> {
        let frame = frame::read(line)
            .map_err(|reason| Trouble::Broken(format!("a line of the watch: {reason}")))?;
        if let Frame::Error(code, message) = frame {
            let code =
                http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
            return Err(Trouble::of_status(code, message, None).into());
        }
        self.went_well(open).await?;
        let version = match frame {
            Frame::Put(identity, text) => {
                self.put(&identity, text).await?;
                identity.resource_version
            }
            Frame::Gone(identity) => {
                self.gone(&identity).await?;
                identity.resource_version
            }
            Frame::TooLong(identity) => {
                self.too_long(&identity, line.length).await?;
                identity.resource_version
            }
            Frame::Bookmark(version) => version,
            Frame::Error(..) => String::new(),
        };
        if !version.is_empty() {
            self.version = version;
        }
        Ok(())
    }

    async fn put(&mut self, identity: &Identity, text: &str) -> Result<(), Cut> {
        if !self.known.has(identity) {
            let resource = &self.list.resource;
            let text = strip(text, &resource.api_version(), &resource.kind)
                .map_err(|_| Trouble::Broken("an object of the watch is none".to_owned()))?;
            let event = Event::Put {
                kind: self.outlet.kind,
                text: text.into(),
            };
            self.outlet.send(event).await?;
            self.known.tell(identity);
        }
        if self.known.find(identity) {
            self.tell_gap(self.gap_of_missing()).await?;
        }
        Ok(())
    }

    async fn gone(&mut self, identity: &Identity) -> Result<(), Cut> {
        if self.known.forget(identity) {
            let event = Event::Gone {
                kind: self.outlet.kind,
                namespace: (*identity.namespace).into(),
                name: (*identity.name).into(),
            };
            self.outlet.send(event).await?;
        }
        if self.known.find(identity) {
            self.tell_gap(self.gap_of_missing()).await?;
        }
        Ok(())
    }

    /// What was known of the object is not true any more, and nothing else is.
    async fn too_long(&mut self, identity: &Identity, length: usize) -> Result<(), Cut> {
        let name = match (&*identity.namespace, &*identity.name) {
            (_, "") => "an object whose name comes late",
            ("", name) => name,
            (namespace, name) => &format!("{namespace}/{name}"),
        };
        let limit = self.pace.object_bytes;
        let reason = format!("{name} has {length} bytes, more than the {limit} that are read");
        self.gone(identity).await?;
        if self.known.miss(identity, &reason) {
            self.tell_gap(self.gap_of_missing()).await?;
        }
        Ok(())
    }

    async fn went_well(&mut self, open: &mut Open) -> Result<(), Ended> {
        if open.well {
            return Ok(());
        }
        open.well = true;
        self.failures = 0;
        self.readable = true;
        self.refusals = 0;
        self.unwatched = false;
        self.tell_gap(self.gap_of_missing()).await
    }

    fn gap_of_missing(&self) -> Option<Gap> {
        self.known.missing().map(|reason| self.list.gap(&reason))
    }

    /// Says what is missing, if that is news.
    async fn tell_gap(&mut self, gap: Option<Gap>) -> Result<(), Ended> {
        if gap == self.gap {
            return Ok(());
        }
        self.outlet.mark.gap.store(gap.is_some(), Ordering::Relaxed);
        self.gap.clone_from(&gap);
        let kind = self.outlet.kind;
        self.outlet.send(Event::Gap { kind, gap }).await
    }

    /// Waits before the next try, and says what is missing meanwhile if it has
    /// been so for a while, or will be.
    async fn failed(&mut self, trouble: &Trouble) -> Result<(), Ended> {
        self.failures = self.failures.saturating_add(1);
        // A server that has just started refuses until it knows all rules and kinds.
        let sudden = self.readable && self.failures < self.pace.refused_after;
        let refused = is_refusal(trouble) && !sudden;
        if refused || *trouble == Trouble::Expired {
            // After so long a wait, a list is better than what a server may remember.
            self.version.clear();
        }
        if *trouble == Trouble::Missing {
            self.outlet.shared.rediscover.notify_one();
        }
        if refused || !is_refusal(trouble) && self.failures >= self.pace.gap_after {
            self.readable = false;
            let mut gap = self.list.gap(&trouble.to_string());
            if *trouble == Trouble::Missing {
                gap.lack = Lack::Absent;
            }
            self.tell_gap(Some(gap)).await?;
            self.outlet.settle().await?;
        }
        let (waits, tries) = if refused {
            self.refusals = self.refusals.saturating_add(1);
            (self.pace.refusals, self.refusals)
        } else {
            (self.pace.errors, self.failures)
        };
        let wait = waits.after(tries, trouble.again(), chance());
        self.outlet.stop.or(sleep(wait)).await
    }
}

/// Whether somebody has to do something before another try may succeed.
fn is_refusal(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Missing | Trouble::Forbidden(_))
}
