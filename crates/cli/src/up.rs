//! `up`: everything in one process.

use std::fmt::Write as _;
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
        scanner_listen: arguments.scanner_listen.clone(),
        operator_listen: arguments.operator_listen.clone(),
        roles: arguments.roles.clone(),
        write_kubeconfig: arguments.write_kubeconfig.clone(),
        kubeconfig: arguments.kubeconfig.clone(),
        context: arguments.kube_context.clone(),
        frameworks: arguments.frameworks.clone(),
    };
    let config = Config::read(flags, &Env::from_process()).map_err(Failure::usage)?;
    let (log, traces) = (config.log(), config.traces().clone());
    let warnings = config.warnings().map(ToString::to_string);
    let warnings: Vec<_> = warnings.chain(config.notes.clone()).collect();
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
        scanner,
        operator,
        source,
    } = ready;
    tracing::info!(url, scanner, operator, source, "up");
    let Some(kubeconfig) = kubeconfig else { return };
    let mut text = format!("Looking at {source}\n\n  results   {url}\n");
    for (name, url) in [("scans", scanner), ("commands", operator)] {
        if let Some(url) = url {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "  {name:<9} {url}");
        }
    }
    let _ = write!(
        text,
        "\nTry: kubectl --kubeconfig {} get workloadconfigurationscansummaries -A\n",
        kubeconfig.display()
    );
    // Nobody may be reading.
    let _ = output::print(&text);
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
