//! The summaries of namespaces.

use kubescape_api::{ConfigurationSummaries, VulnerabilitySummaries};
use proptest::prelude::*;
use serde_json::json;

use crate::resource;

#[test]
fn configuration_results_of_a_namespace_are_added_up() {
    let mut sums = ConfigurationSummaries::default();
    sums.add("shop", "deployment-pay", &json!({"critical": 1, "high": 2}));
    sums.add("shop", "deployment-cart", &json!({"high": 3, "low": -5}));
    sums.add("blog", "deployment-web", &json!({"low": 1}));
    let shop = sums.render("shop").expect("a summary");
    assert_eq!(shop["metadata"], json!({"name": "shop"}));
    assert_eq!(
        shop["spec"],
        json!({
            "severities": {"critical": 1, "high": 5, "medium": 0, "low": 0, "unknown": 0},
            "summaryRef": [
                {"namespace": "shop", "kind": "WorkloadConfigurationScanSummary", "name": "deployment-cart"},
                {"namespace": "shop", "kind": "WorkloadConfigurationScanSummary", "name": "deployment-pay"},
            ],
        })
    );
    assert_eq!(sums.namespaces().collect::<Vec<_>>(), ["blog", "shop"]);
    assert_eq!(resource("ConfigurationScanSummary").validate(&shop), []);
    sums.remove("blog", "deployment-web");
    assert_eq!(sums.render("blog"), None);
}

#[test]
fn vulnerabilities_of_a_namespace_are_added_up() {
    let manifest = resource("VulnerabilityManifestSummary");
    let object = json!({"spec": {"severities": {"critical": {"all": 4, "relevant": 1}, "unknown": {"all": 2, "relevant": 0}}}});
    let mut sums = VulnerabilitySummaries::default();
    sums.add("shop", "deployment-cart-cart", &manifest.columns(&object));
    sums.add("shop", "deployment-pay-pay", &manifest.columns(&object));
    let shop = sums
        .render("shop", "2023-12-01T09:30:00Z")
        .expect("a summary");
    assert_eq!(
        shop["spec"]["severities"]["critical"],
        json!({"all": 8, "relevant": 2})
    );
    assert_eq!(
        shop["spec"]["severities"]["unknown"],
        json!({"all": 4, "relevant": 0})
    );
    assert_eq!(
        shop["spec"]["vulnerabilitiesRef"][0],
        json!({"namespace": "shop", "name": "deployment-cart-cart", "kind": "vulnerabilitymanifestsummary"})
    );
    assert_eq!(resource("VulnerabilitySummary").validate(&shop), []);
    assert_eq!(
        resource("VulnerabilitySummary").unknown_fields(&shop),
        Vec::<String>::new()
    );
}

#[test]
fn huge_counts_do_not_wrap() {
    let mut sums = ConfigurationSummaries::default();
    for name in ["a", "b"] {
        sums.add("n", name, &json!({"critical": i64::MAX}));
    }
    let spec = |sums: &ConfigurationSummaries| {
        sums.render("n").expect("a summary")["spec"]["severities"]["critical"].clone()
    };
    assert_eq!(spec(&sums), json!(i64::MAX));
    sums.remove("n", "a");
    sums.add("n", "b", &json!({"critical": 7}));
    assert_eq!(spec(&sums), json!(7));
}

proptest! {
    /// Changes one by one give the same as adding up what is left at the end.
    #[test]
    fn sums_follow_every_change(changes in prop::collection::vec((0..3_u8, 0..4_u8, prop::option::of(0..9_i64)), 0..60)) {
        let mut sums = ConfigurationSummaries::default();
        let mut left = std::collections::BTreeMap::new();
        for (space, name, high) in changes {
            let (space, name) = (format!("s{space}"), format!("n{name}"));
            if let Some(high) = high {
                sums.add(&space, &name, &json!({"high": high}));
                left.insert((space, name), high);
            } else {
                sums.remove(&space, &name);
                left.remove(&(space, name));
            }
        }
        for space in ["s0", "s1", "s2"] {
            let here: Vec<i64> = left.iter().filter(|((one, _), _)| one == space).map(|(_, high)| *high).collect();
            let shown = sums.render(space);
            prop_assert_eq!(shown.is_none(), here.is_empty());
            let Some(shown) = shown else { continue };
            prop_assert_eq!(shown["spec"]["severities"]["high"].as_i64(), Some(here.iter().sum()));
            prop_assert_eq!(shown["spec"]["summaryRef"].as_array().map(Vec::len), Some(here.len()));
        }
    }
}
