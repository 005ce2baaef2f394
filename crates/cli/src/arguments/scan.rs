//! Arguments of `scan`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use kubescape_engine::Scope;

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubescape scan                         the cluster of the current context
  kubescape scan --kube-context staging --exclude-namespaces kube-system
  kubescape scan workload Deployment/cart -n shop
  kubescape scan manifests/
  kubescape scan 'deploy/**/*.yaml' --view resource
  kubescape scan framework nsa,mitre manifests/
  kubescape scan control C-0016,C-0017 manifests/
  kubescape scan workload Deployment/cart -n shop manifests/
  kubescape scan manifests/ --format json,sarif --output report
  kubescape scan manifests/ --severity-threshold high    exits with 1 when something high fails
  KS_ACCESS_KEY=… kubescape scan --submit --server backend.example.com --account UUID")]
pub(crate) struct ScanArguments {
    #[command(subcommand)]
    pub(crate) target: Option<ScanTarget>,
    /// Files, folders, globs, or `-` for standard input; without any, the cluster is scanned.
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
    #[command(flatten)]
    pub(crate) thresholds: ThresholdArguments,
    #[command(flatten)]
    pub(crate) submit: SubmitArguments,
}

/// Whether the report is sent to a backend.
#[allow(clippy::doc_markdown, reason = "these are texts of --help")]
#[derive(Args)]
#[command(next_help_heading = "Backend (docs/reporting.md)")]
pub(crate) struct SubmitArguments {
    /// Send the report to a backend, too; failing that ends with exit code 5.
    #[arg(long, global = true)]
    pub(crate) submit: bool,
    /// The backend, a host or URL [default: KS_SERVER, or the service-discovery file].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The account there [default: KS_ACCOUNT_ID, or none].
    #[arg(long, global = true, value_name = "UUID")]
    pub(crate) account: Option<String>,
    /// The account's key; others see it in the list of processes: prefer KS_ACCESS_KEY.
    #[arg(long, global = true, value_name = "KEY")]
    pub(crate) access_key: Option<String>,
    /// Send nothing anywhere, which is so without --submit.
    #[arg(long, global = true)]
    pub(crate) keep_local: bool,
}

#[derive(Subcommand)]
pub(crate) enum ScanTarget {
    /// Judge by frameworks.
    Framework {
        /// Names, separated by commas; `all` is every one.
        #[arg(value_parser = comma_list)]
        names: CommaList,
        /// Files, folders, globs, or `-` for standard input; else the cluster.
        paths: Vec<String>,
    },
    /// Judge by controls.
    Control {
        /// IDs or names, separated by commas.
        #[arg(value_parser = comma_list)]
        controls: CommaList,
        /// Files, folders, globs, or `-` for standard input; else the cluster.
        paths: Vec<String>,
    },
    /// Judge one workload, together with what it is joined to.
    Workload {
        /// Kind and name: `Deployment/cart` or `deploy/cart`.
        #[arg(value_name = "KIND/NAME")]
        name: String,
        /// Its namespace.
        #[arg(long, short)]
        namespace: Option<String>,
        /// Where it is, beside PATHS.
        #[arg(long)]
        file_path: Option<String>,
        /// Files, folders, globs, or `-` for standard input; else the cluster.
        paths: Vec<String>,
    },
}

/// How to reach a cluster.
#[derive(Args)]
#[command(next_help_heading = "Cluster (when no files are named)")]
pub(crate) struct ClusterArguments {
    /// The kubeconfig [default: KUBECONFIG, ~/.kube/config, or the pod's own account].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in it [default: its current one].
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) kube_context: Option<String>,
}

/// Names in one argument, separated by commas.
#[derive(Clone)]
pub(crate) struct CommaList(pub(crate) Vec<String>);

fn comma_list(text: &str) -> Result<CommaList, String> {
    let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err("a name is empty".to_owned());
    }
    Ok(CommaList(names))
}

