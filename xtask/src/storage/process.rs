//! The server as a process of its own, and its memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::Fault;
use super::client::Api;

/// A running server; killed when dropped.
pub(super) struct Process {
    child: Child,
    folder: PathBuf,
}

impl Process {
    /// Starts the storage alone with its data in that folder and waits until it
    /// says that it is ready.
    pub(super) fn start(binary: &Path, folder: &Path) -> Result<Self, Fault> {
        let mut process = Self::spawn(binary, folder, "127.0.0.1:0")?;
        process.ready()?;
        Ok(process)
    }

    /// Starts it and does not wait. Its environment is ours.
    pub(super) fn spawn(binary: &Path, folder: &Path, listen: &str) -> Result<Self, Fault> {
        let log = File::create(folder.join("log"))?;
        let child = Command::new(binary)
            .args(["storage", "--standalone", "--listen", listen, "--data-dir"])
            .arg(folder.join("data"))
            .arg("--write-kubeconfig")
            .arg(folder.join("kubeconfig"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        Ok(Self {
            child,
            folder: folder.to_owned(),
        })
    }

    /// Waits until it says that it is ready.
    pub(super) fn ready(&mut self) -> Result<(), Fault> {
        let said = self.child.stdout.take().ok_or("no output")?;
        for line in BufReader::new(said).lines() {
            if line?.starts_with("Ready at ") {
                return Ok(());
            }
        }
        Err("the server ended before it was ready".into())
    }

    pub(super) fn api(&self) -> Result<Api, Fault> {
        Api::from_kubeconfig(&self.folder.join("kubeconfig"))
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whatever ended it, it is gone then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Memory in RAM now, in MiB, of these processes together.
pub(super) fn memory(ids: &[u32]) -> Result<f64, Fault> {
    ids.iter().map(|id| field(*id, "VmRSS:")).sum()
}

/// The most memory in RAM, in MiB, since [`forget_peak`] or the start.
pub(super) fn peak(ids: &[u32]) -> Result<f64, Fault> {
    ids.iter().map(|id| field(*id, "VmHWM:")).sum()
}

/// Begins a new measurement of the peak.
pub(super) fn forget_peak(ids: &[u32]) {
    for id in ids {
        // Without it the peak is that since the start: higher, never lower.
        let _ = std::fs::write(format!("/proc/{id}/clear_refs"), "5");
    }
}

/// Processor time that these processes have used together, in seconds.
pub(super) fn used(ids: &[u32]) -> Result<f64, Fault> {
    /// Ticks a second, as the kernel tells programs on every platform.
    const TICKS: f64 = 100.0;
    let mut ticks = 0.0;
    for id in ids {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // After the name, which may have spaces; these are fields 14 and 15.
        let (_, rest) = stat.rsplit_once(')').ok_or("no times")?;
        for field in rest.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<f64>()?;
        }
    }
    Ok(ticks / TICKS)
}

fn field(id: u32, name: &str) -> Result<f64, Fault> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no memory")?.parse::<f64>()? / 1024.0)
}
