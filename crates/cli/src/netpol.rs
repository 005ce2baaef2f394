//! `netpol`: network policies from observed traffic, and what they would block.

mod cost;
mod generate;
mod input;
mod json;
mod object;
mod simulate;
mod table;
mod words;

use kubescape_collect::Problem;
use kubescape_report::text::{cleaned, count, cut};

use crate::arguments::{NetpolArguments, NetpolCommand};
use crate::exit::{Exit, Failure};

pub(crate) fn run(arguments: &NetpolArguments) -> Result<Exit, Failure> {
    match &arguments.command {
        NetpolCommand::Generate(arguments) => generate::run(arguments),
        NetpolCommand::Simulate(arguments) => simulate::run(arguments),
    }
}

/// Problems that are told one by one.
const PROBLEMS: usize = 100;

/// Tells what could not be read.
fn complain_of(problems: &[Problem]) {
    for problem in problems.iter().take(PROBLEMS) {
        let word = if problem.is_note() { "note" } else { "warning" };
        complain(&format!("{word}[{}]: {problem}", problem.code));
    }
    let more = problems.len().saturating_sub(PROBLEMS);
    if more > 0 {
        complain(&format!("… and {}", count(more, "more problem")));
    }
}

/// Says something that may have foreign text in it on standard error.
fn complain(text: &str) {
    crate::complain(&cleaned(&cut(text, 1000)));
}

/// How the command ends if nothing else decides.
fn exit(problems: &[Problem]) -> Exit {
    if problems.iter().all(Problem::is_note) {
        Exit::Success
    } else {
        Exit::Input
    }
}
