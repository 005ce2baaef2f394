//! `list frameworks|controls`.

use std::fmt::Write as _;

use kubescape_controls::LIBRARY;
use kubescape_engine::{Control, Framework};
use serde_json::json;

use crate::arguments::{ListArguments, ListFormat, ListWhat};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(arguments: &ListArguments) -> Result<Exit, Failure> {
    let text = match (arguments.what, arguments.format) {
        (ListWhat::Frameworks, ListFormat::PrettyPrint) => {
            LIBRARY.frameworks.iter().map(framework_line).collect()
        }
        (ListWhat::Controls, ListFormat::PrettyPrint) => {
            LIBRARY.controls.iter().map(control_line).collect()
        }
        (ListWhat::Frameworks, ListFormat::Json) => pretty(
            &LIBRARY
                .frameworks
                .iter()
                .map(framework_json)
                .collect::<Vec<_>>(),
        ),
        (ListWhat::Controls, ListFormat::Json) => pretty(
            &LIBRARY
                .controls
                .iter()
                .map(control_json)
                .collect::<Vec<_>>(),
        ),
    };
    output::print(&text)?;
    Ok(Exit::Success)
}

fn framework_line(framework: &Framework) -> String {
    format!(
        "{:<22} {:>3} controls  {}\n",
        framework.name,
        framework.controls.len(),
        framework.description
    )
}

fn control_line(control: &Control) -> String {
    let mut line = format!(
        "{}  {:<8} {}",
        control.id,
        control.severity().name(),
        control.name
    );
    let names: Vec<_> = LIBRARY
        .frameworks_of(control.id)
        .map(|framework| framework.name)
        .collect();
    let names: Vec<_> = names
        .into_iter()
        .filter(|name| *name != "AllControls" && !name.contains('@'))
        .collect();
    if !names.is_empty() {
        // Writing to memory cannot fail.
        let _ = write!(line, "  ({})", names.join(", "));
    }
    line + "\n"
}

fn framework_json(framework: &Framework) -> serde_json::Value {
    let controls: Vec<_> = framework
        .controls
        .iter()
        .map(|control| control.id)
        .collect();
    json!({"name": framework.name, "description": framework.description, "controlsIDs": controls})
}

fn control_json(control: &Control) -> serde_json::Value {
    let frameworks: Vec<_> = LIBRARY
        .frameworks_of(control.id)
        .map(|framework| framework.name)
        .collect();
    let rules: Vec<_> = control.rules.iter().map(|rule| rule.name).collect();
    json!({
        "controlID": control.id,
        "name": control.name,
        "baseScore": control.base_score,
        "severity": control.severity().name(),
        "category": control.category,
        "description": control.description,
        "remediation": control.remediation,
        "frameworks": frameworks,
        "rulesNames": rules,
        "configInputs": control.inputs(),
    })
}

fn pretty(list: &[serde_json::Value]) -> String {
    // Text of values made of strings and numbers cannot fail.
    serde_json::to_string_pretty(list).unwrap_or_default() + "\n"
}
