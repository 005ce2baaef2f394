//! Scans of single objects whose neighbours somebody follows.

use std::collections::{BTreeMap, BTreeSet};

use kubescape_controls::LIBRARY;
use kubescape_engine::{
    Arena, Inputs, Object, Outcome, Plan, Record, Scope, Selection, World, from_json_str,
};
use kubescape_live::{Cluster, Known, Neighbours, Overhear};
use kubescape_scan::{Filter, Options, Scan, WorkloadName};
use serde_json::{Value, json};

use crate::fake::{Server, discovery, list};
use crate::scanning::names;

/// Kinds of the samples, as the scripted server has them.
const CORE: [(&str, &str, bool); 8] = [
    ("Pod", "pods", true),
    ("Namespace", "namespaces", false),
    ("Node", "nodes", false),
    ("Service", "services", true),
    ("Secret", "secrets", true),
    ("ConfigMap", "configmaps", true),
    ("ServiceAccount", "serviceaccounts", true),
    ("PersistentVolumeClaim", "persistentvolumeclaims", true),
];
const APPS: [(&str, &str, bool); 3] = [
    ("Deployment", "deployments", true),
    ("StatefulSet", "statefulsets", true),
    ("DaemonSet", "daemonsets", true),
];
const NETWORK: [(&str, &str, bool); 2] = [
    ("NetworkPolicy", "networkpolicies", true),
    ("Ingress", "ingresses", true),
];
const ACCESS: [(&str, &str, bool); 4] = [
    ("Role", "roles", true),
    ("RoleBinding", "rolebindings", true),
    ("ClusterRole", "clusterroles", false),
    ("ClusterRoleBinding", "clusterrolebindings", false),
];

type Groups = [(
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, bool)],
); 4];

const GROUPS: Groups = [
    ("", "/api/v1", &CORE),
    ("apps", "/apis/apps/v1", &APPS),
    ("networking.k8s.io", "/apis/networking.k8s.io/v1", &NETWORK),
    (
        "rbac.authorization.k8s.io",
        "/apis/rbac.authorization.k8s.io/v1",
        &ACCESS,
    ),
];

/// Serves these objects: everywhere, and by namespace.
fn serve(server: &Server, objects: &[Value]) {
    let named = GROUPS.map(|(group, _, kinds)| (group, kinds));
    server.on("/api", [crate::fake::Answer::Json(discovery(&named[..1]))]);
    server.on("/apis", [crate::fake::Answer::Json(discovery(&named[1..]))]);
    let namespaces: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object["metadata"]["namespace"].as_str())
        .collect();
    for (_, root, kinds) in GROUPS {
        for (kind, plural, _) in kinds {
            let of_kind = |namespace: Option<&str>| -> Vec<Value> {
                let all = objects.iter().filter(|object| object["kind"] == *kind);
                let there = all.filter(|object| {
                    namespace.is_none_or(|name| object["metadata"]["namespace"] == name)
                });
                there.cloned().collect()
            };
            server.on(
                &format!("{root}/{plural}"),
                [list(kind, &of_kind(None), "")],
            );
            for name in &namespaces {
                let path = format!("{root}/namespaces/{name}/{plural}");
                server.on(&path, [list(kind, &of_kind(Some(name)), "")]);
            }
        }
    }
}

fn everything() -> Plan {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    let scope = Some(Scope::Cluster);
    Plan::new(&LIBRARY, &selection, scope, Inputs::default()).unwrap()
}

/// Knows all objects.
struct Followed(World);

impl Followed {
    fn of(objects: &[Value]) -> Self {
        let mut world = World::new(everything());
        for object in objects {
            let (arena, text) = (Arena::new(), object.to_string());
            let object = arena.alloc(Object::new(from_json_str(&text, &arena).unwrap(), 0));
            if !object.is_owned() {
                world.put(object, &arena);
            }
        }
        world.settle();
        Self(world)
    }
}

impl Overhear for Followed {
    fn overhear(&self, neighbours: &[Neighbours]) -> Option<Known> {
        let mut known = Known::default();
        for one in neighbours {
            let kept = self.0.kept(&one.group, &one.kind, one.namespace.as_deref());
            let named = kept
                .filter(|(record, _)| one.name.as_ref().is_none_or(|name| **name == *record.name));
            known.objects.extend(named.map(|(_, text)| text.into()));
        }
        Some(known)
    }
}

