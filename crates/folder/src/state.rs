//! What is known of the folder, and what a look at it changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kubescape_collect::{Code, Event, Kind, KindId, Kinds, Problem, Source};

use crate::Folder;
use crate::file::{self, File, Key, Object};
use crate::walk::{Stamp, Walk, walk};

/// What is known of a file.
struct Known {
    stamp: Option<Stamp>,
    /// Its objects, of when all of it could be read last.
    objects: BTreeSet<Key>,
    problems: Vec<Problem>,
}

/// What is known of the folder: an index, no contents.
pub(crate) struct State {
    folder: Folder,
    kinds: Kinds,
    ids: HashMap<[Box<str>; 3], KindId>,
    files: BTreeMap<String, Known>,
    /// The files that have an object; the first of them counts.
    owners: HashMap<Key, BTreeSet<String>>,
    /// What was told: the kind, and a hash of the text.
    told: HashMap<Key, (KindId, u64)>,
    told_problems: BTreeMap<String, Vec<Problem>>,
    /// Whether the first look is over.
    begun: bool,
}

/// Takes events; `false` when nobody wants more.
type Tell<'t> = &'t mut dyn FnMut(Event) -> bool;

impl State {
    pub(crate) fn new(folder: Folder, kinds: Kinds) -> Self {
        Self {
            folder,
            kinds,
            ids: HashMap::new(),
            files: BTreeMap::new(),
            owners: HashMap::new(),
            told: HashMap::new(),
            told_problems: BTreeMap::new(),
            begun: false,
        }
    }

    /// Whether a file was looked at so early that it has to be read once more.
    pub(crate) fn is_young(&self) -> bool {
        let mut stamps = self.files.values().filter_map(|known| known.stamp);
        stamps.any(|stamp| stamp.young)
    }

    /// Looks at the folder and tells what has changed.
    pub(crate) fn look(&mut self, tell: Tell<'_>) {
        let walk = walk(&self.folder.path, self.folder.files);
        for (name, source) in &walk.files {
            self.look_at(name, source, tell);
        }
        // Last, so that a file that was renamed is one that has not changed.
        let mut heirs = BTreeSet::new();
        for name in self.gone(&walk) {
            self.files.remove(&name).into_iter().for_each(|known| {
                for key in known.objects {
                    self.disown(&name, &key, &mut heirs, tell);
                }
            });
        }
        self.inherit(&walk, &heirs, tell);
        self.tell_problems(&walk, tell);
        if !self.begun {
            self.begun = true;
            for kind in self.ids.values().copied().collect::<BTreeSet<_>>() {
                tell(Event::Listed { kind });
            }
            tell(Event::Synced);
        }
    }

