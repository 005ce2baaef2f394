//! The role's configuration: flags, environment and the files that the chart mounts,
//! read once. (control-plane reference, section 1)

mod backend;
mod components;
mod values;

use std::path::{Path, PathBuf};
use std::time::Duration;

use kubescape_runtime::Secret;
use kubescape_runtime::backend::raw_file;
use kubescape_runtime::config::{
    ConfigErrors, ConfigFile, Env, Presence, Problem, Problems, Reader,
};
use kubescape_runtime::logging::LogOptions;
use kubescape_runtime::traces::TraceOptions;

pub use backend::Backend;
pub use components::Components;
pub(crate) use components::Present;
use values::{GoDuration, Switch};

/// What the command line says; `None` is nothing.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// How to reach the cluster; else the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// Without a cluster: recurring scans are kept in the folder of data.
    pub standalone: bool,
    /// `HOST:PORT` of the commands.
    pub listen: Option<String>,
    /// `HOST:PORT` of probes and metrics; `none`: nobody asks.
    pub probes: Option<String>,
    /// Where recurring scans are kept.
    pub data_dir: Option<PathBuf>,
    /// The certificate to show.
    pub tls_cert_file: Option<PathBuf>,
    /// Its key.
    pub tls_key_file: Option<PathBuf>,
}

/// Who repeats scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// `CronJobs` of the cluster.
    CronJobs,
    /// This process.
    Internal,
}

/// Everything that the role needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// See [`Flags::kubeconfig`].
    pub kubeconfig: Option<PathBuf>,
    /// See [`Flags::standalone`].
    pub standalone: bool,
    /// See [`Flags::listen`].
    pub listen: String,
    /// See [`Flags::probes`].
    pub probes: Option<String>,
    /// There is no other replica, and the cluster, if any, is only read: this one leads
    /// without a Lease, takes no `OperatorCommand`s and leaves no note.
    pub alone: bool,
    /// See [`Flags::data_dir`].
    pub data_dir: PathBuf,
    /// Certificate and key to show; none: plain HTTP.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The release's namespace.
    pub namespace: String,
    /// The cluster's name, as identifiers have it.
    pub cluster: String,
    /// `HOST:PORT` of the scanner of configurations; empty: there is none.
    pub kubescape_url: String,
    /// `HOST:PORT` of the scanner of images; empty: there is none.
    pub kubevuln_url: String,
    /// What the scanner of configurations wants to be shown.
    pub scanner_token: Option<Secret<String>>,
    /// The gateway's websocket; empty: there is none.
    pub gateway_url: String,
    /// What is switched on.
    pub components: Components,
    /// Where reports of jobs go.
    pub backend: Option<Backend>,
    /// Commands carried out at once.
    pub workers: usize,
    /// Commands that may wait.
    pub queue: usize,
    /// Scans by framework get the framework `security`, too.
    pub security_framework: bool,
    /// New images are scanned.
    pub new_image_scan: bool,
    /// Everything is scanned after the start, unless results are fresh; not said: where
    /// there is a gateway.
    pub startup_scan: Option<bool>,
    /// A file of registries' credentials in Docker's form, or a folder of such.
    pub registry_credentials: Option<PathBuf>,
    /// Only these namespaces; empty: all but those excluded.
    pub include_namespaces: Vec<String>,
    /// Not these.
    pub exclude_namespaces: Vec<String>,
    /// Who repeats scans.
    pub scheduler: Scheduler,
    /// How patient requests are.
    pub pace: Pace,
    /// How to log.
    pub log: LogOptions,
    /// Where traces go.
    pub traces: TraceOptions,
    /// What was noticed, for the log.
    pub warnings: Vec<Problem>,
}

/// Pauses and patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Before a refused request to a scanner is tried again.
    pub refused: Duration,
    /// Tries after the first.
    pub retries: u32,
    /// From a scan's start to the first question about its end.
    pub first_poll: Duration,
    /// Between such questions.
    pub poll: Duration,
    /// After which nobody asks any more.
    pub scan: Duration,
    /// Between tries of a report.
    pub report: Duration,
    /// For one answer of another service.
    pub answer: Duration,
    /// A leader that has not renewed for so long has lost the Lease.
    pub lease: Duration,
    /// Between dials of the gateway, at first.
    pub redial: Duration,
    /// Between pings of the gateway.
    pub ping: Duration,
    /// The scan after the start waits for some of this, by chance.
    pub startup_jitter: Duration,
    /// And then between looks whether the scanner is ready, at first.
    pub startup_poll: Duration,
    /// After which it is given up.
    pub startup_patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            refused: Duration::from_secs(5),
            retries: 5,
            first_poll: Duration::from_secs(5),
            poll: Duration::from_secs(10),
            scan: Duration::from_hours(2),
            report: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            lease: Duration::from_secs(15),
            redial: Duration::from_secs(2),
            ping: Duration::from_secs(30),
            startup_jitter: Duration::from_secs(30),
            startup_poll: Duration::from_secs(1),
            startup_patience: Duration::from_hours(1),
        }
    }
}

