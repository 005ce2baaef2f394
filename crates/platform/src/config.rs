//! What is started, and over what.

use std::path::{Path, PathBuf};

use kubescape_live::Access;
use kubescape_runtime::Role;
use kubescape_runtime::config::{ConfigErrors, Env, Problem, Problems, Severity};
use kubescape_runtime::logging::LogOptions;
use kubescape_runtime::traces::TraceOptions;

use crate::ports;

/// What the command line says; `None` is nothing.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// A folder of manifests that stands for a cluster.
    pub manifests: Option<PathBuf>,
    /// Where the database and certificates are.
    pub data_dir: Option<PathBuf>,
    /// `HOST:PORT` of the API with the results.
    pub listen: Option<String>,
    /// `HOST:PORT` of the scanner.
    pub scanner_listen: Option<String>,
    /// `HOST:PORT` of the operator's commands.
    pub operator_listen: Option<String>,
    /// Where to write a kubeconfig for that API.
    pub write_kubeconfig: Option<PathBuf>,
    /// How to reach the cluster.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub context: Option<String>,
    /// Frameworks whose controls judge; all when empty.
    pub frameworks: Vec<String>,
    /// What to start; everything when empty.
    pub roles: Vec<Role>,
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
    /// How scans are asked for, if they may be.
    pub scanner: Option<kubescape_scanner::Config>,
    /// How commands are taken, if they are.
    pub operator: Option<kubescape_operator::Config>,
    /// Frameworks whose controls judge.
    pub frameworks: Vec<String>,
    /// What people should know of it.
    pub notes: Vec<String>,
}

/// Roles that one process can have so far.
pub const ROLES: [Role; 3] = [Role::Storage, Role::Scanner, Role::Operator];

/// The folder for data when none is named.
const DATA_DIR: &str = "kubescape-data";
/// The kubeconfig's name in it when none is named.
const KUBECONFIG: &str = "kubeconfig";
/// Where roles listen when nobody says, if that is free.
const STORAGE_LISTEN: &str = "127.0.0.1:8443";
const SCANNER_LISTEN: &str = "127.0.0.1:8080";
const OPERATOR_LISTEN: &str = "127.0.0.1:4002";

impl Config {
    /// Reads flags and environment, and looks which ports are free.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(flags: Flags, env: &Env) -> Result<Self, ConfigErrors> {
        let roles = roles(&flags.roles)?;
        let data_dir = flags.data_dir.unwrap_or_else(|| DATA_DIR.into());
        let mut notes = Vec::new();
        let kubeconfig = flags.write_kubeconfig;
        let storage = kubescape_storage::Flags {
            standalone: true,
            write_kubeconfig: Some(kubeconfig.unwrap_or_else(|| data_dir.join(KUBECONFIG))),
            data_dir: Some(data_dir.clone()),
            listen: Some(ports::choose(
                flags.listen,
                STORAGE_LISTEN,
                "--listen",
                &mut notes,
            )),
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
        let scanner = roles.contains(&Role::Scanner).then(|| {
            let asked = flags.scanner_listen;
            let listen = ports::choose(asked, SCANNER_LISTEN, "--scanner-listen", &mut notes);
            scanner(listen, &data_dir, &access, env)
        });
        let operator = roles.contains(&Role::Operator).then(|| {
            let asked = flags.operator_listen;
            let listen = ports::choose(asked, OPERATOR_LISTEN, "--operator-listen", &mut notes);
            operator(listen, &data_dir, env)
        });
        Ok(Self {
            source: flags
                .manifests
                .map_or(Source::Cluster(access), Source::Folder),
            storage: kubescape_storage::Config::read(storage, env)?,
            scanner: scanner.transpose()?,
            operator: operator.transpose()?,
            frameworks,
            notes,
        })
    }

    /// What is accepted although it fails.
    pub(crate) fn exceptions(&self) -> Option<PathBuf> {
        self.scanner.as_ref()?.beyond.exceptions.clone()
    }

    /// How to log.
    pub fn log(&self) -> LogOptions {
        self.storage.log
    }

    /// What was noticed, for the log.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        let scanner = self.scanner.iter().flat_map(|config| &config.warnings);
        let operator = self.operator.iter().flat_map(|config| &config.warnings);
        self.storage.warnings.iter().chain(scanner).chain(operator)
    }

    /// Where traces go.
    pub fn traces(&self) -> &TraceOptions {
        &self.storage.traces
    }
}

fn scanner(
    listen: String,
    data_dir: &Path,
    access: &Access,
    env: &Env,
) -> Result<kubescape_scanner::Config, ConfigErrors> {
    let flags = kubescape_scanner::Flags {
        listen: Some(listen),
        data_dir: Some(data_dir.join("scanner")),
        kubeconfig: access.kubeconfig.clone(),
        kube_context: access.context.clone(),
    };
    let config = kubescape_scanner::Config::read(flags, env)?;
    Ok(kubescape_scanner::Config {
        // Metrics come from what is followed.
        scan_at_start: false,
        ..config
    })
}

/// It runs recurring scans itself: jobs of the cluster would not find this process.
fn operator(
    listen: String,
    data_dir: &Path,
    env: &Env,
) -> Result<kubescape_operator::Config, ConfigErrors> {
    let flags = kubescape_operator::Flags {
        standalone: true,
        listen: Some(listen),
        probes: Some("none".to_owned()),
        data_dir: Some(data_dir.join("operator")),
        ..kubescape_operator::Flags::default()
    };
    kubescape_operator::Config::read(flags, env)
}

/// All roles when none is named.
fn roles(named: &[Role]) -> Result<Vec<Role>, ConfigErrors> {
    let mut problems = Problems::default();
    let mut wrong = |text: String, remedy: &str| {
        problems.push(Problem {
            severity: Severity::Error,
            source: "flags".to_owned(),
            field: "--roles".to_owned(),
            text,
            remedy: remedy.to_owned(),
        });
    };
    for role in named.iter().filter(|role| !ROLES.contains(role)) {
        wrong(
            format!("{role} does not run beside others yet"),
            "choose from storage, scanner, operator",
        );
    }
    if !named.is_empty() && !named.contains(&Role::Storage) {
        wrong(
            "storage is missing, where results go".to_owned(),
            "add it, or start the role by itself, as in `kubescape scanner`",
        );
    }
    if named.contains(&Role::Operator) && !named.contains(&Role::Scanner) {
        wrong(
            "the operator has its scans done by a scanner".to_owned(),
            "add scanner",
        );
    }
    problems.into_result()?;
    Ok(if named.is_empty() {
        ROLES.into()
    } else {
        named.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_runs_unless_roles_are_named() {
        assert_eq!(roles(&[]).unwrap(), ROLES);
        let some = [Role::Storage, Role::Scanner];
        assert_eq!(roles(&some).unwrap(), some);
    }

    #[test]
    fn roles_that_cannot_work_are_refused_all_at_once_with_a_remedy() {
        let errors = roles(&[Role::Gateway, Role::Operator]).unwrap_err();
        let text = errors.to_string();
        for part in ["gateway does not run", "storage is missing", "add scanner"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
