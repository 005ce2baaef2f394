//! The role's configuration: flags, environment and the files that the chart
//! mounts, read once. (storage reference, sections 11 and 13)

use std::path::{Path, PathBuf};
use std::time::Duration;

use kubescape_api::RESOURCES;
use kubescape_runtime::Secret;
use kubescape_runtime::config::{
    ConfigErrors, ConfigFile, Env, FromConfig, Presence, Problem, Problems, Raw, Reader,
};
use kubescape_runtime::logging::LogOptions;
use kubescape_runtime::traces::TraceOptions;

use kubescape_store::{Budget, Budgets};

use crate::settings::Settings;

/// What the command line says; `None` is nothing.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// Without a cluster: an own authority, and a kubeconfig for kubectl.
    pub standalone: bool,
    /// Where the database and certificates are.
    pub data_dir: Option<PathBuf>,
    /// `HOST:PORT` to listen on.
    pub listen: Option<String>,
    /// Where to write a kubeconfig.
    pub write_kubeconfig: Option<PathBuf>,
    /// How to reach the cluster; else the pod's own account.
    pub kubeconfig: Option<PathBuf>,
}

/// Everything that the role needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// See [`Flags::standalone`].
    pub standalone: bool,
    /// See [`Flags::data_dir`].
    pub data_dir: PathBuf,
    /// See [`Flags::listen`].
    pub listen: String,
    /// See [`Flags::write_kubeconfig`].
    pub write_kubeconfig: Option<PathBuf>,
    /// See [`Flags::kubeconfig`].
    pub kubeconfig: Option<PathBuf>,
    /// The PostgreSQL database to use instead of the embedded store.
    pub database: Option<Secret<String>>,
    /// Authorities of that database's certificate.
    pub database_ca: Option<PathBuf>,
    /// Certificate and key to show; else the own authority issues them.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// An authority of clients beside that of the cluster.
    pub client_ca: Option<PathBuf>,
    /// DNS names of the own certificate, beside those of the address.
    pub names: Vec<String>,
    /// What each kind may keep.
    pub budgets: Budgets,
    /// The most bytes of the embedded database's file.
    pub max_database_bytes: Option<u64>,
    /// Between looks for stale objects; zero is never.
    pub cleanup_interval: Duration,
    /// The release's namespace.
    pub namespace: String,
    /// How requests are served.
    pub settings: Settings,
    /// How to log.
    pub log: LogOptions,
    /// Where traces go.
    pub traces: TraceOptions,
    /// What was noticed, for the log.
    pub warnings: Vec<Problem>,
}

/// Upstream's.
const CLEANUP_INTERVAL: Duration = Duration::from_hours(24);

/// Where the chart mounts the configuration.
const CONFIG_DIR: &str = "/etc/config";

impl Config {
    /// Reads everything.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(flags: Flags, env: &Env) -> Result<Self, ConfigErrors> {
        let folder = env.get("CONFIG_DIR").unwrap_or(CONFIG_DIR);
        let folder = Path::new(folder);
        let file = ConfigFile::read(&folder.join("config.json"), Presence::Optional);
        let cluster = ConfigFile::read(&folder.join("clusterData.json"), Presence::Optional);
        Self::from_files(flags, env, file, cluster)
    }

    /// The same from files that were read already.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn from_files(
        flags: Flags,
        env: &Env,
        file: ConfigFile,
        cluster: ConfigFile,
    ) -> Result<Self, ConfigErrors> {
        let mut problems = Problems::default();
        let namespace = read_cluster(cluster, env, &mut problems);
        let mut reader = Reader::new(file, env, &mut problems);
        let settings = Settings {
            garbage_collected: !flags.standalone,
            ..read_settings(&mut reader)
        };
        let listen = read_listen(&mut reader, &flags);
        let data_dir = flag(flags.data_dir.as_deref());
        let data_dir = reader
            .field("dataDir")
            .env("DATA_DIR")
            .flag("--data-dir", data_dir)
            .or(PathBuf::from("/data"));
        let tls = read_tls(&mut reader);
        let config = Self {
            standalone: flags.standalone,
            data_dir,
            listen,
            write_kubeconfig: flags.write_kubeconfig,
            kubeconfig: flags.kubeconfig,
            database: reader
                .field("databaseURL")
                .env("DATABASE_URL")
                .get()
                .map(Secret::new),
            database_ca: reader.field("databaseCaFile").get(),
            tls,
            client_ca: reader.field("tlsClientCaFile").get(),
            names: names(&namespace),
            namespace,
            cleanup_interval: reader.field("cleanupInterval").or(CLEANUP_INTERVAL),
            budgets: read_budgets(&mut reader),
            max_database_bytes: reader.field("maxDatabaseBytes").get(),
            settings,
            log: LogOptions::read(&mut reader),
            traces: TraceOptions::read("storage", &mut reader),
            warnings: Vec::new(),
        };
        accept_upstream_fields(&mut reader);
        reader.finish();
        let warnings = problems.into_result()?;
        Ok(Self { warnings, ..config })
    }
}

