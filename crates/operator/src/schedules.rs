//! Recurring scans without CronJobs: kept in a file, run by this process.

mod definition;
mod file;
mod look;
mod run;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kubescape_commands::{Schedule, cron::Cron};
use kubescape_runtime::Secret;
use tokio::sync::Notify;

use crate::clock::Clock;
pub use definition::Definition;
pub(crate) use definition::word;
pub use look::{Due, Look};

/// Definitions that a file may hold.
const MOST: usize = 1000;

/// The recurring scans of this process. Clones share them.
#[derive(Clone)]
pub struct Schedules(Arc<Inner>);

struct Inner {
    file: PathBuf,
    definitions: Mutex<BTreeMap<String, Definition>>,
    changed: Notify,
    clock: Clock,
    /// Held as long as this is: two that write one file would lose scans.
    _lock: File,
}

impl Schedules {
    /// Those of `schedules.json` in a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// The folder cannot be used or another process uses it; or the file is there but
    /// cannot be read: then it is not overwritten.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, String> {
        let lock = file::lock(folder)?;
        let path = folder.join("schedules.json");
        let definitions = file::read(&path).map_err(|problem| {
            let file = path.display();
            format!("{file} cannot be used: {problem}: correct or remove it")
        })?;
        Ok(Self(Arc::new(Inner {
            file: path,
            definitions: Mutex::new(definitions),
            changed: Notify::new(),
            clock,
            _lock: lock,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Definition>> {
        self.0
            .definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// By which they are due.
    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// All, by name.
    pub fn all(&self) -> Vec<Definition> {
        self.lock().values().cloned().collect()
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<Definition> {
        self.lock().get(name).cloned()
    }

    /// How to enter registries, of all that say so.
    pub(crate) fn secrets(&self) -> Vec<Secret<String>> {
        let all = self.lock();
        all.values().filter_map(|one| one.secret.clone()).collect()
    }

    /// Adds or replaces all of these, or none.
    ///
    /// # Errors
    ///
    /// One is not usable, there are too many, or the file cannot be written.
    pub fn add(&self, definitions: Vec<Definition>) -> Result<(), String> {
        definitions.iter().try_for_each(Definition::check)?;
        self.change(|all| {
            all.extend(definitions.into_iter().map(|one| (one.name.clone(), one)));
            if all.len() > MOST {
                return Err(format!(
                    "more than {MOST} recurring scans are not kept: remove some"
                ));
            }
            Ok(())
        })
    }

    /// Changes the one of that name and kind; it counts from now on.
    ///
    /// # Errors
    ///
    /// There is none of that name and kind, or the file cannot be written.
    pub fn update(
        &self,
        kind: Schedule,
        name: &str,
        cron: Option<&Cron>,
        change: impl FnOnce(&mut Definition),
    ) -> Result<(), String> {
        let now = self.0.clock.now();
        self.change(|all| {
            let one = all.get_mut(name);
            let one = one.ok_or_else(|| format!("there is no recurring scan {name}"))?;
            of_kind(one, kind)?;
            change(one);
            if let Some(cron) = cron {
                one.schedule = cron.to_string();
                one.since = now;
            }
            one.check()
        })
    }

    /// Removes the one of that name and kind; tells whether it was there.
    ///
    /// # Errors
    ///
    /// It is of another kind, or the file cannot be written.
    pub fn remove(&self, kind: Schedule, name: &str) -> Result<bool, String> {
        self.change(|all| {
            let Some(one) = all.get(name) else {
                return Ok(false);
            };
            of_kind(one, kind)?;
            Ok(all.remove(name).is_some())
        })
    }

    /// Changes the file, and then what counts.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Definition>) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut all = self.lock();
        let mut new = all.clone();
        let value = change(&mut new)?;
        if new == *all {
            return Ok(value);
        }
        file::write(&self.0.file, &new)?;
        *all = new;
        drop(all);
        self.0.changed.notify_one();
        Ok(value)
    }
}

/// Commands must not reach scans of another kind.
fn of_kind(one: &Definition, kind: Schedule) -> Result<(), String> {
    match one.kind() {
        Some(other) if other != kind => Err(format!(
            "{} is no recurring scan of this kind: it is of {}",
            one.name,
            word(other)
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    fn definition(name: &str, body: Value) -> Definition {
        let cron = "@daily".parse().unwrap();
        Definition::new(name.to_owned(), &cron, body, Timestamp::UNIX_EPOCH)
    }

    fn nightly(name: &str) -> Definition {
        let commands = json!([{"commandName": "kubescapeScan", "args": {"scanV1": {}}}]);
        definition(name, json!({ "commands": commands }))
    }

    fn open(folder: &Path) -> Result<Schedules, String> {
        Schedules::open(folder, Clock::default())
    }

    #[test]
    fn schedules_outlive_the_process_and_a_broken_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let schedules = open(folder.path()).unwrap();
        schedules.add(vec![nightly("a")]).unwrap();
        // All or none.
        let wrong = definition("c", json!([]));
        assert!(schedules.add(vec![nightly("b"), wrong]).is_err());
        let all = schedules.all();
        assert_eq!(all.len(), 1);
        // Two at once would lose scans.
        let second = open(folder.path()).err().unwrap();
        assert!(second.starts_with("another operator"), "{second}");
        drop(schedules);
        let again = open(folder.path()).unwrap();
        assert_eq!(again.all(), all);
        let hourly: Cron = "@hourly".parse().unwrap();
        let kind = Schedule::Kubescape;
        again.update(kind, "a", Some(&hourly), |_| {}).unwrap();
        let other = again.remove(Schedule::Registry, "a").unwrap_err();
        assert!(other.contains("of configurations"), "{other}");
        assert_eq!(again.remove(kind, "a"), Ok(true));
        assert_eq!(again.remove(kind, "a"), Ok(false));
        drop(again);
        std::fs::write(folder.path().join("schedules.json"), "[{\"hunter2\": ").unwrap();
        let broken = open(folder.path()).err().unwrap();
        assert!(broken.ends_with("correct or remove it"), "{broken}");
        assert!(!broken.contains("hunter2"));
    }

    #[test]
    fn passwords_are_in_a_private_file_and_in_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("schedules.json");
        let schedules = open(folder.path()).unwrap();
        let mut one = nightly("a");
        one.secret = Some(Secret::new("hunter2".to_owned()));
        assert!(!format!("{one:?}{}", one.to_value(Timestamp::UNIX_EPOCH)).contains("hunter2"));
        schedules.add(vec![one.clone()]).unwrap();
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        drop(schedules);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let again = open(folder.path()).unwrap();
        assert_eq!((mode(), again.all()), (0o600, vec![one]));
        assert_eq!(again.secrets().len(), 1);
    }

    #[test]
    fn a_full_disk_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let schedules = open(folder.path()).unwrap();
        schedules.add(vec![nightly("a")]).unwrap();
        // What is written first, and then moved, finds no folder.
        std::fs::remove_dir_all(folder.path()).unwrap();
        let error = schedules.add(vec![nightly("b")]).unwrap_err();
        assert!(error.contains("cannot be written"), "{error}");
        assert_eq!(schedules.all().len(), 1);
    }
}