    /// Files that are gone. What cannot be looked into may still have its own.
    fn gone(&self, walk: &Walk) -> Vec<String> {
        if !self.folder.path.is_dir() {
            return Vec::new();
        }
        let unreadable = |problem: &&Problem| problem.code == Code::Unreadable;
        let unreadable: Vec<_> = walk.problems.iter().filter(unreadable).collect();
        let hidden = |name: &str| {
            let inside = |path: &str| {
                name.strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('/'))
            };
            unreadable.iter().any(|problem| inside(&problem.path))
        };
        let names = self.files.keys();
        names
            .filter(|name| !walk.files.contains_key(*name) && !hidden(name))
            .cloned()
            .collect()
    }

    /// Reads a file if it is another than before.
    fn look_at(&mut self, name: &str, source: &Source, tell: Tell<'_>) {
        let kubescape_collect::Input::File(path) = &source.input else {
            return;
        };
        // Before it is read: what changes meanwhile is seen at the next look.
        let stamp = Stamp::of(path);
        let known = self.files.get_mut(name);
        if let Some(known) = known {
            let same = known
                .stamp
                .zip(stamp)
                .is_some_and(|(before, now)| !now.is_other(&before));
            let begun = !known.objects.is_empty() && stamp.is_some_and(|stamp| stamp.is_begun());
            if same {
                return;
            }
            known.stamp = stamp;
            if begun {
                return;
            }
        }
        let file = file::read(source, self.folder.limits);
        let whole = file.is_whole();
        let known = self.files.entry(name.to_owned()).or_insert(Known {
            stamp,
            objects: BTreeSet::new(),
            problems: Vec::new(),
        });
        known.problems.clone_from(&file.problems);
        // What it held when all of it could be read is the best that is known.
        if whole || known.objects.is_empty() {
            self.replace(name, file, tell);
        }
    }

    /// Tells of a file's objects, and of those that it does not have any more.
    fn replace(&mut self, name: &str, file: File, tell: Tell<'_>) {
        let now: BTreeSet<Key> = file
            .objects
            .iter()
            .map(|object| object.key.clone())
            .collect();
        let Some(known) = self.files.get_mut(name) else {
            return;
        };
        let before = std::mem::replace(&mut known.objects, now);
        let mut lost: Vec<Key> = Vec::new();
        for key in before {
            if !known.objects.contains(&key) {
                lost.push(key);
            }
        }
        for object in file.objects {
            let owners = self.owners.entry(object.key.clone()).or_default();
            owners.insert(name.to_owned());
            if owners.first().is_some_and(|first| first == name) {
                self.put(object, tell);
            }
        }
        let mut heirs = BTreeSet::new();
        for key in lost {
            self.disown(name, &key, &mut heirs, tell);
        }
        if !heirs.is_empty() {
            let walk = walk(&self.folder.path, self.folder.files);
            self.inherit(&walk, &heirs, tell);
        }
    }

    /// A file does not have an object any more. If another has it, that counts
    /// from now on; it has to be read for it.
    fn disown(&mut self, name: &str, key: &Key, heirs: &mut BTreeSet<String>, tell: Tell<'_>) {
        let Some(owners) = self.owners.get_mut(key) else {
            return;
        };
        let counted = owners.first().is_some_and(|first| first == name);
        owners.remove(name);
        match owners.first() {
            Some(heir) if counted => {
                heirs.insert(heir.clone());
            }
            Some(_) => {}
            None => {
                self.owners.remove(key);
                self.forget(key, tell);
            }
        }
    }

    /// Reads files again whose objects count now.
    fn inherit(&mut self, walk: &Walk, heirs: &BTreeSet<String>, tell: Tell<'_>) {
        for name in heirs {
            let file = walk
                .files
                .get(name)
                .map(|source| file::read(source, self.folder.limits));
            let mut objects: BTreeMap<Key, Object> = BTreeMap::new();
            for object in file.unwrap_or_default().objects {
                objects.insert(object.key.clone(), object);
            }
            let keys = self.files.get(name).map(|known| known.objects.clone());
            for key in keys.unwrap_or_default() {
                let first = self.owners.get(&key).and_then(|owners| owners.first());
                if first != Some(name) {
                    continue;
                }
                match objects.remove(&key) {
                    Some(object) => self.put(object, tell),
                    // Broken of late: nobody can say what it is.
                    None => self.forget(&key, tell),
                }
            }
        }
    }

    fn put(&mut self, object: Object, tell: Tell<'_>) {
        let Object {
            key,
            kind,
            text,
            hash,
        } = object;
        let kind = self.id(kind, tell);
        match self.told.insert(key.clone(), (kind, hash)) {
            Some(told) if told == (kind, hash) => return,
            // In another version.
            Some((before, _)) if before != kind => {
                let Key {
                    namespace, name, ..
                } = key;
                tell(Event::Gone {
                    kind: before,
                    namespace,
                    name,
                });
            }
            _ => {}
        }
        tell(Event::Put {
            kind,
            text: text.into(),
        });
    }

    fn forget(&mut self, key: &Key, tell: Tell<'_>) {
        if let Some((kind, _)) = self.told.remove(key) {
            tell(Event::Gone {
                kind,
                namespace: key.namespace.clone(),
                name: key.name.clone(),
            });
        }
    }

    fn id(&mut self, kind: Kind, tell: Tell<'_>) -> KindId {
        let name = [kind.group.clone(), kind.version.clone(), kind.kind.clone()];
        if let Some(id) = self.ids.get(&name) {
            return *id;
        }
        let kind = self.kinds.id(kind);
        self.ids.insert(name, kind);
        tell(Event::Listing { kind });
        if self.begun {
            tell(Event::Listed { kind });
        }
        kind
    }

    /// Tells what is wrong, file by file, where that has changed.
    fn tell_problems(&mut self, walk: &Walk, tell: Tell<'_>) {
        let mut now: BTreeMap<String, Vec<Problem>> = BTreeMap::new();
        let of_files = self.files.values().flat_map(|known| &known.problems);
        for problem in walk.problems.iter().chain(of_files) {
            now.entry(problem.path.clone())
                .or_default()
                .push(problem.clone());
        }
        for problem in self.duplicates() {
            now.entry(problem.path.clone()).or_default().push(problem);
        }
        for path in self
            .told_problems
            .keys()
            .filter(|path| !now.contains_key(*path))
        {
            tell(Event::Problems {
                path: (**path).into(),
                problems: Vec::new(),
            });
        }
        for (path, problems) in &now {
            if self.told_problems.get(path) != Some(problems) {
                tell(Event::Problems {
                    path: (**path).into(),
                    problems: problems.clone(),
                });
            }
        }
        self.told_problems = now;
    }

    /// Objects that more than one file has, in a fixed order.
    fn duplicates(&self) -> Vec<Problem> {
        let mut many: Vec<_> = self
            .owners
            .iter()
            .filter(|(_, owners)| owners.len() > 1)
            .collect();
        many.sort_by_key(|(key, _)| *key);
        let mut problems = Vec::new();
        for (key, owners) in many {
            let mut owners = owners.iter();
            let first = owners.next().map_or("", String::as_str);
            let slash = if key.namespace.is_empty() { "" } else { "/" };
            let Key {
                kind,
                namespace,
                name,
                ..
            } = key;
            problems.extend(owners.map(|path| {
                let message =
                    format!("{kind} {namespace}{slash}{name} is in {first}, too, which counts");
                let mut problem = Problem::new(Code::DuplicateObject, path, message);
                "keep one of them".clone_into(&mut problem.remedy);
                problem
            }));
        }
        problems
    }
}
