//! The role's configuration: flags, environment and the files that the chart mounts,
//! read once. (config-scanning reference §8, control-plane reference §1)

mod documented;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use kubescape_live::Access;
use kubescape_runtime::Secret;
use kubescape_runtime::backend::CREDENTIALS;
use kubescape_runtime::config::{
    ConfigErrors, ConfigFile, Env, FromConfig, Presence, Problem, Problems, Raw, Reader, Severity,
};
use kubescape_runtime::logging::LogOptions;
use kubescape_runtime::traces::TraceOptions;
use kubescape_submit::Destination;

use crate::beyond::Beyond;
use crate::request::{Defaults, parse_bool};

pub use documented::{VARIABLES, Variable};

/// What the command line says; `None` is nothing.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `HOST:PORT` to listen on.
    pub listen: Option<String>,
    /// Where results are kept.
    pub data_dir: Option<PathBuf>,
    /// How to reach the cluster; else the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub kube_context: Option<String>,
}

/// Everything that the role needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// See [`Flags::listen`].
    pub listen: String,
    /// See [`Flags::data_dir`]; results are in its folder `results`.
    pub data_dir: PathBuf,
    /// How to reach the cluster.
    pub access: Access,
    /// Certificate and key to show; plain HTTP without.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// What `/v1/*` has to be asked with.
    pub token: Option<Secret<String>>,
    /// What reports call the cluster; else the context's name.
    pub cluster_name: Option<String>,
    /// The release's namespace, where results of cluster-scoped objects belong.
    pub namespace: String,
    /// Where results go that are to be sent, under which account.
    pub destination: Option<Destination>,
    /// Whether changed objects are scanned as they change, so that results of single
    /// objects are kept.
    pub continuous: bool,
    /// What holds where a request says nothing.
    pub defaults: Defaults,
    /// Bounds.
    pub limits: Limits,
    /// Who may be called back.
    pub callbacks: CallbackPolicy,
    /// Files that scans read beside the cluster.
    pub beyond: Beyond,
    /// A file that narrows what continuous scanning follows; it need not be there.
    pub rules: PathBuf,
    /// Store results as custom resources of the cluster.
    pub store_results: bool,
    /// Scan by all frameworks at the start; who follows the cluster knows better.
    pub scan_at_start: bool,
    /// And again after this time; zero is never.
    pub scan_interval: Duration,
    /// Metrics of each single resource, too.
    pub resource_metrics: bool,
    /// How to log.
    pub log: LogOptions,
    /// Where traces go.
    pub traces: TraceOptions,
    /// What was noticed, for the log.
    pub warnings: Vec<Problem>,
}

/// Bounds of what the service takes and keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Full scans that may wait.
    pub full_queue: usize,
    /// Object scans that may wait.
    pub object_queue: usize,
    /// Bytes of bodies whose scans wait.
    pub queued_bytes: usize,
    /// Bytes of a body.
    pub request_bytes: u64,
    /// After which a scan is cancelled.
    pub scan_time: Duration,
    /// Results that are kept.
    pub results: usize,
    /// Bytes of them.
    pub result_bytes: u64,
    /// Their age.
    pub result_age: Duration,
    /// For which a body may pause.
    pub body_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            full_queue: 10,
            object_queue: 1000,
            queued_bytes: 16 << 20,
            request_bytes: 1 << 20,
            scan_time: Duration::from_hours(1),
            results: 1000,
            result_bytes: 1 << 30,
            result_age: Duration::from_hours(24),
            body_pause: Duration::from_secs(30),
        }
    }
}

/// Who may be called back when a scan ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackPolicy {
    /// Public addresses.
    pub enabled: bool,
    /// And these, also private ones.
    pub allowed: Vec<IpNet>,
}

/// A network, for the reader.
struct Network(IpNet);

impl FromConfig for Network {
    const WANTED: &'static str = "networks such as 10.0.0.0/8, separated by commas";

    fn from_config(raw: Raw<'_>) -> Option<Self> {
        let text = String::from_config(raw)?;
        let network = text.parse().ok();
        network
            .or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)))
            .map(Self)
    }
}

/// Where the chart mounts things.
const CLUSTER_DATA: &str = "/etc/config/clusterData.json";
const CAPABILITIES: &str = "/etc/config/capabilities.json";
const RULES: &str = "/etc/config/matchingRules.json";