/// Where the chart mounts the configuration.
const CONFIG_DIR: &str = "/etc/config";
/// Where the chart mounts the account.
const CREDENTIALS_DIR: &str = "/etc/credentials";

/// The files, as they were found.
#[derive(Clone, Debug)]
pub struct Files {
    /// `config.json`.
    pub config: ConfigFile,
    /// `clusterData.json`.
    pub cluster: ConfigFile,
    /// `capabilities.json`.
    pub capabilities: ConfigFile,
    /// `services.json`.
    pub services: ConfigFile,
    /// `account` and `accessKey`, raw.
    pub account: Option<String>,
    /// See [`Files::account`].
    pub access_key: Option<Secret<String>>,
}

impl Files {
    /// Reads them where the environment says, or else where the chart mounts them.
    pub fn read(env: &Env) -> Self {
        let folder = Path::new(env.get("CONFIG_DIR").unwrap_or(CONFIG_DIR));
        let credentials = Path::new(
            env.get("KS_CREDENTIALS_SECRET_PATH")
                .unwrap_or(CREDENTIALS_DIR),
        );
        let credential = |name: &str| raw_file(&credentials.join(name)).ok().flatten();
        let at = |variable: &str, name: &str| {
            let path = env
                .get(variable)
                .map_or_else(|| folder.join(name), PathBuf::from);
            ConfigFile::read(&path, Presence::Optional)
        };
        Self {
            config: ConfigFile::read(&folder.join("config.json"), Presence::Optional),
            cluster: at("CONFIG", "clusterData.json"),
            capabilities: ConfigFile::read(&folder.join("capabilities.json"), Presence::Optional),
            services: at("SERVICES", "services.json"),
            account: credential("account"),
            access_key: credential("accessKey").map(Secret::new),
        }
    }
}

impl Config {
    /// Reads everything.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(flags: Flags, env: &Env) -> Result<Self, ConfigErrors> {
        Self::from_files(flags, env, Files::read(env))
    }

    /// The same from files that were read already.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn from_files(flags: Flags, env: &Env, files: Files) -> Result<Self, ConfigErrors> {
        let mut problems = Problems::default();
        let cluster = Cluster::read(files.cluster, env, &mut problems);
        let components = Components::read(files.capabilities, &cluster, env, &mut problems);
        let backend = Backend::read(
            files.services,
            files.account.or(cluster.account),
            files.access_key,
            env,
            &mut problems,
        );
        let mut reader = Reader::new(files.config, env, &mut problems);
        let namespace = reader.field("namespace").env("NAMESPACE").get();
        let port: u16 = reader.field("port").env("PORT").or(4002);
        let scheduler = read_scheduler(&mut reader, flags.standalone);
        let config = Self {
            standalone: flags.standalone,
            listen: flags.listen.unwrap_or_else(|| format!("[::]:{port}")),
            probes: Some(flags.probes.unwrap_or_else(|| "[::]:8000".to_owned()))
                .filter(|address| address != "none"),
            alone: flags.standalone,
            data_dir: flags.data_dir.unwrap_or_else(|| PathBuf::from("/data")),
            kubeconfig: flags.kubeconfig,
            tls: read_tls(&mut reader, flags.tls_cert_file, flags.tls_key_file),
            namespace: namespace
                .or(cluster.namespace)
                .unwrap_or_else(|| "kubescape".to_owned()),
            cluster: cluster.name,
            kubescape_url: cluster.kubescape_url,
            kubevuln_url: cluster.kubevuln_url,
            scanner_token: token(env),
            gateway_url: cluster.gateway_url,
            new_image_scan: cluster.new_image_scan,
            components,
            backend,
            workers: bounded(
                &mut reader,
                "workerConcurrency",
                "WORKERCONCURRENCY",
                3,
                256,
            ),
            queue: bounded(
                &mut reader,
                "commandQueueSize",
                "COMMANDQUEUESIZE",
                1000,
                10_000,
            ),
            security_framework: reader
                .field("triggerSecurityFramework")
                .env("TRIGGERSECURITYFRAMEWORK")
                .or(Switch(false))
                .0,
            startup_scan: reader
                .field("startupScan")
                .env("STARTUPSCAN")
                .get()
                .map(|on: Switch| on.0),
            registry_credentials: reader
                .field("registryCredentials")
                .env("REGISTRYCREDENTIALS")
                .get(),
            include_namespaces: list(&mut reader, "includeNamespaces", "INCLUDENAMESPACES"),
            exclude_namespaces: list(&mut reader, "excludeNamespaces", "EXCLUDENAMESPACES"),
            scheduler,
            pace: Pace::default(),
            log: LogOptions::read(&mut reader),
            traces: TraceOptions::read("operator", &mut reader),
            warnings: Vec::new(),
        };
        accept_others(&mut reader);
        reader.finish();
        let warnings = problems.into_result()?;
        Ok(Self { warnings, ..config })
    }

    /// Whether workloads of a namespace are scanned.
    pub fn wants(&self, namespace: &str) -> bool {
        let has = |list: &[String]| list.iter().any(|one| one == namespace);
        if self.include_namespaces.is_empty() {
            !has(&self.exclude_namespaces)
        } else {
            has(&self.include_namespaces)
        }
    }

    /// Whether the gateway is dialled.
    pub fn wants_gateway(&self) -> bool {
        self.components.gateway && !self.gateway_url.is_empty()
    }

    /// Whether everything is scanned after the start.
    pub fn wants_startup_scan(&self) -> bool {
        self.startup_scan.unwrap_or(self.components.gateway)
    }

    /// Whether there is someone beyond the cluster who gets results.
    pub fn has_backend(&self) -> bool {
        self.backend.is_some() || self.wants_gateway()
    }
}

