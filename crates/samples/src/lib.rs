//! Realistic Kubernetes objects for tests and benchmarks; not part of the
//! program. The mix, size and faults are those of a middling cluster, and the
//! same seed gives the same objects.

mod acceptable;
mod objects;

use std::io::{self, Write};

use serde_json::{Value, json};

pub use acceptable::acceptable;
pub use objects::generate;

/// Writes documents separated by `---`.
///
/// # Errors
///
/// Whatever writing gives.
pub fn write_yaml(objects: &[Value], out: &mut dyn Write) -> io::Result<()> {
    for object in objects {
        out.write_all(b"---\n")?;
        serde_norway::to_writer(&mut *out, object).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Writes a `List`, with its keys in the order in which `kubectl get -o json`
/// prints them.
///
/// # Errors
///
/// Whatever writing gives.
pub fn write_json(objects: &[Value], out: &mut dyn Write) -> io::Result<()> {
    let list = json!({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}});
    Ok(serde_json::to_writer(out, &list)?)
}
