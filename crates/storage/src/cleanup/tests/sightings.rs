//! What objects of the cluster tell, as the API server sends them.

use serde_json::{Value, json};

use super::*;
use crate::cleanup::observe::{self, Observed};

fn seen(kind: Kind, object: Value) -> Sighting {
    let object: Observed = serde_json::from_value(object).unwrap();
    observe::sighting(kind, &object)
}

#[test]
fn a_pod_tells_its_images_instances_and_template() {
    let pod = seen(
        Kind::Pod,
        json!({
            "metadata": {
                "name": "cart-1", "namespace": "shop",
                "labels": {"pod-template-hash": "5d", "app": "cart"},
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart-5d", "uid": "u"}
                ]
            },
            "spec": {
                "nodeName": "n1",
                "containers": [{"name": "cart", "image": "cart:1"}],
                "initContainers": [{"name": "setup"}],
                "ephemeralContainers": [{"name": "debug"}]
            },
            "status": {
                "containerStatuses": [{"name": "cart", "imageID": "cart@sha256:1"}],
                "initContainerStatuses": [{"name": "setup", "imageID": "setup@sha256:2"}],
                "ephemeralContainerStatuses": [{"name": "debug", "imageID": ""}]
            }
        }),
    );
    assert_eq!(pod.containers, ["cart", "setup", "debug"]);
    for token in [
        image_token("cart@sha256:1"),
        image_token("setup@sha256:2"),
        instance_token("shop", "ReplicaSet", "cart-5d", "cart"),
        instance_token("shop", "ReplicaSet", "cart-5d", "debug"),
        instance_token("shop", "ReplicaSet", "cart-5d", ""),
        template_token("shop", "5d"),
    ] {
        assert!(pod.tokens.contains(&token), "{token}");
    }
    assert!(!pod.tokens.contains(&image_token("")));
}

#[test]
fn pods_of_sets_tell_their_revision() {
    let pod = |owner: &str, revision: &str| {
        let object = json!({
            "metadata": {
                "name": "db-0", "namespace": "shop",
                "labels": {"controller-revision-hash": revision},
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": owner, "name": "db", "uid": "u"}
                ]
            },
            "spec": {"containers": [{"name": "db"}]}
        });
        seen(Kind::Pod, object).tokens
    };
    let stateful = pod("StatefulSet", "db-7f");
    let daemon = pod("DaemonSet", "7f");
    for (tokens, token) in [
        (&stateful, instance_token("shop", "StatefulSet", "db", "db")),
        (
            &stateful,
            instance_token("shop", "StatefulSet", "db-7f", "db"),
        ),
        (&stateful, template_token("shop", "db-7f")),
        (&stateful, template_token("shop", "7f")),
        (&daemon, instance_token("shop", "DaemonSet", "db", "db")),
        (&daemon, instance_token("shop", "DaemonSet", "db-7f", "db")),
        (&daemon, template_token("shop", "7f")),
    ] {
        assert!(tokens.contains(&token), "{token}");
    }
}

#[test]
fn what_makes_pods_tells_its_containers() {
    let pod = json!({"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "b"}]}});
    let metadata = json!({"name": "cart", "namespace": "shop"});
    let deployment = json!({"metadata": metadata, "spec": {"template": pod}});
    assert_eq!(seen(Kind::Deployment, deployment).containers, ["a", "b"]);
    let cron = json!({
        "metadata": metadata, "spec": {"jobTemplate": {"spec": {"template": pod}}}
    });
    assert_eq!(seen(Kind::CronJob, cron).containers, ["a", "b"]);
}

#[test]
fn sets_that_are_scaled_to_zero_keep_their_templates() {
    let set = json!({
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"replicas": 0},
        "status": {"currentRevision": "db-7f", "updateRevision": "db-80"}
    });
    let tokens = seen(Kind::StatefulSet, set).tokens;
    for hash in ["7f", "db-7f", "80"] {
        assert!(tokens.contains(&template_token("shop", hash)), "{hash}");
    }
    let set = json!({
        "metadata": {
            "name": "cart-5d", "namespace": "shop", "labels": {"pod-template-hash": "5d"}
        },
        "spec": {"replicas": 0}
    });
    let tokens = seen(Kind::ReplicaSet, set).tokens;
    assert_eq!(tokens, [template_token("shop", "5d")]);
}

#[test]
fn lists_that_are_missing_or_null_are_empty() {
    for object in [
        json!({"metadata": {"name": "p", "namespace": "n"}}),
        json!({"metadata": {"name": "p", "namespace": "n"}, "spec": null, "status": null}),
        json!({"metadata": {"name": "p", "namespace": "n"},
            "spec": {"containers": null, "template": {"spec": null}},
            "status": {"containerStatuses": null}}),
    ] {
        for kind in Kind::ALL {
            let sighting = seen(kind, object.clone());
            assert!(sighting.containers.is_empty() && sighting.tokens.is_empty());
        }
    }
}
