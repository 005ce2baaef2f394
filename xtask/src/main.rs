//! Chores of the repository: `cargo xtask --help`.

mod bench;
mod continuous;
mod dashboards;
mod generate;
mod results;
mod storage;

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
    Bench(BenchArguments),
    /// Write docs/monitoring: a Grafana dashboard and alert rules for Prometheus.
    Dashboards,
    /// Run the storage as a process of a benchmark.
    #[command(hide = true)]
    ServeStorage,
    /// Run a command and print its wall time in seconds and peak memory in KiB.
    #[command(hide = true)]
    Measure { command: Vec<String> },
}

#[derive(clap::Args)]
struct BenchArguments {
    #[command(subcommand)]
    what: Option<Benchmark>,
}

#[derive(Subcommand)]
enum Benchmark {
    /// The storage as a server instead, and beside a kube-apiserver with etcd.
    Storage(storage::Arguments),
    /// Continuous scanning of a real cluster that changes, in milliseconds from change to result.
    Continuous(continuous::Arguments),
    /// Results brought into the storage through kube-apiserver, directly and in one process.
    Results(results::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Gen(arguments) => generate::run(&arguments),
        Chore::Bench(arguments) => match arguments.what {
            None => bench::run(),
            Some(Benchmark::Storage(arguments)) => {
                storage::run(&arguments).map_err(|error| error as _)
            }
            Some(Benchmark::Continuous(arguments)) => {
                continuous::run(&arguments).map_err(|error| error as _)
            }
            Some(Benchmark::Results(arguments)) => {
                results::run(&arguments).map_err(|error| error as _)
            }
        },
        Chore::Dashboards => dashboards::run(),
        Chore::ServeStorage => return results::serve(),
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
