//! What somebody may have meant who named a file that is not there.

use kubescape_collect::{Code, Problem};
use kubescape_controls::LIBRARY;
use kubescape_engine::nearest;

/// `scan nsa` and `scan frmework nsa …` read like paths to the parser.
pub(crate) fn improve(mut problem: Problem) -> Problem {
    if problem.code == Code::NotFound
        && let Some(form) = meant(&problem.path)
    {
        problem.remedy = format!("did you mean `kubescape scan {form} PATHS`?");
    }
    problem
}

fn meant(path: &str) -> Option<String> {
    let frameworks = LIBRARY.frameworks.iter();
    if let Some(framework) = frameworks
        .map(|framework| framework.name)
        .find(|name| name.eq_ignore_ascii_case(path))
    {
        return Some(format!("framework {framework}"));
    }
    if let Some(control) = LIBRARY.control(path) {
        return Some(format!("control {}", control.id));
    }
    if path.contains(['/', '.']) || path.len() < 5 {
        return None;
    }
    match nearest(path, ["framework", "control", "workload"])? {
        "framework" => Some("framework NAMES".to_owned()),
        "control" => Some("control IDS".to_owned()),
        _ => Some("workload KIND/NAME".to_owned()),
    }
}
