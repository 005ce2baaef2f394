//! `operator`: its arguments.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubescape operator                                   in a pod, as the chart runs it
  kubescape operator --kubeconfig ~/.kube/config       for a cluster, from outside
  kubescape operator --standalone --data-dir data      without a cluster

In a pod, config.json, clusterData.json, capabilities.json and services.json in /etc/config
(folder: CONFIG_DIR) and account and accessKey in /etc/credentials are read.
-tlsCertFile and -tlsKeyFile are taken as in older releases; their other flags are ignored.")]
pub(crate) struct OperatorArguments {
    /// How to reach the cluster [default: the pod's own account].
    #[arg(long, value_name = "FILE", conflicts_with = "standalone")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Run without a cluster; recurring scans are kept in the folder of data.
    #[arg(long)]
    pub(crate) standalone: bool,
    /// Where to take commands [default: [::]:4002].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// Where to answer probes and give metrics; `none`: nowhere [default: [::]:8000].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) probes: Option<String>,
    /// Where recurring scans are kept that no `CronJob` runs [default: /data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Flags of older releases.
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) legacy: Vec<String>,
}
