//! Credentials in files, as `docker login` writes them and Secrets are mounted.

use std::io;
use std::path::Path;

use kubescape_runtime::files::read_limited;

use super::Data;

/// The most bytes of one file, and the most files of a folder.
const MAX_BYTES: u64 = 1 << 20;
const MOST: usize = 100;

/// The file, or all files of the folder, by their paths. Hidden ones are left out:
/// mounts have such for themselves.
pub(super) fn read(path: &Path) -> io::Result<Data> {
    let mut found = Data::new();
    if !path.is_dir() {
        found.insert(path.display().to_string(), read_limited(path, MAX_BYTES)?);
        return Ok(found);
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b"..");
        let path = entry.path();
        if hidden || !path.is_file() {
            continue;
        }
        if found.len() >= MOST {
            let text = format!("has more than {MOST} files: put entries together");
            return Err(io::Error::other(text));
        }
        found.insert(path.display().to_string(), read_limited(&path, MAX_BYTES)?);
    }
    Ok(found)
}
