//! The files of the chart are read, and what is wrong with them is said at once.

use kubescape_operator::{Config, Files, Flags, Scheduler};
use kubescape_runtime::Secret;
use kubescape_runtime::config::{ConfigFile, Env};
use serde_json::{Value, json};

use crate::common::empty;

fn file(name: &str, value: &Value) -> ConfigFile {
    ConfigFile::parse(name, value.to_string().as_bytes())
}

#[test]
fn the_charts_own_files_are_read() {
    let files = Files {
        config: file(
            "config.json",
            &json!({"namespace": "kubescape", "triggersecurityframework": true, "cleanupDelay": 600_000_000_000u64}),
        ),
        cluster: file(
            "clusterData.json",
            &json!({
            "gatewayWebsocketURL": "gateway:8001", "vulnScanURL": "kubevuln:8080", "kubescapeURL": "kubescape:8080",
            "triggerNewImageScan": "false", "clusterName": "arn:aws/prod", "maxImageSize": 5.0e9, "nodeAgent": "true"}),
        ),
        capabilities: file(
            "capabilities.json",
            &json!({"capabilities": {"continuousScan": "disable"},
            "components": {"gateway": {"enabled": true}, "kubescapeScheduler": {"enabled": false}}}),
        ),
        services: file(
            "services.json",
            &json!({"version": "v2", "response": {"event-receiver-http": "er.example"}}),
        ),
        account: Some("a1".to_owned()),
        access_key: Some(Secret::new("key".to_owned())),
    };
    let env = Env::from_pairs([("WORKERCONCURRENCY", "7")]);
    let config = Config::from_files(Flags::default(), &env, files).unwrap();
    assert_eq!(config.cluster, "arn-aws-prod");
    assert_eq!(config.kubevuln_url, "kubevuln:8080");
    assert_eq!((config.workers, config.listen.as_str()), (7, "[::]:4002"));
    assert!(config.security_framework && !config.new_image_scan);
    assert!(config.wants_gateway());
    assert!(config.components.kubescape);
    assert_eq!(config.components.kubescape_scheduler, Some(false));
    assert_eq!(config.components.kubevuln_scheduler, None);
    assert_eq!(config.scheduler, Scheduler::CronJobs);
    let backend = config.backend.unwrap();
    assert_eq!(backend.event_receiver, "https://er.example");
    assert!(!format!("{backend:?}").contains("key\""));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let files = Files {
        config: file(
            "config.json",
            &json!({"workerConcurrency": 0, "port": "x", "cleanupDelay": "soon", "scheduler": "cron"}),
        ),
        services: file(
            "services.json",
            &json!({"event-receiver-http": "er.example"}),
        ),
        ..empty()
    };
    let flags = Flags {
        tls_cert_file: Some("cert".into()),
        ..Flags::default()
    };
    let env = Env::from_pairs([("", ""); 0]);
    let errors = Config::from_files(flags, &env, files).unwrap_err();
    let mut fields: Vec<_> = errors.errors.iter().map(|one| one.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "cleanupDelay",
            "event-receiver-http",
            "port",
            "scheduler",
            "tlsKeyFile",
            "workerConcurrency"
        ]
    );
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let env = Env::from_pairs([("", ""); 0]);
    let config = Config::from_files(Flags::default(), &env, empty()).unwrap();
    assert!(config.backend.is_none() && !config.wants_gateway());
    assert!(config.kubescape_url.is_empty() && config.kubevuln_url.is_empty());
    assert_eq!(config.namespace, "kubescape");
    assert!(config.wants("shop"));
    let some = Config {
        include_namespaces: vec!["shop".to_owned()],
        exclude_namespaces: vec!["shop".to_owned()],
        ..config
    };
    assert!(some.wants("shop") && !some.wants("bank"));
}
