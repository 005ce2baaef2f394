//! `storage`: the role, and care of its database.

use std::path::Path;

use kubescape_runtime::config::Env;
use kubescape_runtime::logging;
use kubescape_storage::{Config, Flags, Operation, OperationDone, operate};

use crate::arguments::{StorageArguments, StorageCommand};
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(arguments: &StorageArguments) -> Result<Exit, Failure> {
    match &arguments.command {
        None => serve(arguments),
        Some(command) => care(command),
    }
}

fn serve(arguments: &StorageArguments) -> Result<Exit, Failure> {
    let flags = Flags {
        standalone: arguments.standalone,
        data_dir: arguments.data_dir.clone(),
        listen: arguments.listen.clone(),
        write_kubeconfig: arguments.write_kubeconfig.clone(),
        kubeconfig: arguments.kubeconfig.clone(),
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
    let ended = runtime.block_on(kubescape_storage::run(config, |started| {
        tracing::info!(url = started.url, "the storage serves");
        if let Some(path) = started.kubeconfig {
            let path = path.display();
            let _ = output::print(&format!(
                "Ready at {}\nTry: kubectl --kubeconfig {path} api-resources\n",
                started.url
            ));
        }
    }));
    traces.finish();
    drop(entered);
    // What still runs ends with the process.
    runtime.shutdown_background();
    ended.map_err(internal)?;
    Ok(Exit::Success)
}

fn care(command: &StorageCommand) -> Result<Exit, Failure> {
    let (data_dir, operation): (&Path, _) = match command {
        StorageCommand::Backup { data_dir, to } => (data_dir, Operation::Backup(to)),
        StorageCommand::Restore { data_dir, from } => (data_dir, Operation::Restore(from)),
        StorageCommand::Check { data_dir } => (data_dir, Operation::Check),
        StorageCommand::Migrate { data_dir } => (data_dir, Operation::Migrate),
    };
    let done = operate(data_dir, operation).map_err(Failure::input)?;
    output::print(&format!("{done}\n"))?;
    Ok(match done {
        OperationDone::Damaged(_) => Exit::Threshold,
        _ => Exit::Success,
    })
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Internal, error)
}
