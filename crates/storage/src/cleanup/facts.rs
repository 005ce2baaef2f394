//! What the cluster has: identifiers only, never objects. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use kubescape_names::InstanceId;

use super::kind::Kind;

/// Identifiers that went since the last sweep, of one kind. With more than that,
/// every absent one of the kind is taken for one that just went.
const MOST_RECENT: usize = 100_000;

/// One object of the cluster, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Names of its containers of all types.
    pub(crate) containers: Vec<String>,
    /// What it makes present besides itself.
    pub(crate) tokens: Vec<String>,
}

/// The token of an image: its digest where the identifier ends in one, because
/// container runtimes put different names before it.
pub(crate) fn image_token(image_id: &str) -> String {
    const DIGEST: &str = "sha256:";
    let digest = image_id.rfind(DIGEST).and_then(|at| image_id.get(at..));
    let whole = digest.filter(|digest| {
        let hex = digest.trim_start_matches(DIGEST);
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    format!("image/{}", whole.unwrap_or(image_id))
}

/// The token of a container (or, with `""`, of all) of what owns pods. No part
/// has a `/`.
pub(crate) fn instance_token(namespace: &str, kind: &str, name: &str, container: &str) -> String {
    let kind = kind.to_lowercase();
    format!("instance/{namespace}/{kind}/{name}/{container}")
}

/// The token of a revision of a pod template.
pub(crate) fn template_token(namespace: &str, hash: &str) -> String {
    format!("template/{namespace}/{hash}")
}

fn place(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

/// Whether something is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Present,
    /// Not now, but since the last sweep.
    JustGone,
    Absent,
    /// These kinds would have to be known to say.
    Unknown(BTreeSet<Kind>),
}

impl Presence {
    /// Of two that are both needed: what is unknown decides, then what is absent.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown(mut one), Self::Unknown(other)) => {
                one.extend(other);
                Self::Unknown(one)
            }
            (unknown @ Self::Unknown(_), _) | (_, unknown @ Self::Unknown(_)) => unknown,
            (Self::Absent, _) | (_, Self::Absent) => Self::Absent,
            (Self::JustGone, _) | (_, Self::JustGone) => Self::JustGone,
            (Self::Present, Self::Present) => Self::Present,
        }
    }
}

/// How much is known about a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody asks for it.
    #[default]
    Unfollowed,
    /// The first list, or one after a fault, is under way.
    Listing,
    /// Everything.
    Complete,
    /// It cannot be had, for that reason.
    Unavailable(String),
}

#[derive(Debug, Default)]
struct Watched {
    state: State,
    objects: HashMap<String, Seen>,
    /// Tokens and how many objects have them.
    tokens: HashMap<Arc<str>, u32>,
    /// Places and tokens that went since the last sweep, and in the one before
    /// while a sweep is under way.
    recent: [HashSet<Arc<str>>; 2],
    /// More went than are kept.
    overflow: [bool; 2],
}

#[derive(Debug)]
struct Seen {
    /// Joined by `/`.
    containers: Box<str>,
    tokens: Box<[Arc<str>]>,
}

impl Watched {
    fn hold(&mut self, token: &str) -> Arc<str> {
        let key = match self.tokens.get_key_value(token) {
            Some((key, _)) => Arc::clone(key),
            None => Arc::from(token),
        };
        *self.tokens.entry(Arc::clone(&key)).or_default() += 1;
        key
    }

    /// Whether a token went with it.
    fn release(&mut self, seen: &Seen) -> bool {
        let mut went = false;
        for token in &seen.tokens {
            let Some(count) = self.tokens.get_mut(token) else {
                continue;
            };
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.tokens.remove(token);
                self.remember(Arc::clone(token));
                went = true;
            }
        }
        went
    }

    fn remember(&mut self, what: Arc<str>) {
        if self.recent[0].len() < MOST_RECENT {
            self.recent[0].insert(what);
        } else {
            self.overflow[0] = true;
        }
    }

    fn went(&self, what: &str) -> bool {
        self.overflow.contains(&true) || self.recent.iter().any(|recent| recent.contains(what))
    }

    fn clear(&mut self) {
        let objects = std::mem::take(&mut self.objects);
        let tokens = std::mem::take(&mut self.tokens);
        let places = objects.into_keys().map(Arc::from);
        for what in places.chain(tokens.into_keys()) {
            self.remember(what);
        }
    }
}

/// What is known about the cluster.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    kinds: BTreeMap<Kind, Watched>,
}

impl Facts {
    fn of(&mut self, kind: Kind) -> &mut Watched {
        self.kinds.entry(kind).or_default()
    }

    /// A list of the whole kind begins.
    pub(crate) fn begin(&mut self, kind: Kind) {
        let watched = self.of(kind);
        // What is not listed again went.
        watched.clear();
        watched.state = State::Listing;
    }

