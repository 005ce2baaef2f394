use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_rulecases::{Native, Options, Outcome, bless, find, run};

/// Runs the cases below a folder and returns how many there were.
///
/// `KUBESCAPE_RULES=a,b` narrows to some rules, `BLESS=1` rewrites expectations.
fn run_all(root: &Path, may_bless: bool) -> usize {
    let chosen: Option<Vec<String>> = env::var("KUBESCAPE_RULES")
        .ok()
        .map(|rules| rules.split(',').map(str::to_owned).collect());
    let options = Options {
        default_inputs: default_inputs(),
        compare_messages: false,
    };
    let native = Native(&LIBRARY);
    let mut cases = find(root).unwrap();
    if let Some(chosen) = chosen {
        cases.retain(|case| chosen.contains(&case.rule));
    }
    let mut failures = String::new();
    let mut failed = 0;
    for case in &cases {
        if may_bless && env::var_os("BLESS").is_some() {
            bless(case, &native, &options).unwrap_or_else(|error| panic!("{error}"));
            continue;
        }
        let story = match run(case, &native, &options) {
            Ok(Outcome::Passed) => continue,
            Ok(Outcome::Failed(differences)) => {
                differences.iter().map(ToString::to_string).collect()
            }
            Err(error) => format!("    {error}\n"),
        };
        failed += 1;
        failures.extend([&*case.rule, " / ", &*case.name, "\n", &*story]);
    }
    assert!(
        failures.is_empty(),
        "{failures}\n{failed} of {} cases failed",
        cases.len()
    );
    cases.len()
}

/// Straight to standard error, which the test runner does not hold back.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn our_own_cases_pass() {
    let count = run_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), true);
    say(&format!("{count} own rule cases passed"));
}

#[test]
fn the_conformance_cases_pass() {
    let Some(root) = env::var_os("KUBESCAPE_CONFORMANCE").map(PathBuf::from) else {
        say("KUBESCAPE_CONFORMANCE is not set: 0 conformance cases ran");
        return;
    };
    let count = run_all(&root.join("regolibrary"), false);
    assert!(count > 0, "no case below {}", root.display());
    say(&format!("{count} conformance cases passed"));
}
