//! What a scan reads → the lists to ask for.

use kubescape_engine::{Gap, KindMatch, Lack, is_external_group};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::discovery::{Discovery, Resource};

/// What stands as it is in a segment of a path.
pub(crate) const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// Kinds of which every control reads the metadata only; servers send just these.
const METADATA_ONLY: [(&str, &str); 6] = [
    ("", "Endpoints"),
    ("", "PodTemplate"),
    ("", "Secret"),
    ("coordination.k8s.io", "Lease"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("storage.k8s.io", "CSIStorageCapacity"),
];

/// Kinds that run pods: judging one of them does not need the others.
const RUN_PODS: [&str; 7] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Pod",
    "ReplicaSet",
    "StatefulSet",
];

/// The only object to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Kind, plural or short name, in any case.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; all when absent.
    pub namespace: Option<String>,
}

/// Which namespaces to read. Cluster-scoped objects are read in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// Only these, when there are any.
    pub include: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
}

impl Namespaces {
    /// Those to read one by one, if not all are read at once.
    fn one_by_one(&self) -> Option<Vec<&str>> {
        if self.include.is_empty() {
            return None;
        }
        let mut names: Vec<&str> = self.include.iter().map(String::as_str).collect();
        names.retain(|name| !self.exclude.iter().any(|other| other == name));
        names.sort_unstable();
        names.dedup();
        Some(names)
    }

    /// Whether objects of that namespace are read.
    pub fn has(&self, name: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|known| known == name);
        (self.include.is_empty() || named(&self.include)) && !named(&self.exclude)
    }

    /// A field selector that keeps the others out.
    fn selector(&self, field: &str) -> String {
        let terms: Vec<_> = self
            .exclude
            .iter()
            .map(|name| format!("{field}!={}", escaped(name)))
            .collect();
        terms.join(",")
    }
}

/// One list to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) field_selector: String,
    pub(crate) metadata_only: bool,
}

impl List {
    /// Its path without the query: `/apis/apps/v1/deployments`.
    pub(crate) fn path(&self) -> String {
        let Resource {
            group,
            version,
            plural,
            ..
        } = &self.resource;
        let root = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        match &self.namespace {
            Some(namespace) => {
                let namespace = utf8_percent_encode(namespace, PATH);
                format!("{root}/namespaces/{namespace}/{plural}")
            }
            None => format!("{root}/{plural}"),
        }
    }

    /// `deployments.apps in namespace shop`.
    pub(crate) fn name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} in namespace {namespace}", self.resource.name()),
            None => self.resource.name(),
        }
    }

    /// A gap in what is to be listed.
    pub(crate) fn gap(&self, reason: &str) -> Gap {
        Gap {
            group: (*self.resource.group).into(),
            kind: (*self.resource.kind).into(),
            lack: Lack::Unread,
            reason: format!("{}: {reason}", self.name()).into(),
        }
    }
}

/// The lists of those kinds, in a fixed order, and what the cluster does not have.
pub(crate) fn lists(
    kinds: &[KindMatch],
    discovery: &Discovery,
    namespaces: &Namespaces,
    target: Option<(&Resource, &Target)>,
) -> (Vec<List>, Vec<Gap>) {
    let mut resources: Vec<&Resource> = Vec::new();
    let mut gaps = Vec::new();
    for kind in kinds {
        let before = resources.len();
        let of_kind = |resource: &&Resource| kind.matches(&resource.group, &resource.kind);
        resources.extend(discovery.resources.iter().filter(of_kind));
        if resources.len() == before && !is_external_group(kind.group) {
            gaps.push(missing(kind, discovery));
        }
    }
    resources.sort_unstable_by_key(|resource| (&*resource.group, &*resource.plural));
    resources.dedup();
    let lists = resources
        .into_iter()
        .flat_map(|resource| match target {
            Some((own, target)) => of_target(resource, own, target),
            None => of_all(resource, namespaces),
        })
        .collect();
    (lists, gaps)
}

