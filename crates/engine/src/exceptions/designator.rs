//! Which objects an exception is for.

use crate::exceptions::pattern::{Compiler, Pattern};
use crate::exceptions::policy::{Designator, Operator, Requirement};
use crate::{ContainerKind, Object, Value};

/// An object as designators see it.
#[derive(Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    /// Empty for what has none.
    pub(super) namespace: &'a str,
    pub(super) id: &'a str,
    /// `<file>:<document>`; empty for objects of a cluster.
    pub(super) path: &'a str,
    /// The whole object; of subjects there is none.
    pub(super) value: Value<'a>,
}

impl<'a> Who<'a> {
    pub(super) fn of_object(object: &Object<'a>, id: &'a str, path: &'a str) -> Self {
        let namespace = if object.kind == "Namespace" && object.group.is_empty() {
            object.name
        } else if path.is_empty() || object.is_cluster_scoped() {
            // In a cluster, whatever has a namespace says so.
            object.namespace
        } else {
            object.namespace_or_default()
        };
        Self {
            kind: object.kind,
            name: object.name,
            namespace,
            id,
            path,
            value: object.value,
        }
    }
}

/// A container, by its place in the pod specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerAt {
    /// Its list.
    pub(super) kind: ContainerKind,
    /// Its place there.
    pub(super) index: usize,
}

impl ContainerAt {
    /// The container that a path is in.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let kinds = [
            ContainerKind::Regular,
            ContainerKind::Init,
            ContainerKind::Ephemeral,
        ];
        kinds.into_iter().find_map(|kind| {
            let mut parts = path.split('.');
            let index = parts.find_map(|part| part.strip_prefix(kind.list())?.strip_prefix('['))?;
            let index = index.split(']').next()?.parse().ok()?;
            Some(Self { kind, index })
        })
    }
}

/// What a designator accepts of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// These containers.
    Containers(Box<[ContainerAt]>),
}

/// A key whose pattern is plain text, by which designators are looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Name(Box<str>),
    Namespace(Box<str>),
    Kind(Box<str>),
}

/// A designator that can match.
pub(super) struct Compiled {
    cluster: Option<Pattern>,
    namespace: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    path: Option<Pattern>,
    id: Option<Pattern>,
    container: Option<Pattern>,
    labels: Vec<(String, Pattern)>,
    selector: Vec<Requirement>,
}

impl Compiled {
    /// Why it never matches anything, otherwise.
    pub(super) fn new(designator: &Designator, compiler: &mut Compiler) -> Result<Self, String> {
        let given = |(_, value): &&(String, String)| !value.is_empty();
        if designator.attributes.iter().all(|entry| !given(&entry))
            && designator.selector.is_empty()
        {
            return Err("attributes: all are empty, so no object is meant".to_owned());
        }
        let mut compiled = Self {
            cluster: None,
            namespace: None,
            kind: None,
            name: None,
            path: None,
            id: None,
            container: None,
            labels: Vec::new(),
            selector: designator.selector.clone(),
        };
        for (key, value) in &designator.attributes {
            let pattern = compiler.exact(value).map_err(|error| {
                format!("attributes.{key}: {value:?} is no regular expression: {error}")
            })?;
            let place = match &**key {
                "cluster" => &mut compiled.cluster,
                "namespace" => &mut compiled.namespace,
                "kind" => &mut compiled.kind,
                "name" => &mut compiled.name,
                "path" => &mut compiled.path,
                "resourceID" => &mut compiled.id,
                "containerName" => &mut compiled.container,
                _ => {
                    compiled.labels.push((key.clone(), pattern));
                    continue;
                }
            };
            // An empty value of a known key leaves it open.
            *place = (!value.is_empty()).then_some(pattern);
        }
        Ok(compiled)
    }

    /// Whether it is for this cluster; a cluster may have several names.
    pub(super) fn is_of_cluster(&self, names: &[String]) -> bool {
        let of = |pattern: &Pattern| names.iter().any(|name| pattern.matches(name));
        self.cluster.as_ref().is_none_or(of)
    }

    /// Where to look it up; the key that the fewest objects have.
    pub(super) fn key(&self) -> Option<Key> {
        let literal = |pattern: &Option<Pattern>| {
            let pattern = pattern.as_ref()?;
            pattern.literal().map(Box::from)
        };
        let name = literal(&self.name).map(Key::Name);
        name.or_else(|| literal(&self.namespace).map(Key::Namespace))
            .or_else(|| literal(&self.kind).map(Key::Kind))
    }

    /// What of the object it accepts, if anything.
    pub(super) fn accepts(&self, who: &Who<'_>) -> Option<Extent> {
        let fits = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        let fits = fits(&self.name, who.name)
            && fits(&self.namespace, who.namespace)
            && fits(&self.kind, who.kind)
            && self.path.as_ref().is_none_or(|path| is_at(path, who.path))
            && self.id.as_ref().is_none_or(|id| is_called(id, who.id))
            && self.fits_labels(who);
        if !fits {
            return None;
        }
        let Some(container) = &self.container else {
            return Some(Extent::Whole);
        };
        let found: Vec<_> = containers(who)
            .filter(|(name, _)| container.matches(name))
            .map(|(_, at)| at)
            .collect();
        (!found.is_empty()).then(|| Extent::Containers(found.into()))
    }

    /// All keys are labels, or else all are annotations.
    fn fits_labels(&self, who: &Who<'_>) -> bool {
        let metadata = who.value.at("metadata");
        let labels = metadata.at("labels");
        let fit = |values: Value<'_>| {
            self.labels.iter().all(|(key, pattern)| {
                let value = values.at(key).as_str();
                value.is_some_and(|value| pattern.matches(value))
            })
        };
        (self.labels.is_empty() || fit(labels) || fit(metadata.at("annotations")))
            && self.selector.iter().all(|one| is_satisfied(one, labels))
    }
}

/// `a/b.yaml:0`, or without the number of the document.
fn is_at(pattern: &Pattern, path: &str) -> bool {
    let file = path.rsplit_once(':').map_or(path, |(file, _)| file);
    !path.is_empty() && (pattern.matches(path) || pattern.matches(file))
}

/// The ID of an object in a file begins with that of the file.
fn is_called(pattern: &Pattern, id: &str) -> bool {
    let bare = id
        .strip_prefix("path=")
        .and_then(|rest| rest.split_once("/api="));
    pattern.matches(id) || bare.is_some_and(|(_, bare)| pattern.matches(bare))
}

fn is_satisfied(requirement: &Requirement, labels: Value<'_>) -> bool {
    let value = labels.at(&requirement.key).as_str();
    let among = || value.is_some_and(|value| requirement.values.iter().any(|one| one == value));
    match requirement.operator {
        Operator::In => among(),
        Operator::NotIn => !among(),
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
    }
}

/// Names and places of an object's containers.
fn containers<'a>(who: &Who<'a>) -> impl Iterator<Item = (&'a str, ContainerAt)> {
    let pod = match who.kind {
        "Pod" => who.value.at("spec"),
        "CronJob" => who
            .value
            .dig(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => who.value.dig(&["spec", "template", "spec"]),
    };
    let kinds = [
        ContainerKind::Regular,
        ContainerKind::Init,
        ContainerKind::Ephemeral,
    ];
    kinds.into_iter().flat_map(move |kind| {
        let items = pod.at(kind.list()).items().iter().enumerate();
        items.map(move |(index, item)| (item.at("name").str(), ContainerAt { kind, index }))
    })
}
