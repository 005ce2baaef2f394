//! A cluster of a few objects.

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Arena, Gap, Lack, Object, Plan, Scope, Selection, World, from_json_str};
use kubescape_posture::{Context, ResultObject, Results};
use serde_json::{Value as Json, json};

pub(crate) fn context() -> Context {
    Context {
        cluster: "prod".to_owned(),
        namespace: "kubescape".to_owned(),
        engine_version: "1.2.3".to_owned(),
        now: "2026-11-24T10:00:00Z".to_owned(),
    }
}

pub(crate) fn world_of(objects: &[Json], frameworks: &str) -> World {
    let selection = Selection {
        frameworks: vec![frameworks.to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs()).unwrap();
    let mut world = World::new(plan);
    for object in objects {
        put(&mut world, object);
    }
    world.settle();
    world
}

pub(crate) fn put(world: &mut World, object: &Json) {
    let (arena, text) = (Arena::new(), object.to_string());
    let value = from_json_str(&text, &arena).unwrap();
    world.put(arena.alloc(Object::new(value, 0)), &arena);
}

/// Both results of every resource.
pub(crate) fn results(world: &mut World) -> Vec<ResultObject> {
    let context = context();
    let outcome = world.outcome();
    let mut results = Results::new(outcome, &context);
    let shown = outcome.records.iter().filter(|record| !record.hidden);
    shown
        .flat_map(|record| results.of(record).unwrap())
        .collect()
}

pub(crate) fn find<'r>(results: &'r [ResultObject], name: &str) -> [&'r ResultObject; 2] {
    let found: Vec<_> = results
        .iter()
        .filter(|result| &*result.name == name)
        .collect();
    let names: Vec<_> = results.iter().map(|result| &result.name).collect();
    found
        .try_into()
        .unwrap_or_else(|_| panic!("{name} is not twice in {names:#?}"))
}

pub(crate) fn gap(kind: &str) -> Gap {
    Gap {
        group: "networking.k8s.io".into(),
        kind: kind.into(),
        lack: Lack::Unread,
        reason: "networkpolicies: forbidden to list".into(),
    }
}

pub(crate) fn deployment() -> Json {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": "shop", "resourceVersion": "5", "labels": {"app": "cart"}},
        "spec": {"selector": {"matchLabels": {"app": "cart"}}, "template": {
            "metadata": {"labels": {"app": "cart"}},
            "spec": {"containers": [{"name": "cart", "image": "cart:2", "securityContext": {"privileged": true}}]},
        }},
        "status": {"replicas": 1},
    })
}

pub(crate) fn objects() -> Vec<Json> {
    let rbac = "rbac.authorization.k8s.io";
    vec![
        deployment(),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": {"name": "edit"},
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}]}),
        json!({"apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": {"name": "alice-edit", "namespace": "shop"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "alice"}]}),
    ]
}