fn scan_one(cluster: &Cluster, object: &Value, follower: Option<&dyn Overhear>) -> Scan {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
    let workload = WorkloadName {
        kind: text(&object["kind"]),
        name: text(&object["metadata"]["name"]),
        namespace,
    };
    let options = Options {
        filter: Filter {
            workload: Some(workload),
            ..Filter::default()
        },
        keep_objects: true,
        digests: true,
        ..Options::new(everything())
    };
    let judged = cluster.judge_beside(options, follower, &mut |_| {});
    judged.unwrap().0
}

/// What a result says of a resource, without numbers, which differ.
fn say(outcome: &Outcome, record: &Record) -> String {
    let verdicts = outcome.verdicts(record);
    let verdicts = verdicts.iter().map(|verdict| {
        let control = outcome.plan.controls[verdict.control].id;
        format!("{control} {:?}", verdict.status)
    });
    let faults = record.faults.iter().map(|fault| {
        let rule = outcome.plan.rules[usize::from(fault.rule)].name;
        let related = fault.related.iter().map(|one| {
            let id = &outcome.records[one.record as usize].id;
            format!("{id} {:?}", one.paths)
        });
        let related: BTreeSet<_> = related.collect();
        format!("{rule} {} {:?} {related:?}", fault.message, fault.paths)
    });
    let (verdicts, faults): (BTreeSet<_>, BTreeSet<_>) = (verdicts.collect(), faults.collect());
    format!("{verdicts:#?} {faults:#?}")
}

fn all(scan: &Scan) -> BTreeMap<String, String> {
    let outcome = &scan.outcome;
    let shown = outcome.records.iter().filter(|record| !record.hidden);
    shown
        .map(|record| (record.id.to_string(), say(outcome, record)))
        .collect()
}

#[test]
fn an_object_is_judged_as_if_all_that_it_is_joined_to_had_been_read() {
    // Given a cluster, and somebody who follows it
    let objects = kubescape_samples::generate(400, 7);
    let server = Server::start();
    serve(&server, &objects);
    let cluster = server.connect();
    let followed = Followed::of(&objects);
    let (mut scanned, mut faulty) = (0, 0);
    for (_, _, kinds) in GROUPS {
        for (kind, ..) in kinds {
            let of_kind = objects.iter().filter(|object| object["kind"] == *kind);
            for object in of_kind.take(4) {
                // When an object is scanned with lists, and with what is followed
                let read = all(&scan_one(&cluster, object, None));
                let overheard = all(&scan_one(&cluster, object, Some(&followed)));
                // Then both say the same
                let name = &object["metadata"]["name"];
                assert_eq!(overheard, read, "{kind} {name}");
                scanned += 1;
                faulty += usize::from(read.values().any(|said| said.contains("Failed")));
            }
        }
    }
    assert!(scanned > 20 && faulty > 10, "{scanned} {faulty}");
}

#[test]
fn only_the_object_itself_is_read() {
    let server = Server::start();
    let objects = kubescape_samples::generate(100, 7);
    serve(&server, &objects);
    let cluster = server.connect();
    let deployment = objects.iter().find(|object| object["kind"] == "Deployment");
    let before = server.asked("/api").len();
    let scan = scan_one(&cluster, deployment.unwrap(), Some(&Followed::of(&objects)));
    assert_eq!(
        names(&scan),
        [deployment.unwrap()["metadata"]["name"].as_str().unwrap()]
    );
    let asked = server.asked("/api").split_off(before);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("/deployments?"), "{asked:?}");
}

#[test]
fn who_does_not_know_everything_is_not_trusted() {
    struct Nobody;
    impl Overhear for Nobody {
        fn overhear(&self, _: &[Neighbours]) -> Option<Known> {
            None
        }
    }
    let server = Server::start();
    let pod = json!({
        "kind": "Deployment", "apiVersion": "apps/v1",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"app": "cart"}}}},
    });
    serve(&server, std::slice::from_ref(&pod));
    let cluster = server.connect();
    let before = server.asked("/api").len();
    scan_one(&cluster, &pod, Some(&Nobody));
    assert!(server.asked("/api").len() > before + 3);
}
