//! `scanner`: the role that scans the cluster for those who ask over HTTP.

use kubescape_runtime::config::Env;
use kubescape_runtime::logging;
use kubescape_scanner::{Config, Flags};

use crate::arguments::ScannerArguments;
use crate::exit::{Exit, Failure};

pub(crate) fn run(arguments: &ScannerArguments) -> Result<Exit, Failure> {
    let flags = Flags {
        listen: arguments.listen.clone(),
        data_dir: arguments.data_dir.clone(),
        kubeconfig: arguments.kubeconfig.clone(),
        kube_context: arguments.kube_context.clone(),
    };
    let config = Config::read(flags, &Env::from_process()).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // The sender of traces lives on it.
    let entered = runtime.enter();
    let traces = logging::start(config.log, &config.traces).map_err(internal)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let served = kubescape_platform::scanner(config, |started| {
        tracing::info!(url = started.url, "the scanner serves");
    });
    let ended = runtime.block_on(served);
    traces.finish();
    drop(entered);
    // What still runs ends with the process.
    runtime.shutdown_background();
    ended.map_err(internal)?;
    Ok(Exit::Success)
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Internal, error)
}
