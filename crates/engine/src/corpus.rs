//! The objects that joins read, with the indexes they need.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::rbac::Vector;
use crate::{Arena, Object, Value, Workload};

/// All objects of one scan that joining rules read.
pub struct Corpus<'a> {
    arena: &'a Arena,
    objects: &'a [Object<'a>],
    kinds: HashMap<&'a str, OfKind<'a>>,
    workloads: OnceCell<Vec<Workload<'a>>>,
    workloads_by_namespace: OnceCell<HashMap<&'a str, Vec<usize>>>,
    vectors: OnceCell<Vec<&'a Vector<'a>>>,
}

#[derive(Default)]
struct OfKind<'a> {
    all: Vec<&'a Object<'a>>,
    by_namespace: HashMap<&'a str, Vec<&'a Object<'a>>>,
    by_name: OnceCell<HashMap<(&'a str, &'a str), &'a Object<'a>>>,
}

impl<'a> OfKind<'a> {
    /// By namespace and name; of several the first.
    fn by_name(&self) -> &HashMap<(&'a str, &'a str), &'a Object<'a>> {
        self.by_name.get_or_init(|| {
            let mut index = HashMap::with_capacity(self.all.len());
            for object in &self.all {
                let key = (object.namespace_or_default(), object.name);
                index.entry(key).or_insert(*object);
            }
            index
        })
    }
}

/// As [`Object::namespace_or_default`], for a namespace that a reference names.
fn or_default(namespace: &str) -> &str {
    if namespace.is_empty() {
        "default"
    } else {
        namespace
    }
}

impl<'a> Corpus<'a> {
    /// Indexes `objects`, which keep their order everywhere.
    pub fn new(objects: &'a [Object<'a>], arena: &'a Arena) -> Self {
        let mut kinds: HashMap<_, OfKind<'_>> = HashMap::new();
        for object in objects {
            let kind = kinds.entry(object.kind).or_default();
            kind.all.push(object);
            kind.by_namespace
                .entry(object.namespace_or_default())
                .or_default()
                .push(object);
        }
        Self {
            arena,
            objects,
            kinds,
            workloads: OnceCell::new(),
            workloads_by_namespace: OnceCell::new(),
            vectors: OnceCell::new(),
        }
    }

    /// An index over `values`, for tests and small inputs.
    pub fn of_values(values: &[Value<'a>], arena: &'a Arena) -> Self {
        let numbered = values.iter().zip(0..);
        let objects: Vec<_> = numbered
            .map(|(value, seq)| Object::new(*value, seq))
            .collect();
        Self::new(arena.slice(&objects), arena)
    }

    /// Memory that lives as long as the objects.
    pub fn arena(&self) -> &'a Arena {
        self.arena
    }

    /// All objects, in input order.
    pub fn objects(&self) -> &'a [Object<'a>] {
        self.objects
    }

    /// The objects of a kind, in input order.
    pub fn of_kind(&self, kind: &str) -> &[&'a Object<'a>] {
        self.kinds.get(kind).map_or(&[], |kind| kind.all.as_slice())
    }

    /// The objects of a kind in a namespace, in input order. Objects that name
    /// no namespace are in `default`.
    pub fn in_namespace(&self, kind: &str, namespace: &str) -> &[&'a Object<'a>] {
        let kind = self.kinds.get(kind);
        let objects = kind.and_then(|kind| kind.by_namespace.get(or_default(namespace)));
        objects.map_or(&[], Vec::as_slice)
    }

    /// The first object of that kind, namespace and name.
    pub fn named(&self, kind: &str, namespace: &str, name: &str) -> Option<&'a Object<'a>> {
        let kind = self.kinds.get(kind)?;
        kind.by_name().get(&(or_default(namespace), name)).copied()
    }

    /// The objects that run pods ([`Workload::of_any`], so with
    /// ReplicationControllers), in input order.
    pub fn workloads(&self) -> &[Workload<'a>] {
        self.workloads.get_or_init(|| {
            self.objects
                .iter()
                .filter_map(|object| Workload::of_any(object, self.arena))
                .collect()
        })
    }

    /// The workloads of a namespace, in input order.
    pub fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &Workload<'a>> {
        let index = self.workloads_by_namespace.get_or_init(|| {
            let mut index: HashMap<_, Vec<_>> = HashMap::new();
            for (number, workload) in self.workloads().iter().enumerate() {
                index
                    .entry(workload.object.namespace_or_default())
                    .or_default()
                    .push(number);
            }
            index
        });
        let numbers = index
            .get(or_default(namespace))
            .map_or(&[][..], Vec::as_slice);
        numbers.iter().map(|number| &self.workloads()[*number])
    }

    /// Every subject joined with its bindings and roles: bindings in input
    /// order, within one its subjects in order.
    ///
    /// Unlike upstream, a RoleBinding that names a Role finds it in its own
    /// namespace only.
    pub fn vectors(&self) -> &[&'a Vector<'a>] {
        self.vectors.get_or_init(|| self.join_subjects())
    }

    fn join_subjects(&self) -> Vec<&'a Vector<'a>> {
        let mut roles: HashMap<(&str, &str, &str), Vec<&'a Object<'a>>> = HashMap::new();
        for object in self
            .objects
            .iter()
            .filter(|object| object.kind.ends_with("Role"))
        {
            let namespace = if object.kind == "Role" {
                object.namespace_or_default()
            } else {
                ""
            };
            roles
                .entry((object.kind, namespace, object.name))
                .or_default()
                .push(object);
        }
        let mut vectors = Vec::new();
        for binding in self
            .objects
            .iter()
            .filter(|object| object.kind.ends_with("Binding"))
        {
            let reference = binding.at("roleRef");
            let kind = reference.at("kind").str();
            let namespace = if kind == "Role" {
                binding.namespace_or_default()
            } else {
                ""
            };
            let Some(roles) = roles.get(&(kind, namespace, reference.at("name").str())) else {
                continue;
            };
            for role in roles {
                for index in 0..binding.at("subjects").items().len() {
                    vectors.push(
                        self.arena
                            .alloc(Vector::new(binding, index, role, self.arena)),
                    );
                }
            }
        }
        vectors
    }
}
