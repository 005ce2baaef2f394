//! `kubescape storage`, as a process: start, stop, care of its database.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn kubescape() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubescape"));
    for variable in [
        "CONFIG_DIR",
        "DATABASE_URL",
        "DATA_DIR",
        "OTEL_COLLECTOR_SVC",
    ] {
        command.env_remove(variable);
    }
    command
}

/// A server that says it is ready; stopped when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = kubescape()
            .args(["storage", "--standalone", "--listen", "127.0.0.1:0"])
            .arg("--data-dir")
            .arg(folder.join("data"))
            .arg("--write-kubeconfig")
            .arg(folder.join("kubeconfig"))
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Ready at https://");
        let address = address.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, address }
    }

    /// Asks it to end, and gives its exit code.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn care(arguments: &[&str], folder: &Path) -> Output {
    let data = folder.join("data");
    let mut command = kubescape();
    command.arg("storage").arg(arguments[0]);
    command.arg("--data-dir").arg(data).args(&arguments[1..]);
    command.current_dir(folder).output().unwrap()
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

#[test]
fn it_starts_alone_says_where_and_ends_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    TcpStream::connect(&server.address).unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let mode = std::fs::metadata(&kubeconfig).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds a key");
    let config = std::fs::read_to_string(&kubeconfig).unwrap();
    assert!(config.contains(&server.address), "{config}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_collector_that_is_not_there_keeps_nothing_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = [("OTEL_COLLECTOR_SVC", "127.0.0.1:9")];
    let server = Server::start(folder.path(), &nowhere);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_running_database_is_backed_up_and_restored_after_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let backup = care(&["backup", "--to", "b.sqlite"], folder.path());
    assert!(backup.status.success(), "{}", text(&backup));
    let check = care(&["check"], folder.path());
    assert!(text(&check).contains("Sound"), "{}", text(&check));
    let busy = care(&["restore", "--from", "b.sqlite"], folder.path());
    assert_eq!(busy.status.code(), Some(3));
    assert!(text(&busy).contains("in use"), "{}", text(&busy));
    assert_eq!(server.stop(), Some(0));
    let restored = care(&["restore", "--from", "b.sqlite"], folder.path());
    assert!(restored.status.success(), "{}", text(&restored));
    let migrated = care(&["migrate"], folder.path());
    assert!(migrated.status.success(), "{}", text(&migrated));
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn everything_wrong_with_a_configuration_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"serverBindPort": "many", "tlsServerCertFile": "/x", "budgets": {"sbomsyfts": {"maxObjects": -1}}}"#;
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let output = kubescape()
        .args(["storage", "--standalone", "--data-dir"])
        .arg(folder.path().join("data"))
        .env("CONFIG_DIR", folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output);
    for field in [
        "serverBindPort",
        "tlsServerKeyFile",
        "budgets.sbomsyfts.maxObjects",
    ] {
        assert!(said.contains(field), "{field}: {said}");
    }
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

#[test]
fn a_folder_that_cannot_be_used_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let output = kubescape()
        .args([
            "storage",
            "--standalone",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
        ])
        .arg(folder.path().join("file/data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output).contains("--data-dir"), "{}", text(&output));
}
