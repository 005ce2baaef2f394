//! A program of the control plane, stopped when it is dropped.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Error;

/// A running program and the file that takes what it says.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[String],
        folder: &Path,
    ) -> Result<Self, Error> {
        let log = folder.join(format!("{name}.log"));
        // What it said before a restart stays.
        let file = OpenOptions::new().create(true).append(true).open(&log);
        let file = file.map_err(Error::of(name))?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone().map_err(Error::of(name))?)
            .stderr(file)
            .spawn()
            .map_err(Error::of(name))?;
        Ok(Self { name, child, log })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error with the end of its log when it has ended by itself.
    pub(crate) fn must_run(&mut self) -> Result<(), Error> {
        match self.child.try_wait().map_err(Error::of(self.name))? {
            None => Ok(()),
            Some(status) => Err(Error::new(format!(
                "{} ended: {status}\n{}",
                self.name,
                self.log_end()
            ))),
        }
    }

    /// The last lines that it said.
    pub(crate) fn log_end(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is lost: the data is as throwaway as the process.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
