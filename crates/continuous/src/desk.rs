//! What happens comes in, changed results go out. Pure: no I/O, clock or async.

mod about;

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use kubescape_collect::{Event, Kind, KindId, Kinds};
use kubescape_engine::{
    Arena, Gap, Object, Outcome, Plan, Put, Record, World, from_json_str, is_external_group,
};
use kubescape_posture::{Context, Key, ResultObject, Results, key};

/// The resource ID of an object of a kind.
fn id_of(kind: &Kind, namespace: &str, name: &str) -> String {
    let Kind {
        group,
        version,
        kind,
        ..
    } = kind;
    if is_external_group(group) {
        format!("{group}/{version}/{kind}/{name}")
    } else {
        format!("{group}/{version}/{namespace}/{kind}/{name}")
    }
}

pub use about::About;

/// Something that people should know, and that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which object or file, as far as that is known.
    pub about: String,
    /// What is wrong with it.
    pub message: String,
}

/// What a settling came to.
#[derive(Debug, Default)]
pub struct Turn {
    /// Numbers of records whose results are to be written, in any order.
    pub changed: Vec<u32>,
    /// Results that are to be deleted.
    pub gone: Vec<Key>,
}

/// All objects of a cluster, and where their results are stored.
pub struct Desk {
    world: World,
    context: Context,
    kinds: Kinds,
    lists: HashMap<KindId, ListState>,
    /// Where results are stored, by number of record.
    keys: HashMap<u32, Key>,
    /// Which record has the results that are stored there.
    owners: HashMap<Key, u32>,
    notices: Vec<Notice>,
}

#[derive(Default)]
struct ListState {
    /// Resource IDs of the objects that are in the world.
    ids: HashSet<Box<str>>,
    /// While the kind is listed again: what has been seen so far.
    seen: Option<HashSet<Box<str>>>,
    /// Resource IDs of objects that are judged through their owner, with that of the
    /// owner: about 150 bytes each.
    owned: HashMap<Box<str>, Box<str>>,
    gap: Option<Gap>,
}

/// More notices than these are dropped until somebody takes them.
const MOST_NOTICES: usize = 1_000;

impl Desk {
    /// A desk for this plan, whose target has to be known. Events will have numbers
    /// of `kinds`.
    pub fn new(plan: Plan, context: Context, kinds: Kinds) -> Self {
        Self {
            world: World::new(plan),
            context,
            kinds,
            lists: HashMap::new(),
            keys: HashMap::new(),
            owners: HashMap::new(),
            notices: Vec::new(),
        }
    }

    /// How many objects it has.
    pub fn len(&self) -> usize {
        self.world.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.world.is_empty()
    }

