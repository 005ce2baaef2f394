//! `storage`: the role, and care of its database.

use std::path::Path;

use kubescape_runtime::config::Env;
use kubescape_storage::{Config, Flags, Operation, OperationDone, operate};

use crate::arguments::{StorageArguments, StorageCommand};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::service;

pub(crate) fn run(arguments: &StorageArguments) -> Result<Exit, Failure> {
    match &arguments.command {
        None => {
            give_memory_back();
            serve(arguments)
        }
        Some(command) => care(command),
    }
}

/// What glibc is told: memory of this many bytes goes back to the system at once.
const GIVEN_BACK: &str = "262144";

/// Starts the program anew with an allocator that gives large bodies' memory
/// back. glibc's would keep it: it raises by itself what it counts as large, and
/// can be told otherwise only before a program starts, or by calls that are not
/// safe. Halves the memory of a server of large objects (docs/performance.md).
///
/// Whoever set these variables has chosen. Where it does not work all goes on.
pub(crate) fn give_memory_back() {
    use std::os::unix::process::CommandExt as _;
    const VARIABLES: [&str; 2] = ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"];
    let chosen = VARIABLES
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    if chosen || !cfg!(target_env = "gnu") {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let mut again = std::process::Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // Returns only when it failed.
    let _ = again
        .args(arguments)
        .envs(VARIABLES.map(|name| (name, GIVEN_BACK)))
        .exec();
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
    let (log, traces, warnings) = (config.log, config.traces.clone(), config.warnings.clone());
    let storage = kubescape_storage::run(config, |started| {
        tracing::info!(url = started.url, "the storage serves");
        if let Some(path) = started.kubeconfig {
            let path = path.display();
            let _ = output::print(&format!(
                "Ready at {}\nTry: kubectl --kubeconfig {path} api-resources\n",
                started.url
            ));
        }
    });
    service::run(log, &traces, &warnings, storage)?.map_err(service::internal)?;
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
