//! Recurring scans without CronJobs: kept in a file, run by this process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kubescape_commands::{Unpacked, cron::Cron};
use kubescape_runtime::Shutdown;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::pool::Pool;
use crate::reports::Reporter;

/// Definitions that a file may hold.
const MOST: usize = 1000;
/// The most bytes of the file.
const MAX_BYTES: u64 = 8 << 20;
/// The longest sleep: clocks are set, and machines sleep.
const NAP: Duration = Duration::from_mins(1);

/// One recurring scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// When, as a cron expression in UTC.
    pub schedule: String,
    /// What is posted: `{"commands":[…]}`.
    pub body: Value,
    /// From when on it counts: its making, its last run or its last change.
    pub since: Timestamp,
}

impl Definition {
    /// From now on.
    pub fn new(name: String, schedule: &Cron, body: Value) -> Self {
        Self {
            name,
            schedule: schedule.to_string(),
            body,
            since: Timestamp::now(),
        }
    }
}

/// Those that are due at `now`, each once however often it was missed, and when the
/// next is.
pub fn due(definitions: &[Definition], now: Timestamp) -> (Vec<String>, Option<Timestamp>) {
    let mut names = Vec::new();
    let mut next: Option<Timestamp> = None;
    for one in definitions {
        let Ok(cron) = one.schedule.parse::<Cron>() else {
            continue;
        };
        let since = match cron.next(one.since) {
            Some(at) if at <= now => {
                names.push(one.name.clone());
                now
            }
            _ => one.since,
        };
        if let Some(at) = cron.next(since) {
            next = Some(next.map_or(at, |old| old.min(at)));
        }
    }
    (names, next)
}

/// The recurring scans of this process. Clones share them.
#[derive(Clone)]
pub struct Schedules(Arc<Inner>);

struct Inner {
    file: PathBuf,
    definitions: Mutex<BTreeMap<String, Definition>>,
    changed: Notify,
    clock: Clock,
}

