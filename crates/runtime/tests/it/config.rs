//! A configuration as the storage role has it: everything wrong is said at once.

use std::path::PathBuf;
use std::time::Duration;

use kubescape_runtime::Secret;
use kubescape_runtime::config::{
    ConfigErrors, ConfigFile, Env, Presence, Problem, Problems, Reader, Severity,
};
use proptest::prelude::*;

#[derive(Debug, PartialEq)]
struct Storage {
    cluster: String,
    account: Option<Secret<String>>,
    interval: Duration,
    port: u16,
    certificate: Option<PathBuf>,
    virtual_off: bool,
    exclude: Vec<String>,
    queues: Vec<(String, usize)>,
}

fn read(
    config: ConfigFile,
    cluster: ConfigFile,
    env: &Env,
    port: Option<&str>,
) -> Result<(Storage, Vec<Problem>), ConfigErrors> {
    let mut problems = Problems::default();
    let mut queues = Vec::new();
    let mut reader = Reader::new(config, env, &mut problems);
    let interval = reader.field("cleanupInterval").or(Duration::from_hours(24));
    let port = reader
        .field("serverBindPort")
        .flag("--secure-port", port.map(str::to_owned))
        .or(8443);
    let certificate = reader.field("tlsServerCertFile").get();
    let virtual_off = reader.field("disableVirtualCRDs").or(false);
    let exclude = reader.field("excludeJsonPaths").or(Vec::new());
    reader.objects("kindQueues", |kind, queue| {
        let length = queue.field("queueLength").or(100);
        let _: usize = queue.field("workerCount").or(2);
        queues.push((kind.to_owned(), length));
    });
    if certificate.is_some() && virtual_off {
        reader.error(
            "disableVirtualCRDs",
            "contradicts tlsServerCertFile",
            "unset one",
        );
    }
    reader.finish();
    let mut reader = Reader::new(cluster, env, &mut problems);
    let cluster = reader
        .field("clusterName")
        .env("CLUSTER_NAME")
        .required("name the cluster");
    let account = reader.field("accountID").env("ACCOUNT_ID").get();
    reader.finish();
    let warnings = problems.into_result()?;
    let storage = Storage {
        cluster: cluster.unwrap_or_default(),
        account,
        interval,
        port,
        certificate,
        virtual_off,
        exclude,
        queues,
    };
    Ok((storage, warnings))
}

fn file(name: &str, text: &str) -> ConfigFile {
    ConfigFile::parse(name, text.as_bytes())
}

#[test]
fn keys_of_any_case_and_values_as_text_are_understood() {
    let config = file(
        "config.json",
        r#"{"CLEANUPINTERVAL": "6h", "serverbindport": "9443", "disableVirtualCRDs": "T",
            "excludeJsonPaths": ".a, .b", "kindQueues": {"sbomsyfts": {"QueueLength": "7"}},
            "tlsServerCertFile": null}"#,
    );
    let cluster = file(
        "clusterData.json",
        r#"{"clusterName": "kind", "accountID": "acc-1"}"#,
    );
    let env = Env::from_pairs([("ACCOUNT_ID", "acc-2"), ("CLUSTER_NAME", "")]);
    let (storage, warnings) = read(config, cluster, &env, Some("10443")).unwrap();
    assert_eq!(
        storage,
        Storage {
            cluster: "kind".to_owned(),
            account: Some(Secret::new("acc-2".to_owned())),
            interval: Duration::from_hours(6),
            port: 10443,
            certificate: None,
            virtual_off: true,
            exclude: vec![".a".to_owned(), ".b".to_owned()],
            queues: vec![("sbomsyfts".to_owned(), 7)],
        }
    );
    assert_eq!(warnings, []);
}

#[test]
fn every_error_is_listed_with_file_field_and_remedy() {
    let config = file(
        "/etc/config/config.json",
        r#"{"cleanupInterval": 24, "serverBindPort": 70000, "disableVirtualCRDs": "maybe",
            "excludeJsonPaths": [1, {}], "kindQueues": {"vex": {"queueLength": -1, "workers": 1}, "x": []},
            "servrBindAddress": "::", "cleanupinterval": "1h"}"#,
    );
    let cluster = file("clusterData.json", "{}");
    let env = Env::from_pairs([("CLUSTER_NAME", "")]);
    let errors = read(config, cluster, &env, Some("eighty")).unwrap_err();
    let text = errors.to_string();
    for wanted in [
        "cleanupinterval: is also given as cleanupInterval",
        "serverBindPort: 70000 is not usable: give a whole number from 0 to 65535",
        "flags: --secure-port: \"eighty\" is not usable",
        "disableVirtualCRDs: \"maybe\" is not usable: give true or false",
        "excludeJsonPaths: a list is not usable",
        "kindQueues.vex.queueLength: -1 is not usable",
        "kindQueues.x: a list is not usable: give an object",
        "clusterData.json: clusterName: has no value, nor has CLUSTER_NAME: name the cluster",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in:\n{text}");
    }
    let warnings: Vec<String> = errors.warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings
            .iter()
            .any(|line| line.contains("kindQueues.vex.workers: is not a known field"))
    );
    assert!(
        warnings
            .iter()
            .any(|line| line.contains("servrBindAddress"))
    );
}