#[derive(Args)]
#[command(next_help_heading = "What is judged")]
pub(crate) struct SelectionArguments {
    /// What the input is. Some controls judge clusters only, or those of one cloud; `auto` looks
    /// for nodes, node and cloud data and control plane pods in the input.
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub(crate) scope: ScopeName,
    /// Only these namespaces (and cluster-scoped objects).
    #[arg(long, global = true, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) include_namespaces: Vec<String>,
    /// Not these namespaces.
    #[arg(
        long,
        short = 'e',
        global = true,
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    pub(crate) exclude_namespaces: Vec<String>,
    /// Only these kinds.
    #[arg(long, global = true, value_delimiter = ',', value_name = "KINDS")]
    pub(crate) include_kinds: Vec<String>,
    /// Not these kinds.
    #[arg(long, global = true, value_delimiter = ',', value_name = "KINDS")]
    pub(crate) exclude_kinds: Vec<String>,
    /// Not these controls.
    #[arg(long, global = true, value_delimiter = ',', value_name = "IDS")]
    pub(crate) skip_controls: Vec<String>,
    /// Only controls of at least this severity.
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "SEVERITY"
    )]
    pub(crate) min_severity: Option<Threshold>,
    /// File with inputs of controls: a map from name to list.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) controls_config: Option<PathBuf>,
    /// File with exceptions: what you accept although it fails. As often as there are several.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) exceptions: Vec<PathBuf>,
    /// Descriptions of nodes and of the cloud, which the cluster's API does not have: a file or
    /// folder, as often as there are several. docs/descriptions.md shows how to make them.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) descriptions: Vec<String>,
    /// How many threads judge; as many as there are cores by default.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Largest document that is read, in MiB.
    #[arg(long, global = true, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) max_document_size: u16,
}

#[derive(Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct ReportArguments {
    /// Forms of the report, separated by commas: pretty-printer, json, sarif, junit.
    #[arg(long, short, global = true, value_delimiter = ',', default_value = "pretty-printer", value_parser = format_name())]
    pub(crate) format: Vec<String>,
    /// Version of the JSON form.
    #[arg(long, global = true, default_value = "v2", value_parser = ["v2"], hide = true)]
    pub(crate) format_version: String,
    /// File to write to; a missing extension is added.
    #[arg(long, short, global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What the text for people is arranged by.
    #[arg(long, global = true, value_enum, default_value = "security")]
    pub(crate) view: ViewName,
    /// Show every object, not only the first few.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Leave the objects themselves out of JSON.
    #[arg(long, global = true)]
    pub(crate) omit_raw_resources: bool,
}

fn format_name() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(
        kubescape_report::Format::ALL.map(kubescape_report::Format::name),
    )
}

// Named as the flags are.
#[allow(clippy::struct_field_names)]
#[derive(Args)]
#[command(next_help_heading = "Thresholds (broken: exit code 1)")]
pub(crate) struct ThresholdArguments {
    /// Compliance below this fails, 0 to 100.
    #[arg(long, global = true, value_name = "PERCENT", default_value_t = 0.0, value_parser = percentage)]
    pub(crate) compliance_threshold: f32,
    /// A failed control of at least this severity fails.
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "SEVERITY"
    )]
    pub(crate) severity_threshold: Option<Threshold>,
    /// Risk above this fails, 0 to 100; prefer --compliance-threshold.
    #[arg(long, short = 't', global = true, value_name = "PERCENT", default_value_t = 100.0, value_parser = percentage)]
    pub(crate) fail_threshold: f32,
}

fn percentage(text: &str) -> Result<f32, String> {
    let number: f32 = text
        .parse()
        .map_err(|_| format!("\"{text}\" is no number"))?;
    if (0.0..=100.0).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{number} is not between 0 and 100"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Threshold {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewName {
    /// Failed controls, worst first, with the places at fault.
    Security,
    /// Objects with their failed controls.
    Resource,
    /// A table of all controls.
    Control,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeName {
    /// Whatever the input looks like.
    Auto,
    /// Manifests.
    File,
    /// The dump of a cluster.
    Cluster,
    /// … of Amazon EKS.
    Eks,
    /// … of Azure AKS.
    Aks,
    /// … of Google GKE.
    Gke,
}

impl ScopeName {
    /// `None` lets the input tell.
    pub(crate) fn scope(self) -> Option<Scope> {
        match self {
            Self::Auto => None,
            Self::File => Some(Scope::File),
            Self::Cluster => Some(Scope::Cluster),
            Self::Eks => Some(Scope::Eks),
            Self::Aks => Some(Scope::Aks),
            Self::Gke => Some(Scope::Gke),
        }
    }
}
