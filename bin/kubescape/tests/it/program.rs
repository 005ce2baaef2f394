//! Running the program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A Pod with faults of several severities.
pub(crate) const BAD_POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
spec:
  hostNetwork: true
  containers:
    - name: app
      image: registry.example.com/app:1.0
      securityContext: {privileged: true}
      env:
        - {name: DB_PASSWORD, value: sup3r-s3cret-env}
";

/// A folder with files in it.
pub(crate) struct World(TempDir);

/// How the program ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            world.write(name, text.as_bytes());
        }
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubescape"));
        command.current_dir(self.0.path()).args(arguments);
        command
            .env("SOURCE_DATE_EPOCH", "1767323045")
            .env_remove("CLICOLOR_FORCE")
            // No test may reach a cluster of the machine.
            .env("HOME", self.0.path())
            .env_remove("KUBECONFIG")
            .env_remove("KUBERNETES_SERVICE_HOST");
        command
    }

    /// Runs the program with what it can read on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Run {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that does not read its input closes the pipe; that is its right.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, b"")
    }

    /// A scan's JSON report; the scan must end with this exit code.
    pub(crate) fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let run = self.run(&[&["scan", "--format", "json"], arguments].concat());
        assert_eq!(run.code, code, "{}", run.err);
        serde_json::from_str(&run.out).unwrap()
    }
}

impl Run {
    /// Checks the exit code and that both outputs together contain the texts.
    pub(crate) fn expect(&self, code: i32, texts: &[&str]) -> &Self {
        let all = format!("{}\n{}", self.out, self.err);
        assert_eq!(self.code, code, "{all}");
        // The text for people is wrapped.
        let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in texts {
            assert!(all.contains(text), "\"{text}\" is missing in: {all}");
        }
        self
    }
}

/// IDs of the controls that a report is about.
pub(crate) fn controls(report: &Value) -> Vec<String> {
    report["summaryDetails"]["controls"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

/// Kind and name of the resources of a report.
pub(crate) fn resources(report: &Value) -> Vec<String> {
    let objects = report["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| &resource["object"]);
    let name = |object: &Value| {
        let name = object["metadata"]["name"]
            .as_str()
            .or(object["name"].as_str())
            .unwrap_or_default();
        format!("{}/{name}", object["kind"].as_str().unwrap_or_default())
    };
    objects.map(name).collect()
}

pub(crate) fn example_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}
