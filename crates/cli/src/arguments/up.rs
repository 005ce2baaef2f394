//! `up`: its arguments.

use std::path::PathBuf;

use clap::Args;
use kubescape_runtime::Role;

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubescape up --manifests examples/shop      a folder stands for the cluster; edit its files
  kubescape up                                the cluster of the current kubeconfig context
  kubescape up --kube-context prod --data-dir ~/kubescape-prod

Then, with the kubeconfig that is named on the terminal:
  kubectl --kubeconfig kubescape-data/kubeconfig get workloadconfigurationscansummaries -A")]
pub(crate) struct UpArguments {
    /// A folder of manifests that stands for a cluster.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["kubeconfig", "kube_context"])]
    pub(crate) manifests: Option<PathBuf>,
    /// Where results and certificates are kept [default: kubescape-data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Where the API with the results listens [default: 127.0.0.1:8443].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// Where the scanner listens [default: 127.0.0.1:8080].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) scanner_listen: Option<String>,
    /// Where the operator takes commands [default: 127.0.0.1:4002].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) operator_listen: Option<String>,
    /// Start only these: storage, scanner, operator [default: all].
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) roles: Vec<Role>,
    /// Where to write the kubeconfig for it [default: kubeconfig in the data].
    #[arg(long, value_name = "FILE")]
    pub(crate) write_kubeconfig: Option<PathBuf>,
    /// The cluster's kubeconfig [default: KUBECONFIG, ~/.kube/config, or the pod's account].
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in it [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub(crate) kube_context: Option<String>,
    /// Judge by these frameworks only, as in nsa,mitre.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) frameworks: Vec<String>,
}
