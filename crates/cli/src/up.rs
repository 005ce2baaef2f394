//! `up`: everything in one process.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kubescape_platform::{Config, Flags, Ready, State, UpError};
use kubescape_runtime::config::Env;
use kubescape_runtime::logging;

use crate::arguments::UpArguments;
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(arguments: &UpArguments) -> Result<Exit, Failure> {
    crate::storage::give_memory_back();
    let flags = Flags {
        manifests: arguments.manifests.clone(),
        data_dir: arguments.data_dir.clone(),
        listen: arguments.listen.clone(),
        write_kubeconfig: arguments.write_kubeconfig.clone(),
        kubeconfig: arguments.kubeconfig.clone(),
        context: arguments.kube_context.clone(),
        frameworks: arguments.frameworks.clone(),
    };
    let config = Config::read(flags, &Env::from_process()).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // The sender of traces lives on it.
    let entered = runtime.enter();
    let traces = logging::start(config.log(), config.traces()).map_err(internal)?;
    let line = line();
    let shown = line.clone();
    let mut logged = None;
    let ended = runtime.block_on(kubescape_platform::up(
        config,
        |ready| tell(&ready),
        move |state| show(&shown, &mut logged, state),
    ));
    line.finish_and_clear();
    traces.finish();
    drop(entered);
    // What still runs ends with the process.
    runtime.shutdown_background();
    match ended {
        Ok(()) => Ok(Exit::Success),
        Err(error @ UpError::Source(_)) => Err(Failure::input(error)),
        Err(error @ UpError::Selection(_)) => Err(Failure::usage(error)),
        Err(error) => Err(internal(error)),
    }
}

fn tell(ready: &Ready) {
    let Ready {
        url,
        kubeconfig,
        source,
    } = ready;
    tracing::info!(url, source, "up");
    let Some(kubeconfig) = kubeconfig else { return };
    // Nobody may be reading.
    let _ = output::print(&format!(
        "Looking at {source}; results are at {url}\n\
         Try: kubectl --kubeconfig {} get workloadconfigurationscansummaries -A\n",
        kubeconfig.display()
    ));
}

/// One line at the bottom of a terminal; nothing elsewhere, where logs tell.
fn line() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{spinner} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

/// `logged` is how many results had been stored when that was logged.
fn show(line: &ProgressBar, logged: &mut Option<u64>, state: &State) {
    if stderr().is_terminal() {
        line.set_message(state.to_string());
        line.tick();
        if state.is_settled() {
            line.disable_steady_tick();
        } else {
            line.enable_steady_tick(Duration::from_millis(120));
        }
        return;
    }
    let progress = &state.progress;
    if state.is_settled() && logged.replace(progress.results) != Some(progress.results) {
        tracing::info!(
            objects = progress.objects,
            results = progress.results,
            turns = progress.turns,
            "all results are stored"
        );
    }
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Internal, error)
}
