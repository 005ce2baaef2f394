//! What is written, and what never is.

use std::io::Write;
use std::sync::{Arc, Mutex};

use kubescape_runtime::Secret;
use kubescape_runtime::config::{ConfigFile, Env, Problems, Reader};
use kubescape_runtime::logging::{LogFormat, LogLayer, LogLevel, LogOptions};
use proptest::prelude::*;
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged(format: LogFormat, level: LogLevel, act: impl FnOnce()) -> String {
    let output = Output::default();
    let layer = LogLayer::new(LogOptions { level, format }, Box::new(output.clone())).filtered();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
    let bytes = output.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_json_line_has_upstreams_keys_and_the_job_it_belongs_to() {
    let text = logged(LogFormat::Json, LogLevel::Info, || {
        let outer = tracing::info_span!("action", jobId = "j1", parentId = tracing::field::Empty);
        let _outer = outer.enter();
        outer.record("parentId", "p1");
        let _inner = tracing::info_span!("step", image = "nginx", count = 1).entered();
        tracing::warn!(count = 2, level = "x", ok = true, "it \"happened\"\nagain");
        tracing::debug!("too small");
        tracing::info!(target: "hyper::proto", "somebody else's");
        tracing::warn!(target: "hyper::proto", "somebody else's trouble");
    });
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(text.starts_with(r#"{"level":"warn","ts":""#), "{text}");
    let line = &lines[0];
    assert_eq!(line["msg"], "it \"happened\"\nagain");
    assert_eq!(line["jobId"], "j1");
    assert_eq!(line["parentId"], "p1");
    assert_eq!(line["image"], "nginx");
    assert_eq!(line["count"], 2);
    assert_eq!(line["ok"], true);
    assert_eq!(line["field.level"], "x");
    assert!(
        line["ts"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .is_ok()
    );
}

#[test]
fn a_failed_request_is_told_by_its_caller_alone() {
    let act = || tracing::error!(target: "kube_client::client::builder", "failed with status 503");
    assert_eq!(logged(LogFormat::Json, LogLevel::Info, act), "");
    assert_ne!(logged(LogFormat::Json, LogLevel::Debug, act), "");
}

#[test]
fn lines_for_people_cannot_be_forged() {
    let text = logged(LogFormat::Human, LogLevel::Info, || {
        tracing::info!(
            name = "a\nERROR forged",
            plain = "x",
            "started\u{1b}[2J\nERROR forged"
        );
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        !text.contains('\u{1b}') && text.contains("plain=x") && text.contains("INFO"),
        "{text}"
    );
    assert_eq!(
        logged(LogFormat::None, LogLevel::Trace, || tracing::error!("x")),
        ""
    );
}

#[test]
fn secrets_never_reach_a_line() {
    let act = || {
        let secret = Secret::new("hunter2");
        tracing::info!(%secret, ?secret, password = "hunter2", accessToken = 77, "with {secret}");
        tracing::info!(
            url = "postgres://ks:hunter2@db/ks",
            "Authorization: Bearer hunter2hunter2"
        );
        let key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----";
        let _span = tracing::info_span!("s", key).entered();
        let error: Box<dyn std::error::Error> = "postgres://a:hunter2@b".into();
        tracing::error!(error = &*error, key, secretName = "visible");
    };
    for format in [LogFormat::Json, LogFormat::Human] {
        let text = logged(format, LogLevel::Trace, act);
        assert_eq!(text.lines().count(), 3);
        assert!(!text.contains("hunter2") && !text.contains("77"), "{text}");
        assert!(text.contains("visible") && text.contains("***"), "{text}");
    }
}

#[test]
fn one_value_does_not_fill_the_log() {
    let long = "é".repeat(1 << 20);
    let text = logged(LogFormat::Json, LogLevel::Info, || {
        tracing::info!(long, "{long}");
    });
    assert!(text.len() < 40_000);
    assert!(serde_json::from_str::<Value>(&text).is_ok());
}

#[test]
fn level_and_form_come_from_upstreams_variables() {
    let read = |level: &str, name: &str| {
        let env = Env::from_pairs([("KS_LOGGER_LEVEL", level), ("KS_LOGGER_NAME", name)]);
        let mut problems = Problems::default();
        let mut reader = Reader::new(ConfigFile::empty("none"), &env, &mut problems);
        let options = LogOptions::read(&mut reader);
        reader.finish();
        problems
            .into_result()
            .map(|_| options)
            .map_err(|errors| errors.to_string())
    };
    let wanted = LogOptions {
        level: LogLevel::Warning,
        format: LogFormat::Json,
    };
    assert_eq!(read("WARNING", "zap"), Ok(wanted));
    let error = read("loud", "pipe").unwrap_err();
    assert!(
        error.contains("environment: KS_LOGGER_LEVEL") && error.contains("KS_LOGGER_NAME"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn every_message_gives_one_line_of_json(message in "\\PC{0,200}|[\\x00-\\x7f]{0,50}") {
        let text = logged(LogFormat::Json, LogLevel::Info, || tracing::info!(field = %message, "{message}"));
        prop_assert_eq!(text.matches('\n').count(), 1);
        prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
    }
}
