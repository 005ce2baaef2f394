//! The command line's shape.

mod doctor;
mod explain;
mod netpol;
mod operator;
mod scan;
mod scanner;
mod storage;
mod trigger;
mod up;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use doctor::DoctorArguments;
pub(crate) use explain::{Answers, ExplainArguments};
pub(crate) use netpol::{
    GenerateArguments, NetpolArguments, NetpolCommand, NetpolInput, ObjectFormat, SimulateArguments,
};
pub(crate) use operator::OperatorArguments;
pub(crate) use scan::{
    ReportArguments, ScanArguments, ScanTarget, SelectionArguments, SubmitArguments, Threshold,
    ThresholdArguments, ViewName,
};
pub(crate) use scanner::ScannerArguments;
pub(crate) use storage::{StorageArguments, StorageCommand};
pub(crate) use trigger::TriggerArguments;
pub(crate) use up::UpArguments;

/// Finds what is wrong with Kubernetes objects, why, and what to change.
#[derive(Parser)]
#[command(
    name = "kubescape",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  kubescape scan manifests/                       what is wrong in a folder of manifests
  helm template ./chart | kubescape scan -        … in a rendered chart
  kubescape scan framework nsa,mitre manifests/   … by these frameworks only
  kubescape explain C-0016                        what a control wants, and how to satisfy it
  kubescape explain deploy/cart -n shop           why its result is there, stale or missing
  kubescape doctor                                what of the platform is not well
  kubescape netpol generate observed.yaml         network policies from observed traffic
  kubescape scanner --data-dir data               scans and metrics of a cluster over HTTP
  kubescape storage --standalone                  a Kubernetes API for results, without a cluster
  kubescape operator --standalone                 commands and recurring scans, without a cluster

Exit codes: 0 done, 1 a threshold is broken or a flow blocked, 2 bad usage, 3 some input could not be read, 4 internal error, 5 the report was not sent."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process, on a cluster or a folder of manifests.
    Up(UpArguments),
    /// Judge Kubernetes objects in files.
    Scan(Box<ScanArguments>),
    /// List frameworks or controls.
    List(ListArguments),
    /// Say what a control finds and how to satisfy it, or why an object's result is as it is.
    Explain(ExplainArguments),
    /// Look at a cluster and the platform in it: what is well, what is not, what to do.
    Doctor(DoctorArguments),
    /// Make network policies from observed traffic, and try them on it.
    Netpol(NetpolArguments),
    /// Scan the cluster for those who ask over HTTP: the scanner role.
    #[command(alias = "ksserver")]
    Scanner(ScannerArguments),
    /// Keep results: the storage role, and care of its database.
    Storage(StorageArguments),
    /// Take commands and keep recurring scans: the operator role.
    Operator(OperatorArguments),
    /// Send one HTTP request, as CronJobs do.
    #[command(alias = "http-request")]
    Trigger(TriggerArguments),
    /// Work with rules.
    Rules(RulesArguments),
    /// Print the versions of the program and its library.
    Version,
    /// Print a completion script for a shell.
    #[command(after_help = "Example: kubescape completion bash > /etc/bash_completion.d/kubescape")]
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
pub(crate) struct ListArguments {
    /// What to list.
    pub(crate) what: ListWhat,
    /// Text for people, or JSON.
    #[arg(long, short, value_enum, default_value = "pretty-print")]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ListWhat {
    /// Frameworks with the number of their controls.
    Frameworks,
    /// Controls with severity and frameworks.
    Controls,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Text for people.
    #[value(alias = "pretty-printer")]
    PrettyPrint,
    /// JSON.
    Json,
}

#[derive(Args)]
pub(crate) struct RulesArguments {
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

#[derive(Subcommand)]
pub(crate) enum RulesCommand {
    /// Run test cases of rules.
    ///
    /// A case is a folder `<rule>/<case>` or `<rule>/test/<case>` with `input/` (one object a
    /// file), `expected.json` (the responses that the rule must give) and optionally `data.json`
    /// (its inputs) and `expected-filter.json`. When a `rule.metadata.json` stands beside, its
    /// `name` is the rule's name.
    #[command(after_help = "Example: kubescape rules test my-rules/ --rules host-network-access")]
    Test(RulesTestArguments),
}

#[derive(Args)]
pub(crate) struct RulesTestArguments {
    /// Folder of cases.
    pub(crate) folder: PathBuf,
    /// Only these rules.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "RULES",
        conflicts_with = "rules_file"
    )]
    pub(crate) rules: Vec<String>,
    /// Only the rules that this file names, one a line; `#` starts a comment.
    #[arg(long, value_name = "FILE")]
    pub(crate) rules_file: Option<PathBuf>,
    /// What runs the rules.
    #[arg(long, value_enum, default_value = "native")]
    pub(crate) engine: EngineName,
    /// Compare messages, too.
    #[arg(long)]
    pub(crate) compare_messages: bool,
    /// Text for people, or JSON.
    #[arg(long, short, value_enum, default_value = "pretty-print")]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// The built-in checks.
    Native,
    /// The Rego in `raw.rego` beside the cases.
    Rego,
}
