//! Quotas count our objects, and others' while we are away.

use crate::namespaces::fill;
use crate::patience::until;
use crate::world::{GROUP, World};

const PROFILES: &str = "count/applicationprofiles";

/// Waits until the quota says that so many are used.
fn uses(world: &World, namespace: &str, what: &str, wanted: &str) {
    until(&format!("{what} of {namespace} is {wanted}"), || {
        let quota = world
            .kubectl
            .json(&["-n", namespace, "get", "resourcequota", "most"]);
        match quota["status"]["used"][what].as_str() {
            Some(used) if used == wanted => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

fn quota(world: &World, namespace: &str) {
    world.namespace(namespace);
    let hard = format!("--hard={PROFILES}.{GROUP}=100,count/configmaps=100");
    world
        .kubectl
        .ok(&["-n", namespace, "create", "quota", "most", &hard]);
}

pub(crate) fn up_down_restarting(world: &World) {
    let ours = format!("{PROFILES}.{GROUP}");
    let delete = |name: &str| {
        world
            .kubectl
            .ok(&["-n", "quota", "delete", "applicationprofile", name]);
    };
    // Up: ours are counted as they come and go. Every namespace has one
    // ConfigMap, the cluster's authority.
    quota(world, "quota");
    fill(world, "quota");
    uses(world, "quota", &ours, "5");
    uses(world, "quota", "count/configmaps", "1");
    delete("profile-0");
    uses(world, "quota", &ours, "4");
    // Down: others are counted all the same.
    world.storage.kill();
    world
        .kubectl
        .ok(&["-n", "quota", "create", "configmap", "more"]);
    uses(world, "quota", "count/configmaps", "2");
    world
        .kubectl
        .ok(&["-n", "quota", "delete", "configmap", "more"]);
    uses(world, "quota", "count/configmaps", "1");
    // Restarting again and again: the count is right in the end.
    world.bring_back();
    for name in ["profile-1", "profile-2"] {
        delete(name);
        world.storage.kill();
        world.bring_back();
    }
    uses(world, "quota", &ours, "2");
}
