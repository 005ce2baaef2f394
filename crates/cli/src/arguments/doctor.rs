//! `doctor`: its arguments.

use std::path::PathBuf;

use clap::Args;

use super::Answers;

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubescape doctor                                   the cluster of the current context
  kubescape doctor --service-account kubescape/kubescape   the rights of the scanner's account
  kubescape doctor --data-dir kubescape-data         the data of `kubescape up`, too
  kubescape doctor -o json

Ends with 1 when something fails. Nothing is changed.")]
pub(crate) struct DoctorArguments {
    /// The kubeconfig [default: KUBECONFIG, ~/.kube/config, or the pod's own account].
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in it [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub(crate) kube_context: Option<String>,
    /// The platform's namespace.
    #[arg(long, short, value_name = "NAME", default_value = "kubescape")]
    pub(crate) namespace: String,
    /// Look at the rights of this account, as NAMESPACE/NAME, instead of your own.
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = account)]
    pub(crate) service_account: Option<(String, String)>,
    /// The data folder of `up` or `storage` on this machine, to look at, too.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How long each question may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=300))]
    pub(crate) timeout: u16,
    /// Text for people, or JSON.
    #[arg(long, short, value_enum, default_value = "text")]
    pub(crate) output: Answers,
}

fn account(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err("name it as NAMESPACE/NAME".to_owned()),
    }
}