    /// Takes in what happened. Whether that may change a result.
    pub fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Listing { kind } => {
                self.list(kind).seen = Some(HashSet::new());
                false
            }
            Event::Put { kind, text } => self.put(kind, &text),
            Event::Same {
                kind,
                namespace,
                name,
            } => {
                let id = id_of(&self.kinds.get(kind), &namespace, &name);
                if let Some(seen) = &mut self.list(kind).seen {
                    seen.insert(id.into());
                }
                false
            }
            Event::Gone {
                kind,
                namespace,
                name,
            } => self.gone(kind, &namespace, &name),
            Event::Listed { kind } => self.listed(kind),
            Event::Gap { kind, gap } => {
                self.gap(kind, gap);
                true
            }
            Event::Problems { path, problems } => {
                for problem in problems {
                    self.notice(path.to_string(), problem.to_string());
                }
                false
            }
            Event::Synced => false,
        }
    }

    fn list(&mut self, kind: KindId) -> &mut ListState {
        self.lists.entry(kind).or_default()
    }

    /// What was not in the list is gone.
    fn listed(&mut self, kind: KindId) -> bool {
        let state = self.lists.entry(kind).or_default();
        let Some(seen) = state.seen.take() else {
            return false;
        };
        state.owned.retain(|id, _| seen.contains(id));
        let gone: Vec<_> = state.ids.difference(&seen).cloned().collect();
        let mut changed = false;
        for id in &gone {
            state.ids.remove(id);
            changed |= self.world.remove(id);
        }
        changed
    }

    /// What cannot be read or judged becomes a notice.
    fn put(&mut self, kind: KindId, text: &str) -> bool {
        let world = &mut self.world;
        // A panic in a check costs this object's news and nothing else.
        let attempt = catch_unwind(AssertUnwindSafe(|| take_in(world, text)));
        let (id, put) = match attempt {
            Ok(Ok(taken)) => taken,
            Ok(Err(message)) => {
                self.notice(format!("an object of {}", self.kinds.get(kind)), message);
                return false;
            }
            Err(_) => {
                let message =
                    "judging it failed inside the program, which is a bug; its last result stays";
                self.notice(describe(&self.kinds.get(kind), text), message.to_owned());
                return false;
            }
        };
        let state = self.list(kind);
        if let Some(seen) = &mut state.seen {
            seen.insert(id.clone());
        }
        match put {
            Taken::Put(Put::Unread) => false,
            Taken::Put(put) => {
                state.owned.remove(&id);
                state.ids.insert(id);
                put != Put::Same
            }
            Taken::Owned { owner, was_there } => {
                state.ids.remove(&id);
                state.owned.insert(id, owner);
                was_there
            }
        }
    }

    fn gone(&mut self, kind: KindId, namespace: &str, name: &str) -> bool {
        let id = id_of(&self.kinds.get(kind), namespace, name);
        let state = self.list(kind);
        state.ids.remove(&*id);
        state.owned.remove(&*id);
        if let Some(seen) = &mut state.seen {
            seen.remove(&*id);
        }
        self.world.remove(&id)
    }

    fn gap(&mut self, kind: KindId, gap: Option<Gap>) {
        self.list(kind).gap = gap;
        let mut gaps: Vec<_> = self.gaps().map(|(id, gap)| (id, gap.clone())).collect();
        gaps.sort_by_key(|(id, _)| *id);
        self.world
            .set_gaps(gaps.into_iter().map(|(_, gap)| gap).collect());
    }

    /// Works out what is due, and which results that changes.
    pub fn settle(&mut self) -> Turn {
        let changes = self.world.settle();
        let mut left: Vec<Key> = Vec::new();
        for number in changes.gone {
            if let Some(key) = self.keys.remove(&number)
                && self.owners.get(&key) == Some(&number)
            {
                self.owners.remove(&key);
                left.push(key);
            }
        }
        let outcome = self.world.records();
        let mut changed = Vec::with_capacity(changes.changed.len());
        let mut unnamed = Vec::new();
        for number in changes.changed {
            let record = &outcome.records[number as usize];
            match key(outcome, record, &self.context.namespace) {
                Ok(key) => {
                    self.owners.insert(key.clone(), number);
                    self.keys.insert(number, key);
                    changed.push(number);
                }
                Err(error) => unnamed.push((record.id.to_string(), error.to_string())),
            }
        }
        for (object, error) in unnamed {
            self.notice(object, format!("its result cannot be stored: {error}"));
        }
        // An object that was deleted and made again has its results at the same place.
        left.retain(|key| !self.owners.contains_key(key));
        Turn {
            changed,
            gone: left,
        }
    }

    /// Numbers of all records that have a result.
    pub fn all(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.keys.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// The results of these records, rendered now; records that are gone are
    /// passed over.
    pub fn results(&self, numbers: &[u32], now: &str) -> Vec<ResultObject> {
        let context = Context {
            now: now.to_owned(),
            ..self.context.clone()
        };
        let outcome = self.world.records();
        let mut results = Results::new(outcome, &context);
        let there = numbers
            .iter()
            .filter(|number| self.keys.contains_key(number));
        let records = there.map(|number| &outcome.records[*number as usize]);
        records
            .flat_map(|record| results.of(record).into_iter().flatten())
            .collect()
    }

    /// Where results of all resources are stored.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.owners.keys()
    }

    /// Which record has the results that are stored there.
    pub fn owner(&self, key: &Key) -> Option<u32> {
        self.owners.get(key).copied()
    }

    /// What cannot be read now.
    pub fn gaps(&self) -> impl Iterator<Item = (KindId, &Gap)> {
        let gaps = self.lists.iter();
        gaps.filter_map(|(kind, state)| Some((*kind, state.gap.as_ref()?)))
    }

    /// What the last settling came to, with all sums.
    pub fn outcome(&mut self) -> &Outcome {
        self.world.outcome()
    }

    /// What joins read of the objects of a kind, as JSON; of one namespace, or of
    /// all. `None` when not all of them are followed.
    pub fn kept<'d>(
        &'d self,
        group: &'d str,
        kind: &'d str,
        namespace: Option<&'d str>,
    ) -> Option<impl Iterator<Item = (&'d Record, &'d [u8])>> {
        let whole = self.lists.keys().any(|id| {
            let known = self.kinds.get(*id);
            *known.group == *group && *known.kind == *kind && known.only.is_empty()
        });
        whole.then(|| self.world.kept(group, kind, namespace))
    }

    /// What people should know since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    fn notice(&mut self, about: String, message: String) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(Notice { about, message });
        }
    }
}

enum Taken {
    Put(Put),
    /// It belongs to an object that is judged itself.
    Owned {
        /// The resource ID of that one.
        owner: Box<str>,
        /// Whether it was judged itself before.
        was_there: bool,
    },
}

fn take_in(world: &mut World, text: &str) -> Result<(Box<str>, Taken), String> {
    let arena = Arena::new();
    let value = from_json_str(text, &arena).map_err(|error| format!("it is no JSON: {error}"))?;
    let object = arena.alloc(Object::new(value, 0));
    if object.kind.is_empty() || object.name.is_empty() {
        return Err("it has no kind or no name".to_owned());
    }
    let id = object.resource_id().into_boxed_str();
    let taken = if object.is_owned() {
        Taken::Owned {
            owner: owner_of(object),
            was_there: world.remove(&id),
        }
    } else {
        Taken::Put(world.put(object, &arena))
    };
    Ok((id, taken))
}

/// The resource ID of the first owner, which is in the same namespace.
fn owner_of(object: &Object<'_>) -> Box<str> {
    let owners = object.metadata().at("ownerReferences").items();
    let text = |key| owners.first().map_or("", |owner| owner.at(key).str());
    let api_version = text("apiVersion");
    let slash = if api_version.contains('/') { "" } else { "/" };
    let (namespace, kind, name) = (object.namespace, text("kind"), text("name"));
    format!("{slash}{api_version}/{namespace}/{kind}/{name}").into()
}

/// Who an object is that could not be judged.
fn describe(kind: &Kind, text: &str) -> String {
    let arena = Arena::new();
    from_json_str(text, &arena).map_or_else(
        |_| kind.kind.to_string(),
        |value| Object::new(value, 0).resource_id(),
    )
}
