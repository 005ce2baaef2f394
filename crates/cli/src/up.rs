//! `up`: everything in one process.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kubescape_platform::{Config, Flags, Ready, State, UpError};
use kubescape_runtime::config::Env;

use crate::arguments::UpArguments;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::service;

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
    let (log, traces) = (config.log(), config.traces().clone());
    let warnings = config.warnings().to_vec();
    let line = line();
    let shown = line.clone();
    let mut logged = None;
    let up = kubescape_platform::up(
        config,
        |ready| tell(&ready),
        move |state| show(&shown, &mut logged, state),
    );
    let ended = service::run(log, &traces, &warnings, up)?;
    line.finish_and_clear();
    match ended {
        Ok(()) => Ok(Exit::Success),
        Err(error @ UpError::Source(_)) => Err(Failure::input(error)),
        Err(error @ UpError::Selection(_)) => Err(Failure::usage(error)),
        Err(error) => Err(service::internal(error)),
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