fn flag(path: Option<&Path>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

/// The release's namespace, which the own certificate names.
fn read_cluster(file: ConfigFile, env: &Env, problems: &mut Problems) -> String {
    let mut reader = Reader::new(file, env, problems);
    let namespace = reader
        .field("namespace")
        .env("NAMESPACE")
        .or("kubescape".to_owned());
    for other in ["clusterName", "accountID"] {
        let _: Option<String> = reader.field(other).get();
    }
    // The rest is for other components.
    namespace
}

/// Names under which kube-apiserver reaches the Service.
fn names(namespace: &str) -> Vec<String> {
    [
        "storage".to_owned(),
        format!("storage.{namespace}"),
        format!("storage.{namespace}.svc"),
    ]
    .into()
}

fn read_listen(reader: &mut Reader<'_>, flags: &Flags) -> String {
    let address: String = reader.field("serverBindAddress").or("::".to_owned());
    let port: u16 = reader.field("serverBindPort").or(8443);
    let default = if flags.standalone {
        "127.0.0.1:8443".to_owned()
    } else if address.contains(':') && !address.starts_with('[') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    };
    flags.listen.clone().unwrap_or(default)
}

fn read_tls(reader: &mut Reader<'_>) -> Option<(PathBuf, PathBuf)> {
    let certificate: Option<PathBuf> = reader.field("tlsServerCertFile").get();
    let key: Option<PathBuf> = reader.field("tlsServerKeyFile").get();
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            let remedy = "name the key of tlsServerCertFile, or neither of both";
            reader.error("tlsServerKeyFile", "is missing", remedy);
            None
        }
        (None, Some(_)) => {
            let remedy = "name the certificate of tlsServerKeyFile, or neither of both";
            reader.error("tlsServerCertFile", "is missing", remedy);
            None
        }
    }
}

fn read_settings(reader: &mut Reader<'_>) -> Settings {
    let mut settings = Settings {
        computed: !reader.field("disableVirtualCRDs").or(false),
        ..Settings::default()
    };
    if let Some(most) = reader.field("defaultMaxObjectSize").get() {
        settings.max_light_body = most;
        settings.max_heavy_body = most;
    }
    let queued: Option<usize> = reader.field("defaultQueueLength").get();
    if let Some(queued) = queued {
        settings.room.waiting[..3].fill(queued);
    }
    if let Some(mut kinds) = reader.object("kindQueues") {
        for resource in RESOURCES {
            if let Some(mut queue) = kinds.object(resource.plural) {
                if let Some(most) = queue.field("maxObjectSize").get() {
                    settings.max_bodies.insert(resource.plural.to_owned(), most);
                }
                // Our lanes are by work and not by kind.
                for other in ["queueLength", "workerCount"] {
                    let _: Option<u64> = queue.field(other).get();
                }
                queue.finish();
            }
        }
        kinds.finish();
    }
    settings
}

/// `budgets.<plural>.maxObjects`, `.maxBytes`, and `budgets.default` for kinds
/// that are not named.
fn read_budgets(reader: &mut Reader<'_>) -> Budgets {
    let mut budgets = Budgets::default();
    if let Some(mut kinds) = reader.object("budgets") {
        if let Some(budget) = read_budget(&mut kinds, "default") {
            budgets.default = budget;
        }
        for resource in RESOURCES.iter().filter(|resource| !resource.computed) {
            if let Some(budget) = read_budget(&mut kinds, resource.plural) {
                budgets.resources.insert(resource.plural.to_owned(), budget);
            }
        }
        kinds.finish();
    }
    budgets
}

fn read_budget(kinds: &mut Reader<'_>, name: &str) -> Option<Budget> {
    let mut kind = kinds.object(name)?;
    let budget = Budget {
        objects: kind.field("maxObjects").get(),
        bytes: kind.field("maxBytes").get(),
    };
    kind.finish();
    Some(budget)
}

/// Upstream's fields that mean nothing here, so that its files give no warnings.
fn accept_upstream_fields(reader: &mut Reader<'_>) {
    for name in [
        "defaultWorkerCount",
        "excludeJsonPaths",
        "maxApplicationProfileSize",
        "maxNetworkNeighborhoodSize",
        "maxSniffingTimePerContainer",
        "queueManagerEnabled",
        "rateLimitPerClient",
        "rateLimitTotal",
        "disableSeccompProfileEndpoint",
    ] {
        let _: Option<Anything> = reader.field(name).get();
    }
}

/// A value that is not looked at.
struct Anything;

impl FromConfig for Anything {
    const WANTED: &'static str = "anything";

    fn from_config(_: Raw<'_>) -> Option<Self> {
        Some(Self)
    }
}
