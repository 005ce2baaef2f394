//! Care of a database: backup, restore, check, migration.

use std::fmt;
use std::path::{Path, PathBuf};

use kubescape_store::sqlite::{backup_file, check_file, restore};
use kubescape_store::{Error, SqliteOptions, SqliteStore};

/// The database in the folder of the data.
pub(crate) const DATABASE: &str = "storage.sqlite";

/// What to do.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// Write a backup to that new file.
    Backup(&'a Path),
    /// Put that backup in the place of the database.
    Restore(&'a Path),
    /// Look for damage.
    Check,
    /// Bring the database to the present form.
    Migrate,
}

/// What was done; its text is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationDone {
    /// A backup of that state is in that file.
    BackedUp(PathBuf, u64),
    /// The backup is in place; what was there before is kept there.
    Restored(Option<PathBuf>),
    /// All is sound: so many objects.
    Sound(u64),
    /// What is damaged, or was and had to be recovered.
    Damaged(Vec<String>),
    /// It has the present form.
    Migrated,
}

impl fmt::Display for OperationDone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BackedUp(path, version) => {
                write!(out, "Version {version} is backed up in {}", path.display())
            }
            Self::Restored(None) => out.write_str("Restored"),
            Self::Restored(Some(kept)) => {
                write!(out, "Restored; the former database is {}", kept.display())
            }
            Self::Sound(objects) => write!(out, "Sound: {objects} objects"),
            Self::Damaged(problems) => {
                write!(out, "Damaged:")?;
                problems.iter().try_for_each(|one| write!(out, "\n  {one}"))
            }
            Self::Migrated => out.write_str("The database has the present form"),
        }
    }
}

/// Does it; blocks. A backup and a check may be made while a server runs on the
/// folder.
///
/// # Errors
///
/// The folder has no database, a server runs on one that is to be changed, or
/// what the store says.
pub fn operate(data_dir: &Path, what: Operation<'_>) -> Result<OperationDone, Error> {
    let path = data_dir.join(DATABASE);
    match what {
        Operation::Backup(to) => {
            let version = backup_file(&path, to)?;
            Ok(OperationDone::BackedUp(to.to_owned(), version))
        }
        Operation::Restore(from) => restore(from, &path).map(OperationDone::Restored),
        Operation::Check => {
            let (problems, objects) = check_file(&path)?;
            Ok(if problems.is_empty() {
                OperationDone::Sound(objects)
            } else {
                OperationDone::Damaged(problems)
            })
        }
        Operation::Migrate => migrate(&path),
    }
}

fn migrate(path: &Path) -> Result<OperationDone, Error> {
    if !path.is_file() {
        return Err(Error::Unavailable {
            detail: format!("there is no database {}", path.display()),
        });
    }
    // Opening does it, and recovers what is damaged.
    let store = SqliteStore::open(SqliteOptions::new(path))?;
    let recovered = store.recovery().map(|recovery| {
        format!(
            "{}; {} objects were saved, {} are lost, the damaged file is {}",
            recovery.reason,
            recovery.saved,
            recovery.lost,
            recovery.kept.display()
        )
    });
    store.close();
    Ok(match recovered {
        None => OperationDone::Migrated,
        Some(what) => OperationDone::Damaged(vec![what]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_store::{Change, Draft, Key, Store as _};

    fn draft(name: &str) -> Draft {
        Draft {
            key: Key::new("knownservers", "", name),
            uid: name.to_owned(),
            labels: std::collections::BTreeMap::new(),
            created: 1,
            generation: 1,
            deleting: None,
            finalizers: false,
            metadata: "{}".to_owned(),
            columns: "{}".to_owned(),
            body: bytes::Bytes::from_static(b"{}"),
        }
    }

    #[tokio::test]
    async fn a_backup_of_a_running_store_is_restored_once_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let backup = folder.path().join("backup.sqlite");
        let path = data.join(DATABASE);
        let store = SqliteStore::open(SqliteOptions::new(&path)).unwrap();
        store
            .commit(vec![Change::Create(draft("a"))])
            .await
            .unwrap();
        let done = operate(&data, Operation::Backup(&backup)).unwrap();
        assert!(matches!(done, OperationDone::BackedUp(_, version) if version > 1));
        assert_eq!(
            operate(&data, Operation::Check).unwrap(),
            OperationDone::Sound(1)
        );
        let in_use = operate(&data, Operation::Restore(&backup)).unwrap_err();
        assert!(matches!(in_use, Error::InUse(_)), "{in_use}");
        store
            .commit(vec![Change::Create(draft("b"))])
            .await
            .unwrap();
        store.shutdown().await;
        drop(store);
        let done = operate(&data, Operation::Restore(&backup)).unwrap();
        assert!(matches!(done, OperationDone::Restored(Some(_))), "{done}");
        assert_eq!(
            operate(&data, Operation::Check).unwrap(),
            OperationDone::Sound(1)
        );
        assert_eq!(
            operate(&data, Operation::Migrate).unwrap(),
            OperationDone::Migrated
        );
    }

    #[test]
    fn a_folder_without_a_database_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        for what in [Operation::Check, Operation::Migrate] {
            let error = operate(folder.path(), what).unwrap_err().to_string();
            assert!(error.contains(DATABASE), "{error}");
        }
    }
}
