//! Arguments of `netpol`.

use clap::{Args, Subcommand, ValueEnum};

use super::ListFormat;

#[derive(Args)]
pub(crate) struct NetpolArguments {
    #[command(subcommand)]
    pub(crate) command: NetpolCommand,
}

#[derive(Subcommand)]
pub(crate) enum NetpolCommand {
    /// Write the network policies that allow what was observed.
    ///
    /// Reads NetworkNeighborhood and NetworkNeighbors objects, and the networks that KnownServer
    /// objects name, in any order and also in Lists. What was observed is allowed; everything else
    /// is denied in the directions in which anything was observed. Read the warnings before you
    /// apply the result: what was not observed is not allowed.
    Generate(GenerateArguments),
    /// Say which recorded flows network policies would have blocked.
    ///
    /// Reads NetworkPolicy (and GeneratedNetworkPolicy) objects and the observations of workloads
    /// as for `generate`. Policies for the same pods add up: a flow is blocked when policies are
    /// for its pods and direction and none of them allows it. Where that depends on labels, names
    /// or addresses that were not recorded, the flow is undecidable.
    Simulate(SimulateArguments),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubectl get networkneighborhoods,knownservers -A -o yaml | kubescape netpol generate - > policies.yaml
  kubescape netpol generate observed/ -n shop | kubectl apply -f -
  kubescape netpol generate observed.yaml --deny-unseen-directions --with-references")]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    pub(crate) input: NetpolInput,
    /// Also deny directions in which nothing was observed.
    #[arg(long)]
    pub(crate) deny_unseen_directions: bool,
    /// Print whole GeneratedNetworkPolicy objects, which say where each network comes from; they
    /// are to be read, not applied.
    #[arg(long)]
    pub(crate) with_references: bool,
    /// YAML documents, or one List in JSON.
    #[arg(long, short, value_enum, default_value = "yaml")]
    pub(crate) format: ObjectFormat,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubescape netpol simulate --policy policies.yaml observed.yaml
  kubectl get networkpolicies,networkneighborhoods -A -o yaml | kubescape netpol simulate -
  kubescape netpol simulate --policy new.yaml dump.yaml --fail-on-blocked    exits with 1 when a flow is blocked")]
pub(crate) struct SimulateArguments {
    /// A file or folder with policies; give it again for more. FILES may have policies, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Vec<String>,
    #[command(flatten)]
    pub(crate) input: NetpolInput,
    /// List allowed flows, too, however many there are.
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 when a flow is blocked.
    #[arg(long)]
    pub(crate) fail_on_blocked: bool,
    /// Text for people, or JSON with every blocked and undecidable flow.
    #[arg(long, short, value_enum, default_value = "pretty-print")]
    pub(crate) format: ListFormat,
}

/// What both read.
#[derive(Args)]
pub(crate) struct NetpolInput {
    /// Files, folders, globs, or `-` for standard input.
    #[arg(required = true, value_name = "FILES")]
    pub(crate) files: Vec<String>,
    /// Only what is of this namespace; objects that name none are taken to be in it.
    #[arg(long, short)]
    pub(crate) namespace: Option<String>,
    /// Largest document that is read, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) max_document_size: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObjectFormat {
    /// YAML documents.
    Yaml,
    /// One List in JSON.
    Json,
}
