//! `explain CONTROL`, and `explain OBJECT`.

mod ask;
mod meant;

use std::fmt::Write as _;

use kubescape_controls::LIBRARY;
use kubescape_engine::{ActionRequired, Control, Scope, nearest};

use crate::arguments::ExplainArguments;
use crate::exit::{Exit, Failure};
use crate::output;
use meant::Meant;

pub(crate) fn run(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    match meant::meant(&arguments.what)? {
        Meant::Control(control) => {
            output::print(&text(control))?;
            Ok(Exit::Success)
        }
        Meant::Object(object) => ask::run(arguments, object),
    }
}

/// A control by ID or name.
pub(crate) fn find(wanted: &str) -> Result<&'static Control, Failure> {
    let named = || {
        LIBRARY
            .controls
            .iter()
            .find(|control| control.name.eq_ignore_ascii_case(wanted))
    };
    LIBRARY.control(wanted).or_else(named).ok_or_else(|| {
        let names = LIBRARY
            .controls
            .iter()
            .flat_map(|control| [control.id, control.name]);
        let hint = match nearest(wanted, names) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "`kubescape list controls` shows them all".to_owned(),
        };
        Failure::usage(format!("there is no control \"{wanted}\"; {hint}"))
    })
}

fn text(control: &Control) -> String {
    let mut text = String::new();
    // Writing to memory cannot fail.
    let _ = writeln!(text, "{}  {}\n", control.id, control.name);
    let category = [control.category, control.subcategory];
    let category: Vec<_> = category
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let mut facts = vec![(
        "Severity",
        format!(
            "{} (score {})",
            control.severity().name(),
            control.base_score
        ),
    )];
    if !category.is_empty() {
        facts.push(("Category", category.join(" / ")));
    }
    facts.push(("Runs on", scopes(control)));
    facts.push(("Looks at", kinds(control)));
    let inputs = control.inputs();
    if !inputs.is_empty() {
        facts.push((
            "Inputs",
            format!("{} (set with --controls-config)", inputs.join(", ")),
        ));
    }
    if let Some(action) = control.action_required {
        facts.push(("Needs you", needs(action).to_owned()));
    }
    let frameworks: Vec<_> = LIBRARY
        .frameworks_of(control.id)
        .map(|framework| framework.name)
        .collect();
    facts.push(("Frameworks", frameworks.join(", ")));
    for (name, fact) in facts {
        let _ = writeln!(text, "{name:<11} {fact}");
    }
    let _ = write!(
        text,
        "\nWhat and why\n\n{}\n\nHow to fix\n\n{}\n",
        indent(control.description),
        indent(control.remediation)
    );
    text
}

fn indent(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!("  {line}")
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn scopes(control: &Control) -> String {
    let name = |scope: &Scope| match scope {
        Scope::File => "files",
        Scope::Cluster => "clusters",
        Scope::Cloud => "managed clusters",
        Scope::Eks => "EKS",
        Scope::Aks => "AKS",
        Scope::Gke => "GKE",
    };
    if control.scopes.is_empty() {
        "everything".to_owned()
    } else {
        control
            .scopes
            .iter()
            .map(name)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn kinds(control: &Control) -> String {
    let mut kinds: Vec<_> = control
        .rules
        .iter()
        .flat_map(|rule| rule.kinds)
        .map(|kind| kind.kind)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() {
        "nothing that a program can read".to_owned()
    } else {
        kinds.join(", ")
    }
}

fn needs(action: ActionRequired) -> &'static str {
    match action {
        ActionRequired::Configuration => "to set its inputs; while they are empty it is skipped",
        ActionRequired::RequiresReview => "to review what it finds",
        ActionRequired::ManualReview => "to judge it; a program cannot",
    }
}
