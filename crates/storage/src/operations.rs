//! Care of a database while no server runs on it: backup, restore, check,
//! migration.

use std::fmt;
use std::path::{Path, PathBuf};

use kubescape_store::sqlite::restore;
use kubescape_store::{Error, SqliteOptions, SqliteStore, Store as _};

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

/// Does it.
///
/// # Errors
///
/// The folder has no database, a server runs on it, or what the store says.
pub async fn operate(data_dir: &Path, what: Operation<'_>) -> Result<OperationDone, Error> {
    let path = data_dir.join(DATABASE);
    if let Operation::Restore(from) = what {
        return restore(from, &path).map(OperationDone::Restored);
    }
    if !path.is_file() {
        return Err(Error::Unavailable {
            detail: format!(
                "there is no database {}: give its --data-dir",
                path.display()
            ),
        });
    }
    let store = SqliteStore::open(SqliteOptions::new(&path))?;
    let done = with(&store, what).await;
    store.close();
    done
}

async fn with(store: &SqliteStore, what: Operation<'_>) -> Result<OperationDone, Error> {
    if let Some(recovery) = store.recovery() {
        return Ok(OperationDone::Damaged(vec![format!(
            "{}; {} objects were saved, {} are lost, the damaged file is {}",
            recovery.reason,
            recovery.saved,
            recovery.lost,
            recovery.kept.display()
        )]));
    }
    match what {
        Operation::Backup(to) => {
            store.backup(to).await?;
            let version = store.resource_version().await?;
            Ok(OperationDone::BackedUp(to.to_owned(), version))
        }
        Operation::Check => {
            let problems = store.check().await?;
            if problems.is_empty() {
                let usage = store.usage().await?;
                let objects = usage.resources.values().map(|one| one.objects).sum();
                return Ok(OperationDone::Sound(objects));
            }
            Ok(OperationDone::Damaged(problems))
        }
        // Opening migrated it.
        Operation::Migrate | Operation::Restore(_) => Ok(OperationDone::Migrated),
    }
}
