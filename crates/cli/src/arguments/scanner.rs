//! `scanner`: its arguments.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubescape scanner --data-dir data    serve scans of the current context's cluster on port 8080
  kubescape scanner                    in a pod, as the chart runs it
  curl -X POST localhost:8080/v1/scan -d '{\"targetType\":\"Framework\",\"targetNames\":[\"nsa\"]}'
  curl 'localhost:8080/v1/results?keep=true'      the latest report
  curl localhost:8080/v1/metrics                  for Prometheus
  open http://localhost:8080/openapi/v2/          all endpoints

All else is set by environment variables; docs/scanner.md lists them.")]
pub(crate) struct ScannerArguments {
    /// Where to listen [default: 0.0.0.0:8080].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// Results are kept in its folder `results` [default: the working directory].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How to reach the cluster [default: ~/.kube/config, or the pod's own account].
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in it.
    #[arg(long, value_name = "NAME")]
    pub(crate) kube_context: Option<String>,
}
