//! What all commands share that run until they are told to end.

use std::fmt::Display;

use kubescape_runtime::logging::{self, LogOptions};
use kubescape_runtime::traces::TraceOptions;

use crate::exit::{Exit, Failure};

/// Starts a runtime and logs, says the warnings and runs the service to its end.
///
/// # Errors
///
/// There is no runtime or no log; how the service ended is inside.
pub(crate) fn run<E, W: Display>(
    log: LogOptions,
    traces: &TraceOptions,
    warnings: &[W],
    service: impl Future<Output = Result<(), E>>,
) -> Result<Result<(), E>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // The sender of traces lives on it.
    let entered = runtime.enter();
    let traces = logging::start(log, traces).map_err(internal)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let ended = runtime.block_on(service);
    traces.finish();
    drop(entered);
    // What still runs ends with the process.
    runtime.shutdown_background();
    Ok(ended)
}

/// How a service's own fault ends the process.
pub(crate) fn internal(error: impl Display) -> Failure {
    Failure::new(Exit::Internal, error)
}
