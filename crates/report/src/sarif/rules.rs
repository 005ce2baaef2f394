//! Failing controls as rules.

use kubescape_engine::Control;
use kubescape_scan::Scan;
use serde_json::{Value as Json, json};

use crate::faults::first_sentence;

/// Of a finding of this control: `error`, `warning` or `note`.
/// (config-scanning reference §7.1.)
pub(super) fn level(control: &Control) -> &'static str {
    match control.base_score {
        score if score >= 9.0 => "error",
        score if score >= 4.0 => "warning",
        _ => "note",
    }
}

pub(super) fn rule(scan: &Scan, number: usize) -> Json {
    let plan = &scan.outcome.plan;
    let control = plan.controls[number];
    let (description, remediation) = (control.description.trim(), control.remediation.trim());
    let member = |(framework, numbers): &(&kubescape_engine::Framework, Vec<usize>)| {
        numbers.contains(&number).then(|| framework.name.to_owned())
    };
    let mut tags: Vec<String> = plan.frameworks.iter().filter_map(member).collect();
    tags.extend(
        [control.category, control.subcategory]
            .iter()
            .filter(|name| !name.is_empty())
            .map(ToString::to_string),
    );
    tags.push("security".to_owned());
    tags.sort();
    tags.dedup();
    let help = format!("{description}\n\n{remediation}");
    json!({
        "id": control.id,
        "name": name(control.name),
        "shortDescription": {"text": control.name},
        "fullDescription": {"text": first_sentence(description)},
        "help": {"text": help, "markdown": format!("**{}**\n\n{help}", control.name)},
        "defaultConfiguration": {"level": level(control)},
        "properties": {
            "security-severity": format!("{:.1}", control.base_score),
            "severity": control.severity().name(),
            "tags": tags,
        },
    })
}

/// `Allow privilege escalation` → `AllowPrivilegeEscalation`, as names of
/// rules are written.
fn name(text: &str) -> String {
    let mut name = String::new();
    let words = text.split(|char: char| !char.is_alphanumeric());
    for word in words {
        let mut chars = word.chars();
        name.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(chars.as_str());
    }
    name
}
