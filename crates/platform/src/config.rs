//! What is started, and over what.

use std::path::PathBuf;

use kubescape_live::Access;
use kubescape_runtime::config::{ConfigErrors, Env, Problem};
use kubescape_runtime::logging::LogOptions;
use kubescape_runtime::traces::TraceOptions;

/// What the command line says; `None` is nothing.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// A folder of manifests that stands for a cluster.
    pub manifests: Option<PathBuf>,
    /// Where the database and certificates are.
    pub data_dir: Option<PathBuf>,
    /// `HOST:PORT` of the API with the results.
    pub listen: Option<String>,
    /// Where to write a kubeconfig for that API.
    pub write_kubeconfig: Option<PathBuf>,
    /// How to reach the cluster.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub context: Option<String>,
    /// Frameworks whose controls judge; all when empty.
    pub frameworks: Vec<String>,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub enum Source {
    /// A cluster.
    Cluster(Access),
    /// Manifests in a folder.
    Folder(PathBuf),
}

/// Everything that `up` needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is looked at.
    pub source: Source,
    /// How results are kept.
    pub storage: kubescape_storage::Config,
    /// Frameworks whose controls judge.
    pub frameworks: Vec<String>,
}

/// The folder for data when none is named.
const DATA_DIR: &str = "kubescape-data";
/// The kubeconfig's name in it when none is named.
const KUBECONFIG: &str = "kubeconfig";

impl Config {
    /// Reads flags and environment.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(flags: Flags, env: &Env) -> Result<Self, ConfigErrors> {
        let data_dir = flags.data_dir.unwrap_or_else(|| DATA_DIR.into());
        let kubeconfig = flags.write_kubeconfig;
        let storage = kubescape_storage::Flags {
            standalone: true,
            write_kubeconfig: Some(kubeconfig.unwrap_or_else(|| data_dir.join(KUBECONFIG))),
            data_dir: Some(data_dir),
            listen: flags.listen,
            kubeconfig: None,
        };
        let access = Access {
            kubeconfig: flags.kubeconfig,
            context: flags.context,
        };
        let frameworks = if flags.frameworks.is_empty() {
            vec!["all".to_owned()]
        } else {
            flags.frameworks
        };
        Ok(Self {
            source: flags
                .manifests
                .map_or(Source::Cluster(access), Source::Folder),
            storage: kubescape_storage::Config::read(storage, env)?,
            frameworks,
        })
    }

    /// How to log.
    pub fn log(&self) -> LogOptions {
        self.storage.log
    }

    /// What was noticed, for the log.
    pub fn warnings(&self) -> &[Problem] {
        &self.storage.warnings
    }

    /// Where traces go.
    pub fn traces(&self) -> &TraceOptions {
        &self.storage.traces
    }
}
