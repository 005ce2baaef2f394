//! No message has what reports may not have. (config-scanning reference §4)

use kubescape_submit::CHUNK_LIMIT;

use crate::scans::{by_all, cluster_facts, facts, shop};
use crate::whole::messages;

#[test]
fn values_of_secrets_and_of_the_environment_are_not_sent() {
    drop(shop(&["C-0016"]));
    let manifests = std::fs::read_to_string("shop/cart.yaml").unwrap();
    let scan = by_all("shop");
    // What is looked for is there.
    let values = [
        "hunter2-annotation",
        "hunter2-env",
        "hunter2-reference",
        "aHVudGVyMi1kYXRh",
        "hunter2-string",
        "hunter2-map",
    ];
    assert!(values.iter().all(|value| manifests.contains(value)));
    for facts in [facts(), cluster_facts()] {
        for message in messages(&scan, &facts, CHUNK_LIMIT) {
            let text = message.to_string();
            assert!(text.contains("DB_PASSWORD") && text.contains("XXXXXX"));
            for value in values.iter().chain(&["hunter2"]) {
                assert!(!text.contains(value), "{value}");
            }
        }
    }
}