/// A value in a field selector.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace(',', "\\,")
        .replace('=', "\\=")
}

fn missing(kind: &KindMatch, discovery: &Discovery) -> Gap {
    let name = match kind.group {
        "" | "*" => kind.kind.to_owned(),
        group => format!("{}.{group}", kind.kind),
    };
    let (lack, reason) = match discovery.failed.get(kind.group) {
        Some(reason) => (Lack::Unread, format!("{name}: discovery failed: {reason}")),
        None => (Lack::Absent, format!("the cluster has no {name}")),
    };
    Gap {
        group: kind.group.into(),
        kind: kind.kind.into(),
        lack,
        reason: reason.into(),
    }
}

pub(crate) fn list(resource: &Resource, namespace: Option<&str>, field_selector: String) -> List {
    List {
        resource: resource.clone(),
        namespace: namespace.map(str::to_owned),
        field_selector,
        metadata_only: METADATA_ONLY.contains(&(&*resource.group, &*resource.kind)),
    }
}

fn is_namespace(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.kind == "Namespace"
}

fn of_all(resource: &Resource, namespaces: &Namespaces) -> Vec<List> {
    if is_namespace(resource) {
        let names = namespaces.one_by_one();
        let one = |name: &str| list(resource, None, format!("metadata.name={}", escaped(name)));
        return match names {
            Some(names) => names.into_iter().map(one).collect(),
            None => vec![list(resource, None, namespaces.selector("metadata.name"))],
        };
    }
    if !resource.namespaced {
        return vec![list(resource, None, String::new())];
    }
    match namespaces.one_by_one() {
        Some(names) => {
            let one = |name| list(resource, Some(name), String::new());
            names.into_iter().map(one).collect()
        }
        None => vec![list(
            resource,
            None,
            namespaces.selector("metadata.namespace"),
        )],
    }
}

