//! `kubescape scanner`, as a process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// With an environment that is this test's alone.
fn kubescape() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubescape"));
    command.env_clear().env("KS_LOGGER_NAME", "zap");
    command
}

/// A kubeconfig that leads to a port that nobody listens on.
fn nowhere(folder: &Path) -> std::path::PathBuf {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let path = folder.join("nowhere");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
         clusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n\
         contexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
         users: [{{name: a, user: {{}}}}]\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// A service that listens; stopped when dropped.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(folder: &Path, name: &str) -> Self {
        let mut child = kubescape()
            .args([name, "--listen", "127.0.0.1:0", "--kubeconfig"])
            .arg(nowhere(folder))
            .arg("--data-dir")
            .arg(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut urls = lines.map_while(Result::ok).filter_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line).ok()?;
            Some(line["url"].as_str()?.strip_prefix("http://")?.to_owned())
        });
        let address = urls.next().unwrap();
        // Nothing may block on a full pipe.
        std::thread::spawn(move || urls.count());
        Self { child, address }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        crate::up::ask(&format!("http://{}", self.address), method, path, body)
    }

    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_its_cluster_it_says_so_and_stays() {
    for name in ["scanner", "ksserver"] {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start(folder.path(), name);
        assert!(service.ask("GET", "/livez", "").starts_with("HTTP/1.1 200"));
        assert!(
            service
                .ask("GET", "/readyz", "")
                .starts_with("HTTP/1.1 500")
        );
        let failed = service.ask("POST", "/v1/scan?wait=true", "{}");
        assert!(failed.starts_with("HTTP/1.1 500"), "{failed}");
        assert!(failed.contains("cannot reach the server"), "{failed}");
        assert!(
            service
                .ask("GET", "/v1/metrics", "")
                .contains("kubescape_scan_last_failed 1")
        );
        assert_eq!(service.stop(), Some(0));
    }
}

#[test]
fn a_configuration_that_is_wrong_is_listed_before_anything_starts() {
    let output = kubescape()
        .arg("scanner")
        .envs([
            ("KS_PORT", "http"),
            ("KS_KEY_FILE", "key"),
            ("KS_SCAN_TIMEOUT", "1"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    for part in ["3 errors", "KS_PORT", "KS_CERT_FILE", "KS_SCAN_TIMEOUT"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn an_address_or_a_certificate_that_cannot_be_had_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let start = |variables: &[(&str, &str)]| {
        let output = kubescape()
            .args(["scanner", "--listen", &address, "--data-dir"])
            .arg(folder.path())
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start(&[]).contains(&format!("cannot listen on {address}")));
    let tls = [("KS_CERT_FILE", "/no/cert"), ("KS_KEY_FILE", "/no/key")];
    assert!(start(&tls).contains("/no/cert"));
}
