use super::*;

fn files() -> Files {
    Files {
        cluster: ConfigFile::empty("clusterData.json"),
        capabilities: ConfigFile::empty("capabilities.json"),
        credentials: PathBuf::from("/nowhere"),
    }
}

fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let env = Env::from_pairs(pairs.iter().copied());
    Config::from_files(Flags::default(), &env, files())
}

#[test]
fn nothing_at_all_is_enough() {
    let config = read(&[]).unwrap();
    assert_eq!(config.listen, "0.0.0.0:8080");
    assert_eq!(config.limits, Limits::default());
    assert!(config.scan_at_start && config.scan_interval.is_zero());
    assert!(config.warnings.is_empty());
    assert_eq!(config.access, Access::default());
}

#[test]
fn what_the_chart_sets_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("account"), "me\n").unwrap();
    std::fs::write(folder.path().join("accessKey"), "hunter2").unwrap();
    let env = Env::from_pairs([
        ("KS_CONTEXT", "my cluster/1"),
        ("KS_DOWNLOAD_ARTIFACTS", "true"),
        ("LARGE_CLUSTER_SIZE", "1500"),
        ("KS_EXCLUDE_NAMESPACES", "kube-system, kubescape"),
        ("KS_PORT", "9090"),
    ]);
    let files = Files {
        cluster: ConfigFile::parse(
            "clusterData.json",
            br#"{"namespace":"sec","kubevulnURL":"x","continuousPostureScan":false}"#,
        ),
        capabilities: ConfigFile::parse(
            "capabilities.json",
            br#"{"capabilities":{"continuousScan":"enable"},"components":{}}"#,
        ),
        credentials: folder.path().to_owned(),
    };
    let config = Config::from_files(Flags::default(), &env, files).unwrap();
    assert_eq!(config.listen, "0.0.0.0:9090");
    assert_eq!(config.namespace, "sec");
    assert_eq!(config.cluster_name.as_deref(), Some("my-cluster-1"));
    assert_eq!(
        config.defaults.exclude_namespaces,
        ["kube-system", "kubescape"]
    );
    assert!(config.continuous);
    // A context of no kubeconfig must not keep the pod's account from being used.
    assert_eq!(config.access, Access::default());
    assert!(!format!("{config:?}").contains("hunter2"));
    // There is no backend whose account it could be.
    assert!(config.destination.is_none());
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn everything_wrong_is_listed_at_once() {
    let error = read(&[
        ("KS_PORT", "http"),
        ("KS_CERT_FILE", "/tls.crt"),
        ("KS_SCAN_QUEUE_CAPACITY", "0"),
        ("KS_CALLBACK_ALLOWED_CIDRS", "10.0.0.0/8,home"),
        ("KS_SCAN_INTERVAL", "daily"),
    ])
    .unwrap_err();
    let fields: Vec<_> = error.errors.iter().map(|one| one.field.as_str()).collect();
    for name in [
        "KS_PORT",
        "KS_KEY_FILE",
        "KS_SCAN_QUEUE_CAPACITY",
        "KS_CALLBACK_ALLOWED_CIDRS",
        "KS_SCAN_INTERVAL",
    ] {
        assert!(fields.contains(&name), "{name} is not in {fields:?}");
    }
}

#[test]
fn settings_that_are_not_done_are_warned_of() {
    let config = read(&[
        ("KS_FORMAT", "html"),
        ("KS_FORMAT_VERSION", "v1"),
        ("KS_SUBMIT", "true"),
        ("KS_SERVER", ""),
        ("KS_ENABLE_HOST_SCANNER", "true"),
    ])
    .unwrap();
    assert_eq!(config.warnings.len(), 4, "{:?}", config.warnings);
}

#[test]
fn networks_may_be_single_addresses() {
    let config = read(&[("KS_CALLBACK_ALLOWED_CIDRS", "10.0.0.0/8,::1")]).unwrap();
    let texts: Vec<_> = config
        .callbacks
        .allowed
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["10.0.0.0/8", "::1/128"]);
    assert!(!config.callbacks.enabled);
}

#[test]
fn a_backend_is_a_server_with_an_account_and_a_wrong_one_counts_when_it_is_used() {
    let account = "5d1f3a9e-0c2b-4b7e-9a53-1f0c2d3e4b5a";
    let given = [
        ("KS_SERVER", "api.example.com"),
        ("KS_ACCOUNT_ID", account),
        ("KS_ACCESS_KEY", "hunter2"),
    ];
    let config = read(&given).unwrap();
    assert!(config.defaults.backend && !config.defaults.submit);
    assert_eq!(config.destination.as_ref().unwrap().account.id(), account);
    assert!(!format!("{config:?}").contains("hunter2"));

    let wrong = [("KS_SERVER", "api.example.com"), ("KS_ACCOUNT_ID", "me")];
    let config = read(&wrong).unwrap();
    assert!(config.destination.is_none());
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    let used = wrong.into_iter().chain([("KS_SUBMIT", "true")]);
    let error = read(&used.collect::<Vec<_>>()).unwrap_err();
    assert!(error.to_string().contains("not a UUID"), "{error}");
}
