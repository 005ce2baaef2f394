//! JSON has every documented key, in every element. (config-scanning reference §7.)

use serde_json::Value;

use crate::program::{World, example_folder};

fn has_keys(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "{key} is missing in {value:#}");
    }
}

fn examples_by_all_frameworks() -> Value {
    let folder = example_folder();
    World::new(&[]).json(0, &["framework", "all", folder.to_str().unwrap()])
}

#[test]
fn the_summary_and_every_control_of_it() {
    let report = examples_by_all_frameworks();
    let counters = [
        "passedResources",
        "failedResources",
        "skippedResources",
        "excludedResources",
    ];
    let summary = &report["summaryDetails"];
    let severities = [
        "criticalSeverity",
        "highSeverity",
        "mediumSeverity",
        "lowSeverity",
    ];
    has_keys(&summary["resourcesSeverityCounters"], &severities);
    has_keys(&summary["controlsSeverityCounters"], &severities);
    has_keys(&summary["ResourceCounters"], &counters);
    has_keys(
        &summary["vulnerabilities"],
        &["mapsSeverityToSummary", "CVEs", "packageScores", "images"],
    );
    let frameworks = summary["frameworks"].as_array().unwrap();
    let mut summaries = vec![&summary["controls"]];
    for framework in frameworks {
        has_keys(
            framework,
            &[
                "name",
                "status",
                "version",
                "controls",
                "ResourceCounters",
                "score",
                "complianceScore",
            ],
        );
        summaries.push(&framework["controls"]);
    }
    for (id, control) in summaries
        .iter()
        .flat_map(|controls| controls.as_object().unwrap())
    {
        assert_eq!(control["controlID"], **id);
        assert_eq!(control["resourceIDs"], serde_json::json!({}));
        has_keys(
            control,
            &[
                "name",
                "status",
                "score",
                "complianceScore",
                "scoreFactor",
                "category",
            ],
        );
        has_keys(&control["statusInfo"], &["status"]);
        has_keys(&control["ResourceCounters"], &counters);
        has_keys(&control["subStatusCounters"], &["ignoredResources"]);
    }
}

#[test]
fn every_result_down_to_its_paths() {
    let report = examples_by_all_frameworks();
    let mut paths = 0;
    for result in report["results"].as_array().unwrap() {
        has_keys(result, &["resourceID", "controls"]);
        for control in result["controls"].as_array().unwrap() {
            has_keys(control, &["controlID", "name", "status", "rules"]);
            for rule in control["rules"].as_array().unwrap() {
                has_keys(rule, &["name", "status", "subStatus"]);
                for path in rule["paths"].as_array().into_iter().flatten() {
                    paths += 1;
                    has_keys(path, &["resourceID", "fixPath"]);
                    has_keys(&path["fixPath"], &["path", "value"]);
                }
            }
        }
    }
    assert!(paths > 50, "{paths}");
}

#[test]
fn every_resource_and_the_metadata() {
    let report = examples_by_all_frameworks();
    for resource in report["resources"].as_array().unwrap() {
        has_keys(resource, &["resourceID", "object"]);
        if let Some(source) = resource.get("source") {
            has_keys(source, &["path", "relativePath", "fileType"]);
        }
    }
    has_keys(
        &report["metadata"],
        &["targetMetadata", "clusterMetadata", "scanMetadata"],
    );
    has_keys(
        &report["metadata"]["scanMetadata"],
        &[
            "targetType",
            "targetNames",
            "kubescapeVersion",
            "formatVersion",
            "formats",
            "excludedNamespaces",
            "includeNamespaces",
            "failThreshold",
            "complianceThreshold",
            "scanningTarget",
            "hostScanner",
            "submit",
            "verboseMode",
        ],
    );
    has_keys(&report["paginationInfo"], &["chunkNumber", "isLastChunk"]);
}
