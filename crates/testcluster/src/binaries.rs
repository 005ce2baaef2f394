//! The programs: found, or built with Go and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::Error;

/// Version that the programs say of themselves; that of `tests/cluster/go.mod`.
const KUBERNETES: &str = "v1.34.4";

const PACKAGES: [(&str, &str); 4] = [
    ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    (
        "kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    ("etcd", "go.etcd.io/etcd/server/v3"),
];

/// A folder with `etcd`, `kube-apiserver`, `kube-controller-manager` and `kubectl`.
#[derive(Clone, Debug)]
pub struct Binaries(PathBuf);

impl Binaries {
    /// The folder that `KUBESCAPE_TEST_BINARIES` names, or that of an earlier
    /// build of the same versions, or a new build (about ten minutes).
    ///
    /// # Errors
    ///
    /// Go is missing, or the build fails.
    pub fn find_or_build() -> Result<Self, Error> {
        if let Some(folder) = std::env::var_os("KUBESCAPE_TEST_BINARIES") {
            let folder = PathBuf::from(folder);
            return match missing(&folder) {
                None => Ok(Self(folder)),
                Some(name) => Err(Error::new(format!(
                    "KUBESCAPE_TEST_BINARIES={} has no {name}",
                    folder.display()
                ))),
            };
        }
        let folder = cache().join("testcluster").join(digest()?);
        fs::create_dir_all(&folder).map_err(Error::of("the folder of test programs"))?;
        // Test binaries run side by side; one builds, the others wait for it.
        let lock =
            File::create(folder.join("lock")).map_err(Error::of("the lock of test programs"))?;
        lock.lock()
            .map_err(Error::of("the lock of test programs"))?;
        for (name, package) in PACKAGES {
            if !folder.join(name).is_file() {
                build(name, package, &folder)?;
            }
        }
        Ok(Self(folder))
    }

    /// The path of one of the programs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// The user's cache, which several checkouts share; else the target folder.
fn cache() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty());
    let of_user = named("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| named("HOME").map(|home| Path::new(&home).join(".cache")));
    match of_user {
        Some(folder) => folder.join("kubescape-tests"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
    }
}

fn missing(folder: &Path) -> Option<&'static str> {
    PACKAGES
        .iter()
        .map(|(name, _)| *name)
        .find(|name| !folder.join(name).is_file())
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cluster")
}

/// The first half of the SHA-256 of what decides about the programs.
fn digest() -> Result<String, Error> {
    let mut hash = Sha256::new();
    for name in ["go.mod", "go.sum"] {
        hash.update(fs::read(sources().join(name)).map_err(Error::of("tests/cluster"))?);
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    Ok(format!("{:032x}", u128::from_be_bytes(first)))
}

fn build(name: &str, package: &str, folder: &Path) -> Result<(), Error> {
    let version = KUBERNETES
        .trim_start_matches('v')
        .split('.')
        .collect::<Vec<_>>();
    let place = "k8s.io/component-base/version";
    let flags = format!(
        "-s -w -X {place}.gitVersion={KUBERNETES} -X {place}.gitMajor={} -X {place}.gitMinor={}",
        version[0], version[1]
    );
    // Under another name until it is whole.
    let unfinished = folder.join(format!("{name}.building"));
    let status = Command::new("go")
        .current_dir(sources())
        .env("CGO_ENABLED", "0")
        .env("GOMEMLIMIT", "3GiB")
        .args(["build", "-p", "2", "-trimpath", "-ldflags", &flags, "-o"])
        .arg(&unfinished)
        .arg(package)
        .status()
        .map_err(|error| {
            Error::new(format!(
                "`go` cannot be run ({error}): install Go 1.24 or newer to build {name}, or set KUBESCAPE_TEST_BINARIES"
            ))
        })?;
    if !status.success() {
        return Err(Error::new(format!("`go build {package}` failed: {status}")));
    }
    fs::rename(&unfinished, folder.join(name)).map_err(Error::of(name))
}
