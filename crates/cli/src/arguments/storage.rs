//! `storage`: its arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  kubescape storage --standalone --data-dir data --write-kubeconfig storage.kubeconfig
      without a cluster; then: kubectl --kubeconfig storage.kubeconfig api-resources
  kubescape storage                    in a pod, as the chart runs it
  kubescape storage backup --data-dir data --to backup.sqlite
  kubescape storage check --data-dir data

In a pod, /etc/config/config.json (folder: CONFIG_DIR) and /etc/config/clusterData.json are read."
)]
pub(crate) struct StorageArguments {
    #[command(subcommand)]
    pub(crate) command: Option<StorageCommand>,
    /// Run without a cluster, with an own certificate authority.
    #[arg(long)]
    pub(crate) standalone: bool,
    /// Where the database and certificates are [default: /data].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Where to listen [default: [::]:8443, standalone 127.0.0.1:8443].
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// Write a kubeconfig for kubectl.
    #[arg(long, value_name = "FILE", requires = "standalone")]
    pub(crate) write_kubeconfig: Option<PathBuf>,
    /// How to reach the cluster [default: the pod's own account].
    #[arg(long, value_name = "FILE", conflicts_with = "standalone")]
    pub(crate) kubeconfig: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum StorageCommand {
    /// Write a backup of the database to a new file; the storage may run meanwhile.
    Backup {
        /// Where the database is.
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a backup in the place of the database, which is kept beside it; stop the
    /// storage first.
    Restore {
        /// Where the database is to be.
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
        /// The backup.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Read everything and say what is damaged; the storage may run meanwhile.
    Check {
        /// Where the database is.
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
    },
    /// Bring the database to the form that this version writes.
    Migrate {
        /// Where the database is.
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
    },
}