impl Config {
    /// Reads everything.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(flags: Flags, env: &Env) -> Result<Self, ConfigErrors> {
        let path = |variable, default| PathBuf::from(env.get(variable).unwrap_or(default));
        let files = Files {
            cluster: ConfigFile::read(&path("CONFIG", CLUSTER_DATA), Presence::Optional),
            capabilities: ConfigFile::read(Path::new(CAPABILITIES), Presence::Optional),
            credentials: path("KS_CREDENTIALS_SECRET_PATH", CREDENTIALS),
        };
        Self::from_files(flags, env, files)
    }

    /// The same from files that were read already.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn from_files(flags: Flags, env: &Env, files: Files) -> Result<Self, ConfigErrors> {
        let mut problems = Problems::default();
        let destination = read_destination(&files.credentials, env, &mut problems);
        let capable = read_capabilities(files.capabilities, env, &mut problems);
        let mut reader = Reader::new(files.cluster, env, &mut problems);
        let continuous = reader.field("continuousPostureScan").or(false) || capable;
        let listen = read_listen(&mut reader, &flags);
        let data_dir = flags.data_dir.as_ref();
        let config = Self {
            listen,
            data_dir: reader
                .variable("KS_DATA_DIR")
                .flag(
                    "--data-dir",
                    data_dir.map(|path| path.display().to_string()),
                )
                .or(PathBuf::from(".")),
            access: Access {
                kubeconfig: flags.kubeconfig,
                context: flags.kube_context,
            },
            tls: read_tls(&mut reader),
            token: reader.variable("KS_API_TOKEN").get(),
            cluster_name: read_cluster_name(&mut reader),
            namespace: reader
                .field("namespace")
                .env("NAMESPACE")
                .or("kubescape".to_owned()),
            continuous,
            defaults: read_defaults(&mut reader, destination.is_some()),
            destination,
            limits: read_limits(&mut reader),
            callbacks: read_callbacks(&mut reader),
            beyond: Beyond {
                descriptions: reader.variable("KS_DESCRIPTIONS_PATH").get(),
                exceptions: reader.variable("KS_EXCEPTIONS_PATH").get(),
            },
            rules: reader
                .variable("KS_MATCHING_RULES_FILE")
                .or(PathBuf::from(RULES)),
            store_results: reader.variable("KS_STORE_RESULTS").or(continuous),
            scan_at_start: reader.variable("KS_SCAN_AT_START").or(!continuous),
            scan_interval: reader.variable("KS_SCAN_INTERVAL").or(Duration::ZERO),
            resource_metrics: reader.variable("KS_RESOURCE_METRICS").or(false),
            log: LogOptions::read(&mut reader),
            traces: TraceOptions::read("scanner", &mut reader),
            warnings: Vec::new(),
        };
        warn_of_what_is_not_done(&mut reader, &config.defaults);
        // The file is that of all components: other keys are theirs.
        drop(reader);
        let warnings = problems.into_result()?;
        Ok(Self { warnings, ..config })
    }
}

/// The files that the chart mounts.
#[derive(Clone, Debug)]
pub struct Files {
    /// `clusterData.json`.
    pub cluster: ConfigFile,
    /// `capabilities.json`.
    pub capabilities: ConfigFile,
    /// The folder with `account` and `accessKey`.
    pub credentials: PathBuf,
}

fn read_listen(reader: &mut Reader<'_>, flags: &Flags) -> String {
    let port: u16 = reader.variable("KS_PORT").or(8080);
    flags
        .listen
        .clone()
        .unwrap_or_else(|| format!("0.0.0.0:{port}"))
}

/// Runs of other characters become a dash, as in identifiers of workloads.
fn read_cluster_name(reader: &mut Reader<'_>) -> Option<String> {
    let given: Option<String> = reader.field("clusterName").env("CLUSTER_NAME").get();
    // In a pod there is no kubeconfig that could have this context: the chart gives
    // the cluster's name.
    let context: Option<String> = reader.variable("KS_CONTEXT").get();
    let name = given.or(context)?;
    let mut clean = String::with_capacity(name.len());
    for letter in name.chars() {
        let word = letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        if word {
            clean.push(letter);
        } else if !clean.ends_with('-') {
            clean.push('-');
        }
    }
    Some(clean)
}

fn read_tls(reader: &mut Reader<'_>) -> Option<(PathBuf, PathBuf)> {
    let certificate: Option<PathBuf> = reader.variable("KS_CERT_FILE").get();
    let key: Option<PathBuf> = reader.variable("KS_KEY_FILE").get();
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            let remedy = "name the key of KS_CERT_FILE, or neither of both";
            reader.error("KS_KEY_FILE", "is missing", remedy);
            None
        }
        (None, Some(_)) => {
            let remedy = "name the certificate of KS_KEY_FILE, or neither of both";
            reader.error("KS_CERT_FILE", "is missing", remedy);
            None
        }
    }
}

