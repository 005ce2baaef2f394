//! `doctor`: what is well, what is not, what to do.

use std::fmt::Write as _;
use std::time::Duration;

use kubescape_doctor::{Finding, Options, State, examine};
use kubescape_live::Access;

use crate::arguments::{Answers, DoctorArguments};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(arguments: &DoctorArguments) -> Result<Exit, Failure> {
    let options = Options {
        access: Access {
            kubeconfig: arguments.kubeconfig.clone(),
            context: arguments.kube_context.clone(),
        },
        namespace: arguments.namespace.clone(),
        service_account: arguments.service_account.clone(),
        data_dir: arguments.data_dir.clone(),
        patience: Duration::from_secs(arguments.timeout.into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let findings = runtime.block_on(examine(options));
    let text = match arguments.output {
        Answers::Text => text(&findings, output::wants_color()),
        Answers::Json => {
            let json = serde_json::to_string_pretty(&findings);
            json.map_err(|error| Failure::new(Exit::Internal, error))? + "\n"
        }
    };
    output::print(&text)?;
    let fails = findings.iter().any(|finding| finding.state == State::Fail);
    Ok(if fails {
        Exit::Threshold
    } else {
        Exit::Success
    })
}

fn text(findings: &[Finding], color: bool) -> String {
    let mut text = String::new();
    let width = findings.iter().map(|finding| finding.check.len()).max();
    let width = width.unwrap_or_default();
    for finding in findings {
        let Finding {
            check,
            state,
            found,
            remedy,
        } = finding;
        let (on, off) = if color {
            (paint(*state), "\x1b[0m")
        } else {
            ("", "")
        };
        // Writing to memory cannot fail.
        let _ = writeln!(
            text,
            "{on}{:<7}{off}  {check:<width$}  {found}",
            state.name()
        );
        if !remedy.is_empty() {
            let _ = writeln!(text, "{:<7}  {:<width$}  → {remedy}", "", "");
        }
    }
    let count = |state| {
        findings
            .iter()
            .filter(|finding| finding.state == state)
            .count()
    };
    let [ok, warn, fail, skipped] =
        [State::Ok, State::Warn, State::Fail, State::Skipped].map(count);
    let _ = writeln!(
        text,
        "\n{ok} ok · {warn} to look at · {fail} failed · {skipped} skipped"
    );
    text
}

fn paint(state: State) -> &'static str {
    match state {
        State::Ok => "\x1b[32m",
        State::Warn => "\x1b[33m",
        State::Fail => "\x1b[1;31m",
        State::Skipped => "\x1b[2m",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> [Finding; 2] {
        [
            Finding {
                check: "clock",
                state: State::Ok,
                found: "agrees".to_owned(),
                remedy: String::new(),
            },
            Finding {
                check: "storage",
                state: State::Fail,
                found: "no answer".to_owned(),
                remedy: "start it".to_owned(),
            },
        ]
    }

    #[test]
    fn people_see_a_table_with_what_to_do() {
        assert_eq!(
            text(&findings(), false),
            "\
ok       clock    agrees
fail     storage  no answer
                  → start it

1 ok · 0 to look at · 1 failed · 0 skipped
"
        );
        assert!(text(&findings(), true).contains("\x1b[1;31mfail   \x1b[0m"));
    }

    #[test]
    fn programs_see_json() {
        let json = serde_json::to_value(findings()).unwrap();
        assert_eq!(json[0]["state"], "ok");
        assert!(json[0].get("remedy").is_none());
        assert_eq!(json[1]["check"], "storage");
    }
}