impl Schedules {
    /// Those of `schedules.json` in a folder.
    ///
    /// # Errors
    ///
    /// The file is there but cannot be read: it is not overwritten.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, String> {
        use std::io::Read as _;
        let file = folder.join("schedules.json");
        let wrong = |problem: &dyn std::fmt::Display| {
            format!(
                "{} cannot be used: {problem}: correct or remove it",
                file.display()
            )
        };
        let mut text = String::new();
        match std::fs::File::open(&file) {
            Ok(open) => {
                let read = open.take(MAX_BYTES).read_to_string(&mut text);
                read.map_err(|error| wrong(&error))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                "[]".clone_into(&mut text);
            }
            Err(error) => return Err(wrong(&error)),
        }
        let list: Vec<Definition> = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        for one in &list {
            one.schedule
                .parse::<Cron>()
                .map_err(|error| wrong(&error))?;
        }
        let definitions = list
            .into_iter()
            .map(|one| (one.name.clone(), one))
            .collect();
        Ok(Self(Arc::new(Inner {
            file,
            definitions: Mutex::new(definitions),
            changed: Notify::new(),
            clock,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Definition>> {
        self.0
            .definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// All, by name.
    pub fn all(&self) -> Vec<Definition> {
        self.lock().values().cloned().collect()
    }

    /// Adds or replaces one.
    ///
    /// # Errors
    ///
    /// It is not usable, there are too many, or the file cannot be written.
    pub fn add(&self, definition: Definition) -> Result<(), String> {
        definition
            .schedule
            .parse::<Cron>()
            .map_err(|error| error.to_string())?;
        Unpacked::from_value(&definition.body).map_err(|error| error.to_string())?;
        self.change(|all| {
            if all.len() >= MOST && !all.contains_key(&definition.name) {
                return Err(format!("there are {MOST} recurring scans: remove some"));
            }
            all.insert(definition.name.clone(), definition);
            Ok(())
        })
    }

    /// Gives one another schedule.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the file cannot be written.
    pub fn reschedule(&self, name: &str, cron: &Cron) -> Result<(), String> {
        self.change(|all| {
            let one = all.get_mut(name);
            let one = one.ok_or_else(|| format!("there is no recurring scan {name}"))?;
            one.schedule = cron.to_string();
            one.since = self.0.clock.now();
            Ok(())
        })
    }

    /// Removes one; tells whether it was there.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn remove(&self, name: &str) -> Result<bool, String> {
        self.change(|all| Ok(all.remove(name).is_some()))
    }

    /// Changes the file, and then what counts.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, Definition>) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut all = self.lock();
        let mut new = all.clone();
        let value = change(&mut new)?;
        self.write(&new)?;
        *all = new;
        drop(all);
        self.0.changed.notify_one();
        Ok(value)
    }

    fn write(&self, all: &BTreeMap<String, Definition>) -> Result<(), String> {
        use std::io::Write as _;
        let file = &self.0.file;
        let list: Vec<&Definition> = all.values().collect();
        let written = (|| {
            let new = file.with_extension("json.new");
            let mut open = std::fs::File::create(&new)?;
            open.write_all(&serde_json::to_vec_pretty(&list)?)?;
            open.sync_all()?;
            std::fs::rename(&new, file)
        })();
        written.map_err(|error: std::io::Error| {
            format!("{} cannot be written: {error}", file.display())
        })
    }

    /// Runs what is due, until the shutdown. What was missed runs once.
    pub async fn run(&self, pool: Pool, shutdown: Shutdown) {
        loop {
            let now = self.0.clock.now();
            let (names, next) = due(&self.all(), now);
            for name in names {
                self.start(&name, now, &pool);
            }
            let wait = next.map_or(NAP, |next| until(now, next).min(NAP));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.0.changed.notified() => {}
                () = shutdown.requested() => return,
            }
        }
    }

    fn start(&self, name: &str, now: Timestamp, pool: &Pool) {
        let body = self.lock().get(name).map(|one| one.body.clone());
        let Some(unpacked) = body.and_then(|body| Unpacked::from_value(&body).ok()) else {
            return;
        };
        match pool.submit(unpacked.commands, Reporter::Rest) {
            Ok(jobs) => tracing::info!(name, jobs = jobs.join(","), "recurring scan begins"),
            Err(error) => {
                // It stays due, and is tried at the next look.
                tracing::warn!(name, %error, "recurring scan cannot begin");
                return;
            }
        }
        let noted = self.change(|all| {
            if let Some(one) = all.get_mut(name) {
                one.since = now;
            }
            Ok(())
        });
        if let Err(error) = noted {
            tracing::warn!(name, error, "after a restart this scan may run again");
            if let Some(one) = self.lock().get_mut(name) {
                one.since = now;
            }
        }
    }
}

fn until(now: Timestamp, next: Timestamp) -> Duration {
    let left = next.as_millisecond().saturating_sub(now.as_millisecond());
    Duration::from_millis(u64::try_from(left).unwrap_or(0).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(name: &str, schedule: &str, since: &str) -> Definition {
        Definition {
            name: name.to_owned(),
            schedule: schedule.to_owned(),
            body: json!({"commands": []}),
            since: since.parse().unwrap(),
        }
    }

    #[test]
    fn what_was_missed_runs_once() {
        let now = "2026-01-02T10:30:00Z".parse().unwrap();
        let all = [
            definition("hourly", "0 * * * *", "2026-01-01T00:00:00Z"),
            definition("later", "45 10 * * *", "2026-01-02T10:00:00Z"),
            definition("never", "0 0 30 2 *", "2026-01-01T00:00:00Z"),
        ];
        let (names, next) = due(&all, now);
        assert_eq!(names, ["hourly"]);
        assert_eq!(next.unwrap().to_string(), "2026-01-02T10:45:00Z");
        let ran = [definition("hourly", "0 * * * *", "2026-01-02T10:30:00Z")];
        assert_eq!(due(&ran, now).0, Vec::<String>::new());
    }

    #[test]
    fn schedules_outlive_the_process_and_a_broken_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let schedules = Schedules::open(folder.path(), Clock::default()).unwrap();
        let cron = "@daily".parse().unwrap();
        schedules
            .add(Definition::new(
                "a".to_owned(),
                &cron,
                json!({"commands": []}),
            ))
            .unwrap();
        let wrong = Definition::new("b".to_owned(), &cron, json!([]));
        assert!(schedules.add(wrong).is_err());
        let again = Schedules::open(folder.path(), Clock::default()).unwrap();
        assert_eq!(again.all(), schedules.all());
        again.reschedule("a", &"@hourly".parse().unwrap()).unwrap();
        assert_eq!(again.remove("a"), Ok(true));
        assert_eq!(again.remove("a"), Ok(false));
        std::fs::write(folder.path().join("schedules.json"), "[{").unwrap();
        assert!(Schedules::open(folder.path(), Clock::default()).is_err());
    }
}
