//! Objects that belong to others go with them.

use serde_json::Value;

use crate::patience::{until, until_true};
use crate::world::{GROUP, World};

fn uid(world: &World, namespace: &str, what: &[&str]) -> String {
    let object = world
        .kubectl
        .json(&[&["-n", namespace, "get"], what].concat());
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}

/// A ConfigMap, and a profile of ours that belongs to it.
fn pair(world: &World, namespace: &str) {
    world.namespace(namespace);
    world
        .kubectl
        .ok(&["-n", namespace, "create", "configmap", "owner"]);
    let uid = uid(world, namespace, &["configmap", "owner"]);
    let text = format!(
        "apiVersion: {GROUP}/v1beta1\nkind: ApplicationProfile\n\
         metadata:\n  name: owned\n  namespace: {namespace}\n  ownerReferences:\n  \
         - {{apiVersion: v1, kind: ConfigMap, name: owner, uid: {uid}, blockOwnerDeletion: true}}\n\
         spec: {{}}\n"
    );
    world.kubectl.ok_with(&["create", "-f", "-"], &text);
}

fn delete(world: &World, namespace: &str, what: &[&str], cascade: &str) {
    let how = format!("--cascade={cascade}");
    let n = ["-n", namespace, "delete"];
    world
        .kubectl
        .ok(&[&n, what, &[&how, "--wait=false"]].concat());
}

fn is_gone(world: &World, namespace: &str, what: &[&str]) {
    until_true(&format!("{what:?} is gone"), || {
        let said = world
            .kubectl
            .ask(&[&["-n", namespace, "get"], what].concat());
        said.is_err_and(|error| error.contains("NotFound"))
    });
}

const OURS: [&str; 2] = ["applicationprofile", "owned"];
const THEIRS: [&str; 2] = ["configmap", "owner"];

pub(crate) fn background(world: &World) {
    pair(world, "garbage-background");
    delete(world, "garbage-background", &THEIRS, "background");
    is_gone(world, "garbage-background", &OURS);
}

pub(crate) fn foreground(world: &World) {
    // The controller has to know the dependent, or it lets the owner go first.
    pair(world, "garbage-foreground");
    delete(world, "garbage-foreground", &THEIRS, "foreground");
    is_gone(world, "garbage-foreground", &OURS);
    is_gone(world, "garbage-foreground", &THEIRS);
}

pub(crate) fn orphan(world: &World) {
    pair(world, "garbage-orphan");
    delete(world, "garbage-orphan", &THEIRS, "orphan");
    is_gone(world, "garbage-orphan", &THEIRS);
    until("ours has no owner any more", || {
        let object = world
            .kubectl
            .json(&["-n", "garbage-orphan", "get", OURS[0], OURS[1]]);
        match &object["metadata"]["ownerReferences"] {
            Value::Null => Ok(()),
            owners => Err(owners.to_string()),
        }
    });
}

/// The other way round: what belongs to an object of ours.
pub(crate) fn ours_as_owner(world: &World) {
    for cascade in ["background", "foreground", "orphan"] {
        let namespace = format!("garbage-ours-{cascade}");
        world.namespace(&namespace);
        let text = format!(
            "apiVersion: {GROUP}/v1beta1\nkind: ApplicationProfile\n\
             metadata: {{name: owned, namespace: {namespace}}}\nspec: {{}}\n"
        );
        world.kubectl.ok_with(&["create", "-f", "-"], &text);
        let uid = uid(world, &namespace, &OURS);
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: owner\n  \
             namespace: {namespace}\n  ownerReferences:\n  \
             - {{apiVersion: {GROUP}/v1beta1, kind: ApplicationProfile, name: owned, uid: {uid}, \
             blockOwnerDeletion: true}}\n"
        );
        world.kubectl.ok_with(&["create", "-f", "-"], &text);
        delete(world, &namespace, &OURS, cascade);
        is_gone(world, &namespace, &OURS);
        if cascade == "orphan" {
            let object = world
                .kubectl
                .json(&["-n", &namespace, "get", "configmap", "owner"]);
            assert!(object["metadata"]["ownerReferences"].is_null(), "{object}");
        } else {
            is_gone(world, &namespace, &THEIRS);
        }
    }
}
