//! The list of one kind, page by page, told as events.
//!
//! Runs on a thread that may wait: the cutter of items reads as threads do.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use kubescape_collect::{
    Event, Input, Limits, ListEnd, Problem, RawDocument, Source, read_list, strip,
};
use tokio::runtime::Handle;

use super::frame::{self, Identity};
use super::known::Known;
use super::outlet::Outlet;
use super::stop::Ended;
use crate::pages::{ATTEMPTS, accept, path};
use crate::requests::Requests;
use crate::trouble::Trouble;
use crate::wanted::List;

/// A page that was not read is asked for so often.
const TRIES: u32 = 3;

/// Why a list was not read.
pub(crate) enum Unread {
    Ended,
    Trouble(Trouble),
}

impl From<Ended> for Unread {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl From<Trouble> for Unread {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Reads a list.
pub(crate) struct Reading {
    pub(crate) requests: Requests,
    pub(crate) runtime: Handle,
    pub(crate) list: List,
    pub(crate) outlet: Outlet,
    pub(crate) known: Known,
    pub(crate) limits: Limits,
}

impl Reading {
    /// Reads it and tells of it; the version that it shows.
    pub(crate) fn read(mut self) -> (Known, Result<String, Unread>) {
        let mut attempt = 0;
        loop {
            match self.attempt(attempt) {
                Err(Unread::Trouble(Trouble::Expired)) if attempt + 1 < ATTEMPTS => attempt += 1,
                end => return (self.known, end),
            }
        }
    }

    fn attempt(&mut self, attempt: u32) -> Result<String, Unread> {
        let kind = self.outlet.kind;
        self.known.begin_list();
        self.outlet.mark.objects.store(0, Ordering::Relaxed);
        self.send(Event::Listing { kind })?;
        let mut token = String::new();
        let mut failed = 0;
        let version = loop {
            match self.page(&path(&self.list, attempt, &token)) {
                Ok(end) if end.next.is_empty() => break end.resource_version,
                Ok(end) => {
                    failed = 0;
                    token = end.next;
                }
                // The same page again: what was told of it is told to be the same.
                // Without a token it would be another list.
                Err(Unread::Trouble(trouble))
                    if trouble.may_pass() && !token.is_empty() && failed + 1 < TRIES =>
                {
                    failed += 1;
                    self.requests.wait(failed, &trouble);
                }
                Err(unread) => return Err(unread),
            }
            self.outlet.mark.heard();
        };
        if version.is_empty() {
            return Err(Trouble::Broken("the list has no version".to_owned()).into());
        }
        self.known.end_list();
        self.outlet.mark.heard();
        self.send(Event::Listed { kind })?;
        Ok(version)
    }

    fn page(&mut self, path: &str) -> Result<ListEnd, Unread> {
        let requests = self.requests.clone();
        let mut answer = requests.open(path, accept(&self.list))?;
        let source = Source {
            index: 0,
            name: self.list.path(),
            input: Input::Cluster,
            explicit: false,
        };
        let mut ended = false;
        let mut before = String::new();
        let limits = self.limits;
        let end = read_list(&source, &mut answer, limits, &mut |item| {
            if self.item(item, &mut before).is_ok() {
                return ControlFlow::Continue(());
            }
            ended = true;
            ControlFlow::Break(())
        });
        if ended || self.outlet.stop.is_asked() {
            return Err(Unread::Ended);
        }
        // A broken answer ends early, and why it does says more than that it does.
        let end = end.or_else(|error| answer.finish().and(Err(error)));
        Ok(end.map_err(|error| requests.trouble(&error))?)
    }

    /// Tells of one item; `before` names the one before it.
    fn item(
        &mut self,
        item: Result<RawDocument, Problem>,
        before: &mut String,
    ) -> Result<(), Ended> {
        let object = item.map_err(|problem| problem.message);
        let (identity, text) = match object.and_then(|item| self.object(&item.text)) {
            Ok(object) => object,
            Err(reason) => {
                self.miss(before, &reason);
                return Ok(());
            }
        };
        *before = format!("{}/{}", identity.namespace, identity.name);
        self.outlet.mark.objects.fetch_add(1, Ordering::Relaxed);
        let kind = self.outlet.kind;
        let event = if self.known.has(&identity) {
            Event::Same {
                kind,
                namespace: (*identity.namespace).into(),
                name: (*identity.name).into(),
            }
        } else {
            Event::Put {
                kind,
                text: text.into(),
            }
        };
        self.send(event)?;
        self.known.tell(&identity);
        Ok(())
    }

    fn object(&self, text: &str) -> Result<(Identity, String), String> {
        let resource = &self.list.resource;
        let identity = frame::named(text)?;
        let text = strip(text, &resource.api_version(), &resource.kind)
            .map_err(|_| "it is no object".to_owned())?;
        Ok((identity, text))
    }

    /// An item that cannot be read: nobody knows its name, but lists are in order.
    fn miss(&mut self, before: &str, reason: &str) {
        let place = match before.trim_start_matches('/') {
            "" => "the first object of a page".to_owned(),
            before => format!("the object after {before}"),
        };
        let nobody = Identity {
            // No name has a blank.
            name: place.clone(),
            ..Identity::default()
        };
        self.known.miss(&nobody, &format!("{place}: {reason}"));
    }

    fn send(&self, event: Event) -> Result<(), Ended> {
        self.runtime.block_on(self.outlet.send(event))
    }
}
