//! Whole objects against files. `BLESS=1 cargo test -p kubescape-posture` rewrites
//! them: read the difference before committing it.

use std::path::Path;

use kubescape_posture::ResultObject;

use crate::small::{find, objects, results, world_of};

fn compare(name: &str, object: &ResultObject) {
    let json: serde_json::Value = serde_json::to_value(object.document().unwrap()).unwrap();
    let text = format!("{json:#}\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.json"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{} differs from\n{text}", path.display());
}

#[test]
fn the_two_results_of_a_workload() {
    let [configuration, summary] = find(
        &results(&mut world_of(&objects(), "nsa")),
        "deployment-cart",
    )
    .map(Clone::clone);
    compare("workload", &configuration);
    compare("workload-summary", &summary);
}

#[test]
fn the_two_results_of_a_subject() {
    let results = results(&mut world_of(&objects(), "nsa"));
    let subject = results
        .iter()
        .filter(|result| result.name.starts_with("user-alice"));
    let [configuration, summary] = subject.collect::<Vec<_>>().try_into().unwrap();
    compare("subject", configuration);
    compare("subject-summary", summary);
}

#[test]
fn a_cluster_scoped_object_is_stored_with_the_product() {
    let results = results(&mut world_of(&objects(), "nsa"));
    let [_, summary] = find(&results, "namespace-shop");
    assert_eq!(&*summary.namespace, "kubescape");
    compare("namespace-summary", summary);
}
