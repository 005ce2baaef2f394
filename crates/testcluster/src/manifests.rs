//! Manifests that tests apply, and those that put the storage behind the API server.

use std::fmt::Display;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::{Cluster, Error};

/// The APIService of the storage.
pub const STORAGE_API: &str = "v1beta1.spdx.softwarecomposition.kubescape.io";

/// Manifests that have the API server hand requests on to a storage at that port of
/// this machine, from namespace `kubescape`, which has to be there. `ca_bundle` is the
/// authority to trust, in base64; without one any certificate will do.
pub fn storage_at(port: impl Display, ca_bundle: Option<&str>) -> String {
    let trust = match ca_bundle {
        Some(bundle) => format!("caBundle: {bundle}"),
        None => "insecureSkipTLSVerify: true".to_owned(),
    };
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: storage, namespace: kubescape}}
spec: {{type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: {STORAGE_API}}}
spec:
  group: spdx.softwarecomposition.kubescape.io
  version: v1beta1
  groupPriorityMinimum: 1000
  versionPriority: 15
  {trust}
  service: {{name: storage, namespace: kubescape, port: {port}}}
"
    )
}

impl Cluster {
    /// Applies manifests with kubectl, as [`Cluster::kubectl`] runs it.
    ///
    /// # Errors
    ///
    /// It does not succeed; with what it says.
    pub fn apply(&self, manifests: &str) -> Result<(), Error> {
        let mut child = Command::new(self.program("kubectl"))
            .arg("--kubeconfig")
            .arg(self.kubeconfig())
            .args(["apply", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::of("kubectl"))?;
        if let Some(mut input) = child.stdin.take() {
            let written = input.write_all(manifests.as_bytes());
            written.map_err(Error::of("kubectl apply"))?;
        }
        let output = child.wait_with_output().map_err(Error::of("kubectl"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(format!("kubectl apply: {said}")))
    }

    /// Waits until the API server says of the storage's APIService that it is
    /// available, or is not, as `condition` has it: `Available`, `Available=false`.
    ///
    /// # Errors
    ///
    /// It does not say so within a minute.
    pub fn wait_for_storage(&self, condition: &str) -> Result<(), Error> {
        let condition = format!("--for=condition={condition}");
        let wait = [
            "wait",
            "apiservice",
            STORAGE_API,
            &condition,
            "--timeout=60s",
        ];
        self.kubectl(&wait).map(drop)
    }
}
