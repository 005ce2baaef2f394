//! What the SARIF 2.1.0 schema requires, as far as we write it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use kubescape_report::{Format, Style};
use serde_json::Value as Json;

use crate::scans::{facts, frameworks, scan_of, text};

const FILES: [&str; 1] = ["."];

fn report() -> Json {
    let scan = scan_of(&FILES, &frameworks(&["all"]));
    serde_json::from_str(&text(
        Format::Sarif,
        &scan,
        &facts(&FILES),
        &Style::default(),
    ))
    .unwrap()
}

fn array<'j>(value: &'j Json, key: &str) -> &'j [Json] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn is_text(value: &Json) -> bool {
    value["text"].as_str().is_some_and(|text| !text.is_empty())
}

fn check_region(region: &Json) {
    let number = |key: &str| region[key].as_u64();
    let line = number("startLine").unwrap();
    assert!(line >= 1);
    if let (Some(column), Some(end_line), Some(end)) = (
        number("startColumn"),
        number("endLine"),
        number("endColumn"),
    ) {
        assert!(column >= 1 && (end_line, end) >= (line, column), "{region}");
    }
}

fn check_location(location: &Json) {
    let physical = &location["physicalLocation"];
    if physical.is_null() {
        assert!(
            !array(location, "logicalLocations").is_empty(),
            "{location}"
        );
        return;
    }
    let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
    assert!(!uri.contains([' ', '\\', '#']), "{uri}");
    check_region(&physical["region"]);
}

#[test]
fn required_properties_are_there() {
    let report = report();
    assert_eq!(report["version"], "2.1.0");
    let [run] = array(&report, "runs") else {
        panic!("one run")
    };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "kubescape");
    let rules = array(driver, "rules");
    let mut ids = HashSet::new();
    for rule in rules {
        assert!(ids.insert(rule["id"].as_str().unwrap()), "{rule}");
        assert!(
            is_text(&rule["shortDescription"])
                && is_text(&rule["fullDescription"])
                && is_text(&rule["help"])
        );
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        assert!(["error", "warning", "note", "none"].contains(&level));
        let severity: f32 = rule["properties"]["security-severity"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((0.0..=10.0).contains(&severity));
        assert!(
            array(&rule["properties"], "tags")
                .iter()
                .all(Json::is_string)
        );
    }
    for invocation in array(run, "invocations") {
        assert_eq!(invocation["executionSuccessful"], false);
        assert!(!array(invocation, "toolExecutionNotifications").is_empty());
        for notification in array(invocation, "toolExecutionNotifications") {
            assert!(is_text(&notification["message"]));
        }
    }
    let results = array(run, "results");
    assert!(results.len() > 50);
    let mut prints = HashSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(is_text(&result["message"]));
        assert!(!array(result, "locations").is_empty());
        array(result, "locations").iter().for_each(check_location);
        array(result, "relatedLocations")
            .iter()
            .for_each(check_location);
        let print = result["partialFingerprints"]["kubescapeFinding/v1"]
            .as_str()
            .unwrap();
        assert!(
            prints.insert((print, result["ruleId"].as_str())),
            "twice: {result}"
        );
    }
}

/// Applies replacements to a text, the last one first.
fn apply(text: &str, replacements: &[Json]) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let offset = |region: &Json, line: &str, column: &str| {
        let number = |key| usize::try_from(region[key].as_u64().unwrap()).unwrap();
        let before: usize = lines[..number(line) - 1]
            .iter()
            .map(|line| line.len())
            .sum();
        let text = lines.get(number(line) - 1).copied().unwrap_or("");
        let within = text
            .char_indices()
            .nth(number(column) - 1)
            .map_or(text.len(), |(at, _)| at);
        before + within
    };
    let mut edits: Vec<(usize, usize, &str)> = replacements
        .iter()
        .map(|replacement| {
            let region = &replacement["deletedRegion"];
            let text = replacement["insertedContent"]["text"].as_str().unwrap();
            (
                offset(region, "startLine", "startColumn"),
                offset(region, "endLine", "endColumn"),
                text,
            )
        })
        .collect();
    edits.sort_unstable();
    let mut fixed = text.to_owned();
    for (start, end, text) in edits.into_iter().rev() {
        fixed.replace_range(start..end, text);
    }
    fixed
}

/// What the fixes say they repair is repaired when they are applied.
#[test]
fn fixes_repair_what_they_are_for() {
    let report = report();
    let mut fixed = 0;
    for (number, result) in array(&report["runs"][0], "results").iter().enumerate() {
        for change in array(&result["fixes"][0], "artifactChanges") {
            let uri = change["artifactLocation"]["uri"].as_str().unwrap();
            let before = fs::read_to_string(uri).unwrap();
            let after = apply(&before, array(change, "replacements"));
            let extension = Path::new(uri).extension().unwrap().to_str().unwrap();
            let name = format!("kubescape-fix-{}-{number}.{extension}", std::process::id());
            let file = std::env::temp_dir().join(name);
            fs::write(&file, &after).unwrap();
            let id = result["ruleId"].as_str().unwrap();
            let scan = scan_of(&[file.to_str().unwrap()], &crate::scans::controls(&[id]));
            fs::remove_file(&file).unwrap();
            let expected = scan_of(&[uri], &crate::scans::controls(&[id]));
            assert!(
                scan.problems.len() <= expected.problems.len(),
                "{uri} {id}:\n{after}\n{:?}",
                scan.problems
            );
            let failed = |scan: &kubescape_scan::Scan| scan.outcome.controls[0].counts.failed;
            assert_eq!(failed(&scan) + 1, failed(&expected), "{uri} {id}:\n{after}");
            fixed += 1;
        }
    }
    assert!(fixed > 20, "only {fixed} fixes");
}
