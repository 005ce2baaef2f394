//! The file of recurring scans: whole or not at all, private, of one process.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use kubescape_runtime::files;

use super::definition::{Definition, Stored};

/// The most bytes of the file.
const MAX_BYTES: u64 = 8 << 20;
/// It may hold passwords.
const MODE: u32 = 0o600;

/// By name.
type Definitions = BTreeMap<String, Definition>;

/// Makes the folder, and holds it for this process.
pub(super) fn lock(folder: &Path) -> Result<File, String> {
    let shown = folder.display();
    let unusable =
        |error: std::io::Error| format!("cannot use {shown}: {error}: give another --data-dir");
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let file = File::create(folder.join("schedules.lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(format!(
            "another operator keeps its recurring scans in {shown}: give another --data-dir"
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// What the file has; nothing when it is not there.
pub(super) fn read(file: &Path) -> Result<Definitions, String> {
    let text = match files::read_limited(file, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Definitions::new()),
        Err(error) => return Err(error.to_string()),
    };
    // No value is quoted: it may be a password's.
    let list: Vec<Stored> = serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("it is no list of recurring scans (line {line}, column {column})")
    })?;
    let list: Vec<Definition> = list.into_iter().map(Definition::from).collect();
    list.iter().try_for_each(Definition::check)?;
    keep_private(file, &list)?;
    Ok(list
        .into_iter()
        .map(|one| (one.name.clone(), one))
        .collect())
}

/// A file that somebody copied may be open to all.
fn keep_private(file: &Path, list: &[Definition]) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if meta.permissions().mode() & 0o777 == MODE {
        return Ok(());
    }
    if list.iter().any(|one| one.secret.is_some()) {
        tracing::warn!(file = %file.display(), "others could read passwords of registries; not any more");
    }
    let private = std::fs::Permissions::from_mode(MODE);
    std::fs::set_permissions(file, private).map_err(|error| error.to_string())
}

/// Writes all, for its owner alone.
pub(super) fn write(file: &Path, all: &Definitions) -> Result<(), String> {
    let wrong = |problem: &dyn std::fmt::Display| {
        format!("{} cannot be written: {problem}", file.display())
    };
    let list: Vec<Stored> = all.values().map(Stored::from).collect();
    let text = serde_json::to_vec_pretty(&list).map_err(|error| wrong(&error))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(wrong(&format!(
            "all together have more than {MAX_BYTES} bytes: remove some"
        )));
    }
    files::write_whole(file, &text, MODE).map_err(|error| wrong(&error))
}
