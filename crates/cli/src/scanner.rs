//! `scanner`: the role that scans the cluster for those who ask over HTTP.

use kubescape_runtime::config::Env;
use kubescape_scanner::{Config, Flags};

use crate::arguments::ScannerArguments;
use crate::exit::{Exit, Failure};
use crate::service;

pub(crate) fn run(arguments: &ScannerArguments) -> Result<Exit, Failure> {
    let flags = Flags {
        listen: arguments.listen.clone(),
        data_dir: arguments.data_dir.clone(),
        kubeconfig: arguments.kubeconfig.clone(),
        kube_context: arguments.kube_context.clone(),
    };
    let config = Config::read(flags, &Env::from_process()).map_err(Failure::usage)?;
    let (log, traces, warnings) = (config.log, config.traces.clone(), config.warnings.clone());
    let scanner = kubescape_platform::scanner(config, |started| {
        tracing::info!(url = started.url, "the scanner serves");
    });
    service::run(log, &traces, &warnings, scanner)?.map_err(service::internal)?;
    Ok(Exit::Success)
}
