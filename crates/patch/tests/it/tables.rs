//! Tables of cases whose results come from Kubernetes' own libraries (see
//! `../oracle`); where ours differs on purpose, `ours` has the result and `why`
//! the reason.

use kubescape_api::Resource;
use kubescape_patch::{Error, Limits, apply, merge_patch, strategic_merge, track_update};
use serde_json::{Value, json};

const NOW: &str = "2024-01-02T03:04:05Z";

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// An object without the times of its owners, and these in one order: the
/// libraries tell the time, and at times forget it.
fn timeless(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(Value::Array(entries)) = object.pointer_mut("/metadata/managedFields") {
        for entry in entries.iter_mut() {
            entry.as_object_mut().unwrap().remove("time");
        }
        entries.sort_by_key(ToString::to_string);
    }
    object
}

fn sorted(causes: &Value) -> Vec<String> {
    let causes = causes.as_array().into_iter().flatten();
    let mut causes: Vec<_> = causes.map(ToString::to_string).collect();
    causes.sort();
    causes
}

/// Compares with what Kubernetes does; adds to `wrong` when it differs.
fn compare(name: &str, expected: &Value, result: &Result<Value, Error>, wrong: &mut Vec<String>) {
    let (then, refused, ours) = (&expected["then"], &expected["refused"], &expected["ours"]);
    let right = match result {
        Ok(value) if ours.is_object() => timeless(value) == *ours,
        Ok(value) => refused.is_null() && timeless(value) == timeless(then),
        Err(error) if ours.is_string() => error.to_string() == *ours,
        Err(error) => {
            let text = error.to_string();
            // Long quotes are cut.
            let start = text.split('…').next().unwrap();
            let alike = refused
                .as_str()
                .is_some_and(|refused| refused.starts_with(start));
            alike && sorted(&error.causes().into()) == sorted(&expected["causes"])
        }
    };
    if !right {
        let shown = match result {
            Ok(value) => timeless(value).to_string(),
            Err(error) => format!("{error} {:?}", error.causes()),
        };
        wrong.push(format!(
            "{name}:\n  got  {shown}\n  then {then} {refused}\n  ours {ours}"
        ));
    }
}

#[test]
fn strategic_patches_do_what_kubernetes_does() {
    let cases = cases(include_str!("cases/strategic.json"));
    assert!(cases.len() > 60);
    let mut wrong = Vec::new();
    for case in cases {
        let resource = Resource::by_kind(case["kind"].as_str().unwrap()).unwrap();
        let (object, patch) = (case["object"].clone(), case["patch"].clone());
        let result = strategic_merge(object, patch, resource.schema(), &Limits::default());
        compare(&case["name"].to_string(), &case, &result, &mut wrong);
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn writes_own_fields_as_in_kubernetes() {
    let cases = cases(include_str!("cases/apply.json"));
    assert!(cases.len() > 60);
    let mut wrong = Vec::new();
    for case in cases {
        let resource = Resource::by_kind(case["kind"].as_str().unwrap()).unwrap();
        let mut live = None;
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let result = run(resource, live.as_ref(), step);
            let name = format!("{} step {number}", case["name"]);
            compare(&name, step, &result, &mut wrong);
            live = result.ok().or(live);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn run(resource: &Resource, live: Option<&Value>, step: &Value) -> Result<Value, Error> {
    let schema = resource.schema();
    let by = step["by"].as_str().unwrap();
    if let Some(config) = step.get("apply") {
        let force = step.get("force") == Some(&json!(true));
        return apply(live, config, schema, by, force, NOW);
    }
    let new = match (step.get("create"), step.get("merge"), live) {
        (Some(new), _, _) => new.clone(),
        (_, Some(patch), Some(live)) => {
            // `[]` and `[{}]` are replaced, not merged with.
            merge_patch(live.clone(), patch.clone(), &Limits::default()).unwrap()
        }
        _ => panic!("a step that does nothing: {step}"),
    };
    Ok(track_update(live, new, schema, by, NOW))
}