fn read_defaults(reader: &mut Reader<'_>, backend: bool) -> Defaults {
    let mut list = |name| {
        let mut names: Vec<String> = reader.variable(name).or(Vec::new());
        names.sort_unstable();
        names.dedup();
        names
    };
    Defaults {
        include_namespaces: list("KS_INCLUDE_NAMESPACES"),
        exclude_namespaces: list("KS_EXCLUDE_NAMESPACES"),
        host_scanner: reader.variable("KS_ENABLE_HOST_SCANNER").or(false),
        submit: reader.variable("KS_SUBMIT").or(false),
        keep_local: reader.variable("KS_KEEP_LOCAL").or(false),
        backend,
    }
}

fn read_limits(reader: &mut Reader<'_>) -> Limits {
    let usual = Limits::default();
    let limits = Limits {
        full_queue: reader
            .variable("KS_SCAN_QUEUE_CAPACITY")
            .or(usual.full_queue),
        object_queue: reader
            .variable("KS_OBJECT_QUEUE_CAPACITY")
            .or(usual.object_queue),
        request_bytes: reader
            .variable("KS_SCAN_REQUEST_MAX_BYTES")
            .or(usual.request_bytes),
        scan_time: reader.variable("KS_SCAN_TIMEOUT").or(usual.scan_time),
        results: reader.variable("KS_RESULTS_MAX_COUNT").or(usual.results),
        result_bytes: reader
            .variable("KS_RESULTS_MAX_BYTES")
            .or(usual.result_bytes),
        result_age: reader.variable("KS_RESULTS_MAX_AGE").or(usual.result_age),
        ..usual
    };
    let least = [
        ("KS_SCAN_QUEUE_CAPACITY", limits.full_queue as u64),
        ("KS_OBJECT_QUEUE_CAPACITY", limits.object_queue as u64),
        ("KS_SCAN_REQUEST_MAX_BYTES", limits.request_bytes),
        ("KS_SCAN_TIMEOUT", limits.scan_time.as_secs()),
        ("KS_RESULTS_MAX_COUNT", limits.results as u64),
        ("KS_RESULTS_MAX_BYTES", limits.result_bytes),
        ("KS_RESULTS_MAX_AGE", limits.result_age.as_secs()),
    ];
    for (name, value) in least {
        if value == 0 {
            reader.error(name, "is zero, and nothing would be left", "give 1 or more");
        }
    }
    limits
}

fn read_callbacks(reader: &mut Reader<'_>) -> CallbackPolicy {
    let allowed: Vec<Network> = reader.variable("KS_CALLBACK_ALLOWED_CIDRS").or(Vec::new());
    CallbackPolicy {
        enabled: reader.variable("KS_CALLBACK_ENABLED").or(false),
        allowed: allowed.into_iter().map(|network| network.0).collect(),
    }
}

/// Settings that ask for something that is not done, or not done so.
fn warn_of_what_is_not_done(reader: &mut Reader<'_>, defaults: &Defaults) {
    let format: Option<String> = reader.variable("KS_FORMAT").get();
    if format.is_some_and(|format| !format.eq_ignore_ascii_case("json")) {
        let remedy = "unset it; `kubescape scan` writes other formats";
        reader.warn("KS_FORMAT", "results are always json", remedy);
    }
    let version: Option<String> = reader.variable("KS_FORMAT_VERSION").get();
    if version.is_some_and(|version| version != "v2") {
        reader.warn(
            "KS_FORMAT_VERSION",
            "results are always of version v2",
            "unset it",
        );
    }
    if defaults.submit && !defaults.keep_local && !defaults.backend {
        let text = "there is no backend to send results to";
        reader.warn("KS_SUBMIT", text, "set KS_SERVER, or mount services.json");
    }
    if defaults.host_scanner {
        let remedy = "unset it; controls that need them are skipped";
        reader.warn(
            "KS_ENABLE_HOST_SCANNER",
            "data of nodes are not collected yet",
            remedy,
        );
    }
}

/// `capabilities.continuousScan` is `enable` where it is on.
fn read_capabilities(file: ConfigFile, env: &Env, problems: &mut Problems) -> bool {
    let mut reader = Reader::new(file, env, problems);
    let Some(mut capabilities) = reader.object("capabilities") else {
        return false;
    };
    let continuous: Option<String> = capabilities.field("continuousScan").get();
    continuous.is_some_and(|word| word == "enable" || word == "true")
}

/// What is wrong with a backend that nobody uses keeps nothing from starting.
fn read_destination(folder: &Path, env: &Env, problems: &mut Problems) -> Option<Destination> {
    let mut found = Problems::default();
    let destination =
        Destination::read(kubescape_submit::Flags::default(), folder, env, &mut found);
    let used = env.get("KS_SUBMIT").and_then(parse_bool) == Some(true);
    for problem in found.all() {
        let severity = if used {
            problem.severity
        } else {
            Severity::Warning
        };
        problems.push(Problem {
            severity,
            ..problem.clone()
        });
    }
    destination
}

#[cfg(test)]
mod tests;
