//! One recurring scan, and how it is written down.

use jiff::Timestamp;
use kubescape_commands::{CommandName, Schedule, Unpacked, cron::Cron};
use kubescape_runtime::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One recurring scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// When, as a cron expression in UTC.
    pub schedule: String,
    /// What is posted: `{"commands":[…]}`. Without passwords.
    pub body: Value,
    /// From when on it counts: its making, its last run or its last change.
    pub since: Timestamp,
    /// When it last ran.
    pub ran: Option<Timestamp>,
    /// How to enter a registry: the JSON list `registriesAuth` of Secrets.
    pub secret: Option<Secret<String>>,
}

impl Definition {
    /// One that has not run yet, and counts from `since` on.
    pub fn new(name: String, schedule: &Cron, body: Value, since: Timestamp) -> Self {
        Self {
            name,
            schedule: schedule.to_string(),
            body,
            since,
            ran: None,
            secret: None,
        }
    }

    /// What it scans; `None` when its body says nothing of the kind.
    pub fn kind(&self) -> Option<Schedule> {
        let unpacked = Unpacked::from_value(&self.body).ok()?;
        let first = unpacked.commands.first()?;
        match CommandName::parse(&first.name)? {
            CommandName::KubescapeScan => Some(Schedule::Kubescape),
            CommandName::Scan => Some(Schedule::Vulnerability),
            CommandName::ScanRegistry => Some(Schedule::Registry),
            CommandName::Cron(..) | CommandName::TestRegistryConnectivity => None,
        }
    }

    /// Whether it can be kept.
    ///
    /// # Errors
    ///
    /// Its schedule or its body is not usable.
    pub(super) fn check(&self) -> Result<(), String> {
        let cron = self.schedule.parse::<Cron>();
        cron.map_err(|error| format!("{}: {error}", self.name))?;
        let body = Unpacked::from_value(&self.body);
        body.map_err(|error| format!("{}: its body: {error}", self.name))?;
        Ok(())
    }

    /// For people and their programs; how to enter a registry stays out.
    pub(crate) fn to_value(&self, now: Timestamp) -> Value {
        let cron = self.schedule.parse::<Cron>().ok();
        let next = cron.and_then(|cron| cron.next(self.since.max(now)));
        json!({
            "name": self.name,
            "kind": self.kind().map(word),
            "schedule": self.schedule,
            "timeZone": "UTC",
            "body": self.body,
            "hasCredentials": self.secret.is_some(),
            "lastRun": self.ran.map(|time| time.to_string()),
            "nextRun": next.map(|time| time.to_string()),
        })
    }
}

/// The kind as answers have it.
pub(crate) const fn word(kind: Schedule) -> &'static str {
    match kind {
        Schedule::Kubescape => "configurations",
        Schedule::Vulnerability => "images",
        Schedule::Registry => "registry",
    }
}

/// As the file has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    name: String,
    schedule: String,
    body: Value,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ran: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registries_auth: Option<String>,
}

impl From<&Definition> for Stored {
    fn from(one: &Definition) -> Self {
        let one = one.clone();
        Self {
            name: one.name,
            schedule: one.schedule,
            body: one.body,
            since: one.since,
            ran: one.ran,
            registries_auth: one.secret.map(|secret| secret.reveal().clone()),
        }
    }
}

impl From<Stored> for Definition {
    fn from(stored: Stored) -> Self {
        Self {
            name: stored.name,
            schedule: stored.schedule,
            body: stored.body,
            since: stored.since,
            ran: stored.ran,
            secret: stored.registries_auth.map(Secret::new),
        }
    }
}
