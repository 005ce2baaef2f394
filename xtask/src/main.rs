//! Chores of the repository: `cargo xtask --help`.

mod bench;
mod generate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Chores of the repository")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Write realistic Kubernetes objects, the same ones for the same seed.
    Gen(generate::Arguments),
    /// Time the release binary as a whole process against its bars, and beside kube-score when
    /// that is installed.
    Bench,
    /// Run a command and print its wall time in seconds and peak memory in KiB.
    #[command(hide = true)]
    Measure { command: Vec<String> },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Gen(arguments) => generate::run(&arguments),
        Chore::Bench => bench::run(),
        Chore::Measure { command } => bench::measure(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[allow(clippy::print_stderr)]
            {
                eprintln!("error: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
