//! `kubescape operator` and `kubescape trigger`, as processes: a CronJob's request, as
//! charts write it, reaches the operator.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

fn kubescape() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubescape"));
    for variable in [
        "CONFIG",
        "CONFIG_DIR",
        "SERVICES",
        "PORT",
        "OTEL_COLLECTOR_SVC",
    ] {
        command.env_remove(variable);
    }
    command
}

/// Killed when dropped.
struct Operator {
    child: Child,
    address: String,
}

impl Operator {
    fn start(folder: &std::path::Path) -> Self {
        let mut child = kubescape()
            .args(["operator", "--standalone", "--listen", "127.0.0.1:0"])
            .args(["--probes", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .args(["-alsologtostderr", "-v=4", "2>&1"])
            .env("KS_LOGGER_NAME", "zap")
            .env("CONFIG_DIR", folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            Some(line["url"].as_str()?.strip_prefix("http://")?.to_owned())
        });
        // What it says later has to go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap();
        Self { child, address }
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trigger(host: &str, body: &std::path::Path) -> Output {
    kubescape()
        .args(["http-request", "-method=post", "-scheme=http"])
        .arg(format!("-host={host}"))
        .args([
            "-path=v1/triggerAction",
            "-headers=\"Content-Type:application/json\"",
        ])
        .arg(format!("-path-body={}", body.display()))
        .output()
        .unwrap()
}

#[test]
fn a_cronjobs_request_reaches_the_operator_and_it_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut operator = Operator::start(folder.path());
    let body = folder.path().join("request-body.json");
    std::fs::write(
        &body,
        r#"{"commands":[{"CommandName":"kubescapeScan","args":{"scanV1": {}}}]}"#,
    )
    .unwrap();
    let done = trigger(&operator.address, &body);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(done.stdout, b"200\n");
    std::fs::write(&body, "{").unwrap();
    let refused = trigger(&operator.address, &body);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let kill = Command::new("kill")
        .args(["-TERM", &operator.child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    assert_eq!(operator.child.wait().unwrap().code(), Some(0));
}

#[test]
fn wrong_flags_are_said() {
    let wrong = kubescape()
        .args(["trigger", "-method=post"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&wrong.stderr).contains("-host is missing"),
        "{wrong:?}"
    );
    let half = kubescape()
        .args(["operator", "--standalone", "-tlsCertFile=a"])
        .output()
        .unwrap();
    assert_eq!(half.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&half.stderr).contains("tlsKeyFile"),
        "{half:?}"
    );
}
