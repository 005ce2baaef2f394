//! One list, page by page, with all that can go wrong on the way.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};

use kubescape_collect::{Code, Limits, ListEnd, Problem, RawDocument, Source, read_list, strip};
use kubescape_scan::Inlet;

use crate::requests::Requests;
use crate::trouble::Trouble;
use crate::wanted::List;

/// Items asked for at once: as kubectl and client-go.
const PAGE: usize = 500;

/// A list that expires again and again is asked for in one page after so many
/// attempts.
const PAGED_ATTEMPTS: u32 = 3;

/// Attempts altogether.
pub(crate) const ATTEMPTS: u32 = 5;

/// After so many lists without any sign of life, the server is not asked again.
const SILENT_LISTS: u32 = 2;

const OBJECTS: &str = "application/json";

/// Servers that do not know it send whole objects.
const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// What a list is asked for as.
pub(crate) fn accept(list: &List) -> &'static str {
    if list.metadata_only {
        METADATA
    } else {
        OBJECTS
    }
}

/// Whether the server still says anything, over all lists.
#[derive(Default)]
pub(crate) struct Pulse(AtomicU32);

impl Pulse {
    fn heard(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn silent(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn is_gone(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= SILENT_LISTS
    }
}

/// How a list ended.
pub(crate) struct Read {
    /// The attempt that counts.
    pub(crate) attempt: u32,
    /// Why it is not all of the list; `None` when it is.
    pub(crate) trouble: Option<Trouble>,
    /// What is the matter with single items; they are missing.
    pub(crate) problems: Vec<Problem>,
    /// Nobody wants more.
    pub(crate) stopped: bool,
}

/// Reads one list.
pub(crate) struct Pages<'s> {
    pub(crate) requests: &'s Requests,
    pub(crate) pulse: &'s Pulse,
    pub(crate) list: &'s List,
    pub(crate) source: &'s Source,
    pub(crate) limits: Limits,
    pub(crate) inlet: &'s mut Inlet,
    /// Hears the text of each object.
    pub(crate) each: &'s dyn Fn(&str),
}

/// Where reading stands.
#[derive(Default)]
struct Place {
    attempt: u32,
    /// Token of the page; empty for the first.
    token: String,
    /// Items of earlier pages.
    before: u32,
    /// Items of this page that were handed over.
    here: u32,
    /// Of the attempts before this one, that which came furthest, and how far.
    furthest: (u32, u32),
}

impl Place {
    /// Starts again with the first page.
    fn restart(&mut self) {
        *self = Self {
            attempt: self.attempt + 1,
            furthest: self.furthest(),
            ..Self::default()
        };
    }

    fn furthest(&self) -> (u32, u32) {
        let now = (self.attempt, self.before + self.here);
        if now.1 >= self.furthest.1 {
            now
        } else {
            self.furthest
        }
    }
}

impl Pages<'_> {
    pub(crate) fn read(mut self) -> Read {
        let mut place = Place::default();
        let mut problems = Vec::new();
        let mut failed = 0;
        let (trouble, stopped) = loop {
            if self.pulse.is_gone() {
                let gone = "it stopped answering while other lists were read";
                break (Some(Trouble::Unreachable(gone.to_owned())), false);
            }
            match self.page(&mut place, &mut problems) {
                Ok(None) => break (None, true),
                Ok(Some(end)) if end.next.is_empty() => break (None, false),
                Ok(Some(end)) => {
                    failed = 0;
                    place.token = end.next;
                    place.before += place.here;
                    place.here = 0;
                }
                Err(Trouble::Expired) if place.attempt + 1 < ATTEMPTS => {
                    place.restart();
                    problems.clear();
                }
                Err(trouble) if trouble.may_pass() && failed + 1 < self.requests.patience.tries => {
                    failed += 1;
                    // Without a token the next try sees another list.
                    if place.token.is_empty() && place.here > 0 {
                        place.restart();
                        problems.clear();
                    }
                    self.requests.wait(failed, &trouble);
                }
                Err(trouble) => break (Some(trouble), false),
            }
        };
        match &trouble {
            Some(trouble) if trouble.is_silence() => self.pulse.silent(),
            _ => self.pulse.heard(),
        }
        Read {
            attempt: match trouble {
                Some(_) => place.furthest().0,
                None => place.attempt,
            },
            trouble,
            problems,
            stopped,
        }
    }

    /// Reads a page, of which the first `place.here` items are known already;
    /// `None` when nobody wants more.
    fn page(
        &mut self,
        place: &mut Place,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<ListEnd>, Trouble> {
        let mut answer = self.requests.open(&self.path(place), accept(self.list))?;
        self.pulse.heard();
        let known = place.here;
        let mut number = 0;
        let mut stopped = false;
        let (inlet, list, each) = (&mut *self.inlet, self.list, self.each);
        let end = read_list(self.source, &mut answer, self.limits, &mut |item| {
            number += 1;
            if number <= known {
                return ControlFlow::Continue(());
            }
            place.here = number;
            let document = match item.and_then(|item| object(item, list, self.source)) {
                Ok(document) => document,
                Err(problem) => {
                    problems.push(problem);
                    return ControlFlow::Continue(());
                }
            };
            each(&document.text);
            let flow = inlet.put(Ok(RawDocument {
                index: place.attempt,
                item: Some(place.before + number - 1),
                ..document
            }));
            stopped = flow.is_break();
            flow
        });
        if stopped {
            return Ok(None);
        }
        // A broken answer ends early, and why it does says more than that it does.
        let end = end.or_else(|error| answer.finish().and(Err(error)));
        end.map(Some).map_err(|error| self.requests.trouble(&error))
    }

    fn path(&self, place: &Place) -> String {
        path(self.list, place.attempt, &place.token)
    }
}

/// What to ask for to get a page: the one behind a token, or the first.
pub(crate) fn path(list: &List, attempt: u32, token: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if attempt < PAGED_ATTEMPTS {
        query.append_pair("limit", &PAGE.to_string());
    }
    if !token.is_empty() {
        query.append_pair("continue", token);
    }
    if !list.field_selector.is_empty() {
        query.append_pair("fieldSelector", &list.field_selector);
    }
    format!("{}?{}", list.path(), query.finish())
}

/// An item of a list as a document of its own.
fn object(mut item: RawDocument, list: &List, source: &Source) -> Result<RawDocument, Problem> {
    let resource = &list.resource;
    match strip(&item.text, &resource.api_version(), &resource.kind) {
        Ok(text) => {
            item.text = text;
            item.inherited = None;
            Ok(item)
        }
        Err(error) => Err(Problem::new(
            Code::BadJson,
            &source.name,
            format!("an item is no object: {error}"),
        )),
    }
}