/// What the role needs of `clusterData.json`, which is everybody's.
struct Cluster {
    name: String,
    namespace: Option<String>,
    account: Option<String>,
    kubescape_url: String,
    kubevuln_url: String,
    gateway_url: String,
    new_image_scan: bool,
}

impl Cluster {
    fn read(file: ConfigFile, env: &Env, problems: &mut Problems) -> Self {
        let mut reader = Reader::new(file, env, problems);
        let name: String = reader
            .field("clusterName")
            .env("CLUSTER_NAME")
            .or("default".to_owned());
        let old: Option<String> = reader.field("vulnScanURL").get();
        let kubevuln: Option<String> = reader.field("kubevulnURL").get();
        Self {
            name: kubescape_names::cluster_name(&name),
            namespace: reader.field("namespace").get(),
            account: reader.field("accountID").get(),
            kubescape_url: address(&mut reader, "kubescapeURL"),
            kubevuln_url: kubevuln
                .filter(|url| !url.is_empty())
                .or(old)
                .unwrap_or_default(),
            gateway_url: address(&mut reader, "gatewayWebsocketURL"),
            new_image_scan: reader.field("triggerNewImageScan").or(Switch(true)).0,
        }
        // Other keys are for others: nothing is said about them.
    }
}

fn address(reader: &mut Reader<'_>, name: &str) -> String {
    reader.field(name).or(String::new())
}

/// The scanner reads the same variable.
fn token(env: &Env) -> Option<Secret<String>> {
    let token = env.get("KS_API_TOKEN").filter(|token| !token.is_empty())?;
    Some(Secret::new(token.to_owned()))
}

fn bounded(
    reader: &mut Reader<'_>,
    name: &str,
    variable: &str,
    default: usize,
    most: usize,
) -> usize {
    let count: usize = reader.field(name).env(variable).or(default);
    if count == 0 || count > most {
        reader.error(
            name,
            format!("{count} is not possible"),
            format!("give 1 to {most}"),
        );
    }
    count
}

fn list(reader: &mut Reader<'_>, name: &str, variable: &str) -> Vec<String> {
    reader.field(name).env(variable).or(Vec::new())
}

fn read_scheduler(reader: &mut Reader<'_>, standalone: bool) -> Scheduler {
    let mode: Option<String> = reader.field("scheduler").env("SCHEDULER").get();
    match mode.as_deref() {
        None if standalone => Scheduler::Internal,
        None => Scheduler::CronJobs,
        Some("internal") => Scheduler::Internal,
        Some("cronjob") if !standalone => Scheduler::CronJobs,
        Some("cronjob") => {
            let remedy = "give internal, or a cluster";
            reader.error("scheduler", "cronjob needs a cluster", remedy);
            Scheduler::Internal
        }
        Some(_) => {
            reader.error("scheduler", "is not known", "give cronjob or internal");
            Scheduler::Internal
        }
    }
}

fn read_tls(
    reader: &mut Reader<'_>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Option<(PathBuf, PathBuf)> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            reader.error(
                "tlsKeyFile",
                "is missing",
                "name the key of tlsCertFile, or neither",
            );
            None
        }
        (None, Some(_)) => {
            let remedy = "name the certificate of tlsKeyFile, or neither";
            reader.error("tlsCertFile", "is missing", remedy);
            None
        }
    }
}

/// Fields that upstream has and that other parts of this build, or nothing, use.
fn accept_others(reader: &mut Reader<'_>) {
    for (name, variable) in [
        ("cleanupDelay", "CLEANUPDELAY"),
        ("eventDeduplicationInterval", "EVENTDEDUPLICATIONINTERVAL"),
        ("podScanGuardTime", "PODSCANGUARDTIME"),
    ] {
        let _: Option<GoDuration> = reader.field(name).env(variable).get();
    }
    let _: Option<String> = reader
        .field("matchingRulesFilename")
        .env("MATCHINGRULESFILENAME")
        .get();
    for name in [
        "registryScanningSkipTlsVerify",
        "registryScanningInsecure",
        "skipProfilesWithoutInstances",
    ] {
        let _: Option<Switch> = reader.field(name).get();
    }
}
