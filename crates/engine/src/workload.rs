//! Objects that run pods, seen through their pod template.

use std::fmt;

use crate::{Arena, Object, Value};

/// An object with a pod specification, and where in it that stands.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    /// The whole object.
    pub object: &'a Object<'a>,
    /// The pod specification.
    pub pod: Value<'a>,
    /// Path of the pod specification: `spec`, `spec.template.spec` or
    /// `spec.jobTemplate.spec.template.spec`. Also what `{}` prints.
    pub pod_path: &'static str,
    /// The pod template (metadata and spec); for a Pod, the object itself.
    pub template: Value<'a>,
    /// Path of the template with its final dot, to put `metadata…` behind:
    /// `""`, `spec.template.` or `spec.jobTemplate.spec.template.`.
    pub template_prefix: &'static str,
    containers: &'a [Container<'a>],
    regular: (usize, usize),
}

/// Which list of the pod specification a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// `containers`.
    Regular,
    /// `initContainers`.
    Init,
    /// `ephemeralContainers`.
    Ephemeral,
}

impl ContainerKind {
    /// The key of the list in the pod specification.
    pub fn list(self) -> &'static str {
        match self {
            Self::Regular => "containers",
            Self::Init => "initContainers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// One container. `{}` prints its path: `spec.template.spec.containers[0]`.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The container's specification.
    pub value: Value<'a>,
    /// Its `name`, or `""`.
    pub name: &'a str,
    /// Which list it stands in.
    pub kind: ContainerKind,
    /// Its place in that list.
    pub index: usize,
    /// Path of the pod specification around it.
    pub pod_path: &'static str,
}

impl<'a> Container<'a> {
    /// The value of a key of the container.
    pub fn at(&self, key: &str) -> Value<'a> {
        self.value.at(key)
    }

    /// `securityContext` of the container itself.
    pub fn security_context(&self) -> Value<'a> {
        self.value.at("securityContext")
    }

    /// `image`, or `""`.
    pub fn image(&self) -> &'a str {
        self.value.at("image").str()
    }
}

impl fmt::Display for Container<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}.{}[{}]",
            self.pod_path,
            self.kind.list(),
            self.index
        )
    }
}

impl fmt::Display for Workload<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.pod_path)
    }
}

impl<'a> Workload<'a> {
    /// The seven kinds whose pods Kubernetes itself runs: Pod, Deployment,
    /// ReplicaSet, DaemonSet, StatefulSet, Job and CronJob.
    pub fn of(object: &'a Object<'a>, arena: &'a Arena) -> Option<Self> {
        match object.kind {
            "ReplicationController" => None,
            _ => Self::of_any(object, arena),
        }
    }

    /// As [`of`](Workload::of), and ReplicationController.
    pub fn of_any(object: &'a Object<'a>, arena: &'a Arena) -> Option<Self> {
        let (template, pod_path, template_prefix) = match object.kind {
            "Pod" => (object.value, "spec", ""),
            "Deployment"
            | "ReplicaSet"
            | "DaemonSet"
            | "StatefulSet"
            | "Job"
            | "ReplicationController" => (
                object.spec().at("template"),
                "spec.template.spec",
                "spec.template.",
            ),
            "CronJob" => (
                object
                    .value
                    .dig(&["spec", "jobTemplate", "spec", "template"]),
                "spec.jobTemplate.spec.template.spec",
                "spec.jobTemplate.spec.template.",
            ),
            _ => return None,
        };
        let pod = template.at("spec");
        let (containers, regular) = containers(pod, pod_path, arena);
        Some(Self {
            object,
            pod,
            pod_path,
            template,
            template_prefix,
            containers,
            regular,
        })
    }

    /// The containers of `containers`.
    pub fn containers(&self) -> &'a [Container<'a>] {
        &self.containers[self.regular.0..self.regular.1]
    }

    /// The containers of `initContainers`.
    pub fn init_containers(&self) -> &'a [Container<'a>] {
        &self.containers[..self.regular.0]
    }

    /// The containers of `ephemeralContainers`.
    pub fn ephemeral_containers(&self) -> &'a [Container<'a>] {
        &self.containers[self.regular.1..]
    }

    /// All containers: init, regular, ephemeral.
    pub fn all_containers(&self) -> &'a [Container<'a>] {
        self.containers
    }

    /// `securityContext` of the pod.
    pub fn security_context(&self) -> Value<'a> {
        self.pod.at("securityContext")
    }

    /// `volumes` of the pod.
    pub fn volumes(&self) -> &'a [Value<'a>] {
        self.pod.at("volumes").items()
    }

    /// Labels that the pods carry.
    pub fn pod_labels(&self) -> Value<'a> {
        self.template.at("metadata").at("labels")
    }
}

fn containers<'a>(
    pod: Value<'a>,
    pod_path: &'static str,
    arena: &'a Arena,
) -> (&'a [Container<'a>], (usize, usize)) {
    let list = |kind: ContainerKind| pod.at(kind.list()).items();
    let init = list(ContainerKind::Init);
    let regular = list(ContainerKind::Regular);
    let ephemeral = list(ContainerKind::Ephemeral);
    let (first_regular, first_ephemeral) = (init.len(), init.len() + regular.len());
    let container = |number: usize| {
        let (kind, index, value) = if number < first_regular {
            (ContainerKind::Init, number, init[number])
        } else if number < first_ephemeral {
            let index = number - first_regular;
            (ContainerKind::Regular, index, regular[index])
        } else {
            let index = number - first_ephemeral;
            (ContainerKind::Ephemeral, index, ephemeral[index])
        };
        Container {
            value,
            name: value.at("name").str(),
            kind,
            index,
            pod_path,
        }
    };
    let count = first_ephemeral + ephemeral.len();
    let all = arena.collect((0..count).map(container));
    (all, (first_regular, first_ephemeral))
}
