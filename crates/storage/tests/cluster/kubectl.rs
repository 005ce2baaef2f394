//! kubectl of some version against some server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

/// A kubectl and whom it talks to.
#[derive(Clone)]
pub(crate) struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    /// What it knows of the server.
    cache: Arc<TempDir>,
}

impl Kubectl {
    pub(crate) fn new(program: &Path, kubeconfig: &Path) -> Self {
        Self {
            program: program.to_owned(),
            kubeconfig: kubeconfig.to_owned(),
            cache: Arc::new(tempfile::tempdir().unwrap()),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .arg("--cache-dir")
            .arg(self.cache.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it with that input. `Err` is what it says when it fails.
    pub(crate) fn ask_with(&self, arguments: &[&str], input: &str) -> Result<Said, String> {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // It need not read all.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = Said {
            out: text(&output.stdout),
            err: text(&output.stderr),
        };
        if output.status.success() {
            Ok(said)
        } else {
            Err(format!("{}{}", said.out, said.err))
        }
    }

    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        self.ask_with(arguments, "").map(|said| said.out)
    }

    /// What it prints; it has to succeed.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with(arguments, "").out
    }

    /// The same with input, and all that it says.
    #[track_caller]
    pub(crate) fn ok_with(&self, arguments: &[&str], input: &str) -> Said {
        match self.ask_with(arguments, input) {
            Ok(said) => said,
            Err(error) => panic!("kubectl {}: {error}", arguments.join(" ")),
        }
    }

    /// What it says; it has to fail.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        self.fails_with(arguments, "")
    }

    #[track_caller]
    pub(crate) fn fails_with(&self, arguments: &[&str], input: &str) -> String {
        match self.ask_with(arguments, input) {
            Ok(said) => panic!("kubectl {} did {}", arguments.join(" "), said.out),
            Err(error) => error,
        }
    }

    /// The object or list as JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.ok(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// Starts it, to be read line by line.
    pub(crate) fn follow(&self, arguments: &[&str]) -> Following {
        let mut child = self.command(arguments).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Following { child, lines }
    }
}

/// What a kubectl said.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A kubectl that goes on; ends when dropped.
pub(crate) struct Following {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Following {
    /// The next line that has the text; waits for it.
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if line.contains(text) {
                return line;
            }
            line.clear();
        }
        panic!("no line with {text:?} came");
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
