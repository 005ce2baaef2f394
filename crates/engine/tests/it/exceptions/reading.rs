use kubescape_engine::exceptions::read;
use kubescape_engine::{Arena, from_json_str};
use proptest::prelude::*;

fn errors(text: &str) -> String {
    let arena = Arena::new();
    let read = read(from_json_str(text, &arena).unwrap(), "a.json");
    read.map_or_else(|errors| errors.join("\n"), |_| String::new())
}

#[test]
fn what_has_another_shape_is_named_by_its_place() {
    for (text, error) in [
        ("7", "is no list of exceptions"),
        (r#"[{"name":"a"}, 7]"#, "[1] is no exception: give a map"),
        (r#"[{"name":7}]"#, "[0] name: is no text; put it in quotes"),
        (
            r#"[{"name":"a","resources":{}}]"#,
            "[0] (a) resources: is no list",
        ),
        (r#"[{"resources":[7]}]"#, "[0] resources[0]: is no map"),
        (
            r#"[{"resources":[{"attributes":[]}]}]"#,
            "resources[0].attributes: is no map",
        ),
        (
            r#"[{"resources":[{"attributes":{"name":7}}]}]"#,
            "resources[0].attributes.name: is no text",
        ),
        (
            r#"[{"resources":[{"designatorType":"Wlid"}]}]"#,
            "resources[0].designatorType: Wlid is not supported",
        ),
        (
            r#"[{"resources":[{"labelSelector":{"matchLabel":{}}}]}]"#,
            "resources[0].labelSelector.matchLabel: is not known",
        ),
        (
            r#"[{"resources":[{"labelSelector":{"matchExpressions":[{"key":"a","operator":"in"}]}}]}]"#,
            "operator: give In, NotIn",
        ),
        (
            r#"[{"resources":[{"labelSelector":{"matchExpressions":[{"key":"a","operator":"In"}]}}]}]"#,
            "values: give at least one",
        ),
        (
            r#"[{"posturePolicies":[7]}]"#,
            "posturePolicies[0]: is no map",
        ),
        (
            r#"[{"posturePolicies":[{"controlID":16}]}]"#,
            "posturePolicies[0].controlID: is no text",
        ),
        (
            r#"[{"actions":"alertOnly"}]"#,
            "actions: is no list of texts",
        ),
        // Left out, it would accept everything.
        (
            r#"[{"posturePolices":[]}]"#,
            "posturePolices: is not known; did you mean posturePolicies?",
        ),
    ] {
        let errors = errors(text);
        assert!(errors.contains(error), "\"{error}\" is not in: {errors}");
    }
}

#[test]
fn what_others_write_is_read() {
    let text = r#"{"GUID":"x","PolicyType":"postureExceptionPolicy","Name":"a","attributes":{"systemException":true},
        "creationTime":"","expirationDate":null,"actions":null,"resources":[{"designatorType":"attribute","attributes":{"kind":"Pod"}}],
        "posturePolicies":[{"frameworkName":"","controlId":"C-0001","severityScore":0}]}"#;
    let arena = Arena::new();
    let policies = read(from_json_str(text, &arena).unwrap(), "a.json").unwrap();
    assert_eq!((policies.len(), &*policies[0].name), (1, "a"));
    assert_eq!(policies[0].posture[0].control, "C-0001");
    // Those of images are for others to read.
    let images = r#"[{"policyType":"vulnerabilityExceptionPolicy","vulnerabilities":[]}]"#;
    assert_eq!(
        read(from_json_str(images, &arena).unwrap(), "a.json"),
        Ok(vec![])
    );
}

fn json() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "name",
        "resources",
        "posturePolicies",
        "attributes",
        "labelSelector",
        "matchExpressions",
        "expirationDate",
        "controlID",
        "kind",
        "values",
        "operator",
        "actions",
    ]);
    let leaf = prop::sample::select(vec!["null", "7", "\"(\"", "\"In\"", "\"\"", "true"]);
    let leaf = leaf.prop_map(str::to_owned);
    leaf.prop_recursive(5, 30, 4, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4)
            .prop_map(|all| format!("[{}]", all.join(",")));
        let map = prop::collection::btree_map(key.clone(), inner, 0..4).prop_map(|all| {
            let all: Vec<_> = all
                .iter()
                .map(|(key, value)| format!("\"{key}\":{value}"))
                .collect();
            format!("{{{}}}", all.join(","))
        });
        prop_oneof![list, map]
    })
}

proptest! {
    /// No document makes it panic, and each is read or refused with a reason.
    #[test]
    fn every_document_is_read_or_refused(text in json()) {
        let arena = Arena::new();
        if let Err(errors) = read(from_json_str(&text, &arena).unwrap(), "a.json") {
            prop_assert!(!errors.is_empty() && errors.iter().all(|error| !error.is_empty()));
        }
    }
}
