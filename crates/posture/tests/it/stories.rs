//! What makes a result another.

use serde_json::json;

use crate::small::{deployment, find, gap, objects, put, results, world_of};

fn digest(world: &mut kubescape_engine::World, name: &str) -> [String; 2] {
    find(&results(world), name).map(|result| result.digest.to_string())
}

#[test]
fn a_new_status_changes_nothing_and_a_new_specification_does() {
    let mut world = world_of(&objects(), "all");
    let before = digest(&mut world, "deployment-cart");

    let mut object = deployment();
    object["status"]["replicas"] = json!(3);
    object["metadata"]["resourceVersion"] = json!("6");
    put(&mut world, &object);
    world.settle();
    assert_eq!(digest(&mut world, "deployment-cart"), before);

    object["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] =
        json!(false);
    put(&mut world, &object);
    world.settle();
    let after = digest(&mut world, "deployment-cart");
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before != after)
    );
}

#[test]
fn when_it_was_found_out_does_not_make_it_another() {
    let mut world = world_of(&objects(), "all");
    let first = digest(&mut world, "deployment-cart");
    let context = kubescape_posture::Context {
        now: "2027-01-01T00:00:00Z".to_owned(),
        ..crate::small::context()
    };
    let outcome = world.outcome();
    let record = outcome
        .records
        .iter()
        .find(|record| &*record.kind == "Deployment")
        .unwrap();
    let later = kubescape_posture::Results::new(outcome, &context)
        .of(record)
        .unwrap();
    assert_eq!(later.map(|result| result.digest.to_string()), first);
}

#[test]
fn a_result_that_lacks_input_says_so_with_the_reason() {
    let mut world = world_of(&objects(), "all");
    world.set_gaps(vec![gap("NetworkPolicy")]);
    let changes = world.settle();
    assert!(!changes.changed.is_empty());
    let results = results(&mut world);
    let [configuration, _] = find(&results, "deployment-cart");
    assert_eq!(
        configuration.annotations["kubescape.io/result-completeness"],
        "partial"
    );
    assert_eq!(
        configuration.annotations["kubescape.io/result-gaps"],
        "networkpolicies: forbidden to list"
    );
    // Nothing that judges what a subject may do reads policies.
    let subject = results
        .iter()
        .find(|result| result.name.starts_with("user-alice"))
        .unwrap();
    assert_eq!(
        subject.annotations["kubescape.io/result-completeness"],
        "complete"
    );
}