    /// An object is there or has changed. Tells whether something went with
    /// that.
    pub(crate) fn see(&mut self, kind: Kind, sighting: &Sighting) -> bool {
        let watched = self.of(kind);
        // Before the old ones go, so that what stays never falls to nothing.
        let tokens = sighting.tokens.iter().map(|token| watched.hold(token));
        let seen = Seen {
            tokens: tokens.collect(),
            containers: sighting.containers.join("/").into(),
        };
        let place = place(&sighting.namespace, &sighting.name);
        let containers = seen.containers.clone();
        match watched.objects.insert(place, seen) {
            Some(old) => {
                let fewer = old.containers != containers;
                watched.release(&old) || fewer
            }
            None => false,
        }
    }

    /// An object is gone. Tells whether it was known.
    pub(crate) fn lose(&mut self, kind: Kind, namespace: &str, name: &str) -> bool {
        let watched = self.of(kind);
        let place = place(namespace, name);
        let Some(old) = watched.objects.remove(&place) else {
            return false;
        };
        watched.release(&old);
        watched.remember(place.into());
        true
    }

    /// The list is complete, and from now on what changes is told.
    pub(crate) fn complete(&mut self, kind: Kind) {
        self.of(kind).state = State::Complete;
    }

    /// Nothing new is heard any more.
    pub(crate) fn unavailable(&mut self, kind: Kind, why: String) {
        self.of(kind).state = State::Unavailable(why);
    }

    /// Forgets everything: nobody follows anything any more.
    pub(crate) fn reset(&mut self) {
        self.kinds.clear();
    }

    pub(crate) fn state(&self, kind: Kind) -> &State {
        static NOTHING: State = State::Unfollowed;
        self.kinds.get(&kind).map_or(&NOTHING, |one| &one.state)
    }

    /// A sweep begins: what goes from now on matters to the next.
    pub(crate) fn sweep_begins(&mut self) {
        for watched in self.kinds.values_mut() {
            // After a sweep that failed, what was left stays.
            let recent = std::mem::take(&mut watched.recent[0]);
            watched.recent[1].extend(recent);
            watched.overflow[1] |= std::mem::take(&mut watched.overflow[0]);
            if watched.recent[1].len() > MOST_RECENT {
                watched.recent[1] = HashSet::new();
                watched.overflow[1] = true;
            }
        }
    }

    /// A sweep has seen everything.
    pub(crate) fn sweep_ends(&mut self) {
        for watched in self.kinds.values_mut() {
            watched.recent[1] = HashSet::new();
            watched.overflow[1] = false;
        }
    }

    /// Whether an object is there, and with it, unless `""`, a container.
    pub(crate) fn object(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
        container: &str,
    ) -> Presence {
        let place = place(namespace, name);
        let watched = self.kinds.get(&kind);
        let seen = watched.and_then(|watched| watched.objects.get(&place));
        if seen.is_some_and(|seen| {
            container.is_empty() || seen.containers.split('/').any(|one| one == container)
        }) {
            return Presence::Present;
        }
        self.without(&[kind], &place)
    }

    /// Whether a pod has that image.
    pub(crate) fn image(&self, image_id: &str) -> Presence {
        self.token(&[Kind::Pod], &image_token(image_id))
    }

    /// Whether pods of that instance are there.
    pub(crate) fn instance(&self, id: &InstanceId) -> Presence {
        let container = id.container().map_or("", |one| &one.name);
        let (namespace, name) = (id.namespace(), id.name());
        if id.kind().eq_ignore_ascii_case("pod") {
            return self.object(Kind::Pod, namespace, name, container);
        }
        let token = instance_token(namespace, id.kind(), name, container);
        self.token(&[Kind::Pod], &token)
    }

    /// Whether pods of that revision of a template are there, or could be again:
    /// a ReplicaSet that is scaled to zero keeps its revision.
    pub(crate) fn template(&self, namespace: &str, hash: &str) -> Presence {
        self.token(&Kind::WITH_TEMPLATE, &template_token(namespace, hash))
    }

    fn token(&self, kinds: &[Kind], token: &str) -> Presence {
        let mut watched = kinds.iter().filter_map(|kind| self.kinds.get(kind));
        if watched.any(|watched| watched.tokens.contains_key(token)) {
            return Presence::Present;
        }
        self.without(kinds, token)
    }

    /// What it means that none of these kinds has it.
    fn without(&self, kinds: &[Kind], what: &str) -> Presence {
        let missing = kinds
            .iter()
            .filter(|kind| *self.state(**kind) != State::Complete);
        let missing: BTreeSet<_> = missing.copied().collect();
        if !missing.is_empty() {
            return Presence::Unknown(missing);
        }
        let mut watched = kinds.iter().filter_map(|kind| self.kinds.get(kind));
        if watched.any(|watched| watched.went(what)) {
            Presence::JustGone
        } else {
            Presence::Absent
        }
    }
}
