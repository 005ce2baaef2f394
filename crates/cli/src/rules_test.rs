//! `rules test`: rule cases of one's own, run and compared.

use std::fmt::Write as _;
use std::fs;

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_rulecases::{Case, Native, Options, Outcome, find, run as run_case};
use serde_json::json;

use crate::arguments::{EngineName, ListFormat, RulesArguments, RulesCommand, RulesTestArguments};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(arguments: &RulesArguments) -> Result<Exit, Failure> {
    let RulesCommand::Test(arguments) = &arguments.command;
    if arguments.engine == EngineName::Rego {
        return Err(Failure::usage(
            "--engine rego is not there yet; --engine native runs the built-in checks",
        ));
    }
    let cases = chosen_cases(arguments)?;
    let options = Options {
        default_inputs: default_inputs(),
        compare_messages: arguments.compare_messages,
    };
    let failures: Vec<(&Case, String)> = cases
        .iter()
        .filter_map(|case| Some((case, failure_of(case, &options)?)))
        .collect();
    let (failed, passed) = (failures.len(), cases.len() - failures.len());
    let text = match arguments.format {
        ListFormat::PrettyPrint => for_people(&failures, passed),
        ListFormat::Json => for_machines(&failures, passed),
    };
    output::print(&text)?;
    Ok(if failed == 0 {
        Exit::Success
    } else {
        Exit::Threshold
    })
}

fn chosen_cases(arguments: &RulesTestArguments) -> Result<Vec<Case>, Failure> {
    let mut cases = find(&arguments.folder).map_err(Failure::input)?;
    let mut wanted = arguments.rules.clone();
    if let Some(path) = &arguments.rules_file {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        let lines = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default().trim());
        wanted.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    if !wanted.is_empty() || arguments.rules_file.is_some() {
        if let Some(missing) = wanted
            .iter()
            .find(|rule| cases.iter().all(|case| case.rule != **rule))
        {
            let message = format!(
                "{} has no case of the rule \"{missing}\"",
                arguments.folder.display()
            );
            return Err(Failure::input(message));
        }
        cases.retain(|case| wanted.contains(&case.rule));
    }
    if cases.is_empty() {
        let message = format!(
            "{} has no rule case: a folder with expected.json",
            arguments.folder.display()
        );
        return Err(Failure::input(message));
    }
    Ok(cases)
}

/// What is wrong with a case, if anything.
fn failure_of(case: &Case, options: &Options) -> Option<String> {
    match run_case(case, &Native(&LIBRARY), options) {
        Ok(Outcome::Passed) => None,
        Ok(Outcome::Failed(differences)) => {
            Some(differences.iter().map(ToString::to_string).collect())
        }
        Err(error) => Some(format!("    {error}\n")),
    }
}

fn for_people(failures: &[(&Case, String)], passed: usize) -> String {
    let mut text = String::new();
    for (case, story) in failures {
        // Writing to memory cannot fail.
        let _ = write!(text, "FAILED {}/{}\n{story}", case.rule, case.name);
    }
    let _ = writeln!(text, "{passed} passed, {} failed", failures.len());
    text
}

fn for_machines(failures: &[(&Case, String)], passed: usize) -> String {
    let failure = |(case, story): &(&Case, String)| json!({"rule": case.rule, "case": case.name, "difference": story});
    let failures: Vec<_> = failures.iter().map(failure).collect();
    let report = json!({"passed": passed, "failed": failures.len(), "failures": failures});
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