/// The object itself by its name, and what it may be joined to.
/// (config-scanning reference §10, "Single-object scan".)
fn of_target(resource: &Resource, own: &Resource, target: &Target) -> Vec<List> {
    let namespace = target.namespace.as_deref();
    let namespace_of = namespace.filter(|_| resource.namespaced);
    if resource == own {
        return vec![list(
            resource,
            namespace_of,
            format!("metadata.name={}", escaped(&target.name)),
        )];
    }
    let runs_pods = |kind: &str| RUN_PODS.contains(&kind);
    if runs_pods(&resource.kind) && runs_pods(&own.kind) {
        return Vec::new();
    }
    let selector = match namespace {
        Some(name) if is_namespace(resource) => format!("metadata.name={}", escaped(name)),
        _ => String::new(),
    };
    vec![list(resource, namespace_of, selector)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(group: &str, kind: &str, plural: &str, namespaced: bool) -> Resource {
        Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            names: Vec::new(),
            namespaced,
        }
    }

    fn cluster() -> Discovery {
        Discovery {
            resources: vec![
                resource("", "Pod", "pods", true),
                resource("", "Namespace", "namespaces", false),
                resource("", "Secret", "secrets", true),
                resource("apps", "Deployment", "deployments", true),
                resource(
                    "rbac.authorization.k8s.io",
                    "ClusterRole",
                    "clusterroles",
                    false,
                ),
            ],
            failed: [("cilium.io".to_owned(), "down".to_owned())].into(),
        }
    }

    const KINDS: [KindMatch; 7] = [
        KindMatch {
            group: "",
            kind: "Pod",
        },
        KindMatch {
            group: "",
            kind: "Namespace",
        },
        KindMatch {
            group: "*",
            kind: "Deployment",
        },
        KindMatch {
            group: "rbac.authorization.k8s.io",
            kind: "ClusterRole",
        },
        KindMatch {
            group: "policy",
            kind: "PodSecurityPolicy",
        },
        KindMatch {
            group: "cilium.io",
            kind: "CiliumNetworkPolicy",
        },
        KindMatch {
            group: "hostdata.kubescape.cloud",
            kind: "KubeletInfo",
        },
    ];

    fn paths(lists: &[List]) -> Vec<String> {
        let with_selector = |list: &List| format!("{} {}", list.path(), list.field_selector);
        lists
            .iter()
            .map(|list| with_selector(list).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn each_kind_is_listed_once_and_what_is_missing_is_said() {
        let (lists, gaps) = lists(&KINDS, &cluster(), &Namespaces::default(), None);
        assert_eq!(
            paths(&lists),
            [
                "/api/v1/namespaces",
                "/api/v1/pods",
                "/apis/apps/v1/deployments",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            ]
        );
        let gaps: Vec<_> = gaps.iter().map(|gap| (gap.lack, &*gap.reason)).collect();
        assert_eq!(
            gaps,
            [
                (Lack::Absent, "the cluster has no PodSecurityPolicy.policy"),
                (
                    Lack::Unread,
                    "CiliumNetworkPolicy.cilium.io: discovery failed: down"
                ),
            ]
        );
    }

    #[test]
    fn namespaces_are_part_of_the_requests() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let only = Namespaces {
            include: names(&["b", "a", "a"]),
            exclude: names(&["c"]),
        };
        let (some, _) = lists(&KINDS[..2], &cluster(), &only, None);
        assert_eq!(
            paths(&some),
            [
                "/api/v1/namespaces metadata.name=a",
                "/api/v1/namespaces metadata.name=b",
                "/api/v1/namespaces/a/pods",
                "/api/v1/namespaces/b/pods",
            ]
        );
        let but = Namespaces {
            include: Vec::new(),
            exclude: names(&["a", "b"]),
        };
        let (others, _) = lists(&KINDS[..4], &cluster(), &but, None);
        assert_eq!(
            paths(&others),
            [
                "/api/v1/namespaces metadata.name!=a,metadata.name!=b",
                "/api/v1/pods metadata.namespace!=a,metadata.namespace!=b",
                "/apis/apps/v1/deployments metadata.namespace!=a,metadata.namespace!=b",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            ]
        );
    }

    #[test]
    fn a_namespace_is_read_unless_others_are_named_or_it_is_excluded() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let of = |include: &[&str], exclude: &[&str]| Namespaces {
            include: names(include),
            exclude: names(exclude),
        };
        assert!(of(&[], &[]).has("a"));
        assert!(of(&["a"], &["b"]).has("a"));
        assert!(!of(&["b"], &[]).has("a"));
        assert!(!of(&["a"], &["a"]).has("a"));
    }

    #[test]
    fn one_workload_is_asked_for_by_name_and_others_are_left_alone() {
        let target = Target {
            kind: "deploy".to_owned(),
            name: "cart".to_owned(),
            namespace: Some("shop".to_owned()),
        };
        let own = resource("apps", "Deployment", "deployments", true);
        let all = cluster();
        let (some, _) = lists(
            &KINDS[..4],
            &all,
            &Namespaces::default(),
            Some((&own, &target)),
        );
        assert_eq!(
            paths(&some),
            [
                "/api/v1/namespaces metadata.name=shop",
                "/apis/apps/v1/namespaces/shop/deployments metadata.name=cart",
                "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            ]
        );
    }

    /// Rules that look at names and namespaces of these kinds only. Whoever adds
    /// one here has read its check.
    #[test]
    fn of_kinds_without_contents_every_rule_reads_names_only() {
        for (group, kind) in METADATA_ONLY {
            for rule in kubescape_controls::LIBRARY.rules {
                let known = rule.name.ends_with("in-default-namespace")
                    || rule.name == "workload-mounted-secrets";
                assert!(
                    !rule.reads(group, kind) || known,
                    "{} reads {kind}",
                    rule.name
                );
            }
        }
    }
}
