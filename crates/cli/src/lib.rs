//! The command line: arguments, commands, exit codes.

mod arguments;
mod clock;
mod controls_config;
mod doctor;
mod exit;
mod explain;
mod hints;
mod kinds;
mod list;
mod netpol;
mod operator;
mod output;
mod progress;
mod rules_test;
mod safe_json;
mod scan;
mod scanner;
mod service;
mod storage;
mod trigger;
mod up;
mod yaml;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use exit::{Exit, Failure};

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    // A panic is contained where it happens; all a user needs of it is the place.
    std::panic::set_hook(Box::new(|panic| {
        complain(&format!("internal error: {panic}"));
    }));
    let exit = std::panic::catch_unwind(|| {
        run(Arguments::parse().command).unwrap_or_else(|failure| {
            complain(&format!("error: {failure}"));
            failure.exit
        })
    });
    exit.unwrap_or(Exit::Internal).into()
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Scan(arguments) => scan::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Netpol(arguments) => netpol::run(&arguments),
        Command::Rules(arguments) => rules_test::run(&arguments),
        Command::Scanner(arguments) => scanner::run(&arguments),
        Command::Storage(arguments) => storage::run(&arguments),
        Command::Operator(arguments) => operator::run(arguments),
        Command::Trigger(arguments) => trigger::run(&arguments),
        Command::Up(arguments) => up::run(&arguments),
        Command::Version => version(),
        Command::Completion { shell } => completion(shell),
    }
}

/// Says something on standard error; there is nowhere to turn when that fails.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn version() -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let library = &kubescape_controls::LIBRARY;
    let (controls, frameworks) = (library.controls.len(), library.frameworks.len());
    let text = format!(
        "kubescape {version}\nlibrary   {} ({controls} controls, {frameworks} frameworks)\n",
        library.version
    );
    output::print(&text)?;
    Ok(Exit::Success)
}

fn completion(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "kubescape", &mut text);
    output::print_bytes(&text)?;
    Ok(Exit::Success)
}
