//! Namespaces that hold our objects go away.

use crate::patience::until_true;
use crate::world::{GROUP, World};

/// Our objects of two kinds in a namespace.
pub(crate) fn fill(world: &World, namespace: &str) {
    for n in 0..5 {
        let text = format!(
            "apiVersion: {GROUP}/v1beta1\nkind: ApplicationProfile\n\
             metadata: {{name: profile-{n}, namespace: {namespace}}}\nspec: {{}}\n---\n\
             apiVersion: {GROUP}/v1beta1\nkind: NetworkNeighbors\n\
             metadata: {{name: neighbors-{n}, namespace: {namespace}}}\nspec: {{}}\n"
        );
        world.kubectl.ok_with(&["create", "-f", "-"], &text);
    }
}

fn left(world: &World, namespace: &str) -> usize {
    let kinds = "applicationprofiles,networkneighborses";
    let list = world
        .kubectl
        .ok(&["-n", namespace, "get", kinds, "-o", "name"]);
    list.lines().count()
}

pub(crate) fn goes(world: &World) {
    let namespace = world.namespace("short-lived");
    fill(world, &namespace);
    assert_eq!(left(world, &namespace), 10);
    let delete = ["delete", "namespace", &*namespace, "--timeout=60s"];
    world.kubectl.ok(&delete);
    assert_eq!(left(world, &namespace), 0);
}

pub(crate) fn goes_when_back(world: &World) {
    // Given a namespace with our objects, while the storage is down.
    let namespace = world.namespace("patient");
    fill(world, &namespace);
    world.storage.kill();
    // When it is deleted, it has to wait, and says why.
    world
        .kubectl
        .ok(&["delete", "namespace", &namespace, "--wait=false"]);
    until_true("the namespace says what it waits for", || {
        let conditions = world.kubectl.json(&["get", "namespace", &namespace]);
        conditions["status"]["conditions"]
            .to_string()
            .contains(GROUP)
    });
    // Then it goes once the storage is back, with all that was in it.
    world.bring_back();
    until_true("the namespace is gone", || {
        world
            .kubectl
            .ask(&["get", "namespace", &namespace])
            .is_err()
    });
    assert_eq!(left(world, &namespace), 0);
}
