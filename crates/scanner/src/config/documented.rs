//! The variables that the role knows, as documentation has them.

/// An environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it does.
    pub text: &'static str,
}

const fn variable(name: &'static str, default: &'static str, text: &'static str) -> Variable {
    Variable {
        name,
        default,
        text,
    }
}

/// What has no effect here.
const NONE: &str = "accepted, without effect";

/// All of them.
#[rustfmt::skip]
pub const VARIABLES: [Variable; 47] = [
    variable("KS_PORT", "8080", "port to listen on, at all addresses; `--listen` wins"),
    variable("KS_DATA_DIR", "the working directory", "results are in its folder `results`; `--data-dir` wins"),
    variable("KS_CERT_FILE", "", "certificate to show, followed while it changes; with KS_KEY_FILE: TLS"),
    variable("KS_KEY_FILE", "", "its key"),
    variable("KS_API_TOKEN", "", "`/v1/*` wants `Authorization: Bearer` with it"),
    variable("KS_SCAN_AT_START", "true; false with continuous scanning", "scan by all frameworks at the start, until that succeeded once"),
    variable("KS_SCAN_INTERVAL", "0 (never)", "and again after this time, such as 6h"),
    variable("KS_STORE_RESULTS", "as continuous scanning", "store results as custom resources"),
    variable("KS_MATCHING_RULES_FILE", "/etc/config/matchingRules.json", "what continuous scanning follows; without it everything that controls read"),
    variable("KS_DESCRIPTIONS_PATH", "", "file or folder of descriptions of nodes and the cloud ([descriptions.md](descriptions.md)); each scan reads it anew"),
    variable("KS_EXCEPTIONS_PATH", "", "file or folder of exceptions ([exceptions.md](exceptions.md)); each scan reads it anew"),
    variable("KS_SCAN_QUEUE_CAPACITY", "10", "full scans that may wait"),
    variable("KS_OBJECT_QUEUE_CAPACITY", "1000", "object scans that may wait"),
    variable("KS_SCAN_REQUEST_MAX_BYTES", "1048576", "bytes of a body"),
    variable("KS_SCAN_TIMEOUT", "1h", "after which a scan is cancelled"),
    variable("KS_RESULTS_MAX_COUNT", "1000", "results that are kept"),
    variable("KS_RESULTS_MAX_BYTES", "1073741824", "bytes of them"),
    variable("KS_RESULTS_MAX_AGE", "24h", "their age"),
    variable("KS_CALLBACK_ENABLED", "false", "`callback=` may name public addresses"),
    variable("KS_CALLBACK_ALLOWED_CIDRS", "", "`callback=` may name addresses of these networks, also private ones"),
    variable("KS_RESOURCE_METRICS", "false", "metrics of each single resource"),
    variable("KS_INCLUDE_NAMESPACES", "", "only these namespaces, where a request names none"),
    variable("KS_EXCLUDE_NAMESPACES", "", "not these namespaces, where a request names none"),
    variable("KS_ENABLE_HOST_SCANNER", "false", "not done yet: a warning"),
    variable("KS_SUBMIT", "false", "default of `submit`: results of full scans by frameworks go to the backend ([reporting.md](reporting.md))"),
    variable("KS_SERVER", "", "the backend: asked where its event receiver is; wins over the service-discovery file"),
    variable("KS_KEEP_LOCAL", "false", "default of `keepLocal`"),
    variable("KS_ACCOUNT_ID", "file `account`", "account of the backend, a UUID"),
    variable("KS_ACCESS_KEY", "file `accessKey`", "its key"),
    variable("KS_CREDENTIALS_SECRET_PATH", "/etc/credentials", "folder of these files"),
    variable("KS_SERVICE_DISCOVERY_FILE_PATH", "/etc/config/services.json", "services of a backend: its `event-receiver-http` gets results"),
    variable("CONFIG", "/etc/config/clusterData.json", "path of that file: `namespace`, `clusterName`, `continuousPostureScan`"),
    variable("CLUSTER_NAME", "file `clusterName`", "what reports call the cluster"),
    variable("KS_CONTEXT", "", "the same, where no other name is given"),
    variable("NAMESPACE", "kubescape", "the release's namespace"),
    variable("KS_FORMAT", "json", "other values: a warning"),
    variable("KS_FORMAT_VERSION", "v2", "other values: a warning"),
    variable("KS_LOGGER_NAME", "zap (JSON) without a terminal", "form of the log: zap, pretty, none"),
    variable("KS_LOGGER_LEVEL", "info", "debug, info, warning, error, fatal"),
    variable("OTEL_COLLECTOR_SVC", "", "`HOST:PORT` of a collector that takes OTLP over gRPC"),
    variable("KS_HOST_SCAN_YAML", "", NONE),
    variable("KS_DOWNLOAD_ARTIFACTS", "", "accepted, without effect: the library is part of the program"),
    variable("KS_SKIP_UPDATE_CHECK", "", "accepted, without effect: nothing is checked"),
    variable("KS_OFFLINE", "", "accepted, without effect: nothing needs the network but the cluster"),
    variable("LARGE_CLUSTER_SIZE", "", "accepted, without effect: clusters are never split"),
    variable("POLICIES_CACHE_TTL", "", NONE),
    variable("KS_PPROF_PORT", "", NONE),
];