#[test]
fn unknown_fields_are_warned_about_with_a_guess_and_not_without_end() {
    let (_, warnings) = read(
        file("c", r#"{"serverBindPrt": 1, "cleanUpIntervall": 1}"#),
        file("d", r#"{"clusterName": "x"}"#),
        &Env::default(),
        None,
    )
    .unwrap();
    assert!(warnings.iter().all(|one| one.severity == Severity::Warning));
    assert!(
        warnings[0].remedy.contains("cleanupInterval"),
        "{warnings:?}"
    );
    assert!(
        warnings[1].remedy.contains("serverBindPort"),
        "{warnings:?}"
    );
    let many: serde_json::Map<String, serde_json::Value> = (0..10_000)
        .map(|i| (format!("unknown{i}"), i.into()))
        .collect();
    let many = serde_json::to_string(&many).unwrap();
    let (_, warnings) = read(
        file("c", &many),
        file("d", r#"{"clusterName": "x"}"#),
        &Env::default(),
        None,
    )
    .unwrap();
    assert_eq!(warnings.len(), 21);
}

#[test]
fn files_that_are_missing_or_broken_say_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.json");
    let needed = ConfigFile::read(&missing, Presence::Required);
    let optional = ConfigFile::read(&missing, Presence::Optional);
    let errors = read(optional, needed, &Env::default(), None).unwrap_err();
    assert_eq!(errors.errors.len(), 1, "{errors}");
    assert!(errors.to_string().contains("none.json"));
    for (broken, wanted) in [
        (
            "{\"password\": \"hunter2\" x",
            "is not JSON (line 1, column 24)",
        ),
        ("{\"a\": [", "ends too early"),
        ("[]", "is not a JSON object"),
        (&"[".repeat(100_000), "is not JSON"),
    ] {
        let errors = read(
            file("config.json", broken),
            file("d", r#"{"clusterName": "x"}"#),
            &Env::default(),
            None,
        )
        .unwrap_err();
        let text = errors.to_string();
        assert!(text.contains(wanted) && !text.contains("hunter2"), "{text}");
    }
    let big = folder.path().join("big.json");
    std::fs::write(&big, vec![b' '; 2 << 20]).unwrap();
    let errors = read(
        ConfigFile::read(&big, Presence::Optional),
        file("d", r#"{"clusterName": "x"}"#),
        &Env::default(),
        None,
    );
    assert!(errors.unwrap_err().to_string().contains("1048576 bytes"));
}

#[test]
fn a_wrong_secret_is_not_shown() {
    let env = Env::from_pairs([("PIN", "12x34"), ("TOKEN", "hunter2")]);
    let mut problems = Problems::default();
    let mut reader = Reader::new(file("c", r#"{"pin": ["98765"]}"#), &env, &mut problems);
    assert_eq!(reader.field("pin").env("PIN").get::<Secret<u16>>(), None);
    let token: Option<Secret<String>> = reader.variable("TOKEN").get();
    reader.finish();
    let text = format!("{:?} {env:?} {token:?}", problems.all());
    assert_eq!(problems.all().len(), 2);
    for secret in ["12x34", "98765", "hunter2"] {
        assert!(!text.contains(secret), "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(config in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,60}") {
        let env = Env::from_pairs([("CLUSTER_NAME", text.clone())]);
        let _ = read(ConfigFile::parse("c", &config), file("d", &text), &env, Some(&text));
    }

    #[test]
    fn no_value_panics(
        key in "(serverBindPort|kindQueues|excludeJsonPaths|cleanupInterval|ſ|İ|[a-zA-Z]{0,20})",
        value in "(null|true|-0|1e400|1E3|18446744073709551616|\"[0-9hms.]{0,12}\"|\\[1,\\[\\]\\]|\\{\"a\":\\{\"queueLength\":1e9\\}\\})",
    ) {
        let text = format!("{{\"{key}\": {value}}}");
        let _ = read(file("c", &text), file("d", "{}"), &Env::default(), None);
    }
}
