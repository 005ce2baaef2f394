//! The scan after the start, unless what is known is fresh. Only the leader does it.

mod freshness;
mod stamp;

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use kubescape_commands::{Command, ScanReply};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::calls::{Call, Scanner};
use crate::dispatch::Dispatcher;
use crate::pool::Pool;
use crate::recurring::Recurring;
use crate::reports::Reporter;
pub(crate) use freshness::is_full;
use freshness::{Known, fresh_for};
pub(crate) use stamp::Stamp;

/// The longest pause between looks at a scanner that is not ready.
const LONGEST: Duration = Duration::from_secs(30);

/// Scans once after the start.
#[derive(Clone)]
pub(crate) struct Startup {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) pool: Pool,
    pub(crate) recurring: Recurring,
    /// Hears when it is handed over, or was not needed.
    pub(crate) decided: watch::Sender<bool>,
}

impl Startup {
    /// Until the scan is handed over, or is not needed.
    pub(crate) async fn run(&self) {
        self.decide().await;
        self.decided.send_replace(true);
    }

    async fn decide(&self) {
        let pace = self.dispatcher.config().pace;
        // Many clusters start at once after an upgrade, and send to one backend.
        sleep(part_of(pace.startup_jitter)).await;
        if let Err(error) = self.ready().await {
            tracing::error!(error, "no scan after the start; recurring scans go on");
            return;
        }
        match self.known().await.needs_scan(Timestamp::now()) {
            Ok(reason) => self.scan(reason).await,
            Err(reason) => tracing::info!(reason, "no scan after the start is needed"),
        }
    }

    async fn scan(&self, reason: String) {
        let mut args = serde_json::Map::new();
        let scan = json!({"targetType": "Framework", "targetNames": ["all"], "hostScanner": false});
        args.insert("scanV1".to_owned(), scan);
        let command = Command {
            name: "kubescapeScan".to_owned(),
            args,
            ..Command::default()
        };
        tracing::info!(reason, "scan after the start");
        // Its end is in the log of its job.
        let _ = self.pool.carry_out(command, Reporter::Rest).await;
    }

    /// Waits for a scanner that is ready and does not scan already: what it finds then
    /// may be all that is needed.
    async fn ready(&self) -> Result<(), String> {
        let pace = self.dispatcher.config().pace;
        let deadline = Instant::now() + pace.startup_patience;
        let mut pause = pace.startup_poll;
        let mut said = false;
        loop {
            let waits = match self.look().await {
                Ok(()) => return Ok(()),
                Err(waits) => waits,
            };
            if !std::mem::replace(&mut said, true) {
                tracing::info!(reason = waits, "the scan after the start waits");
            }
            if Instant::now() + pause > deadline {
                let minutes = pace.startup_patience.as_secs() / 60;
                return Err(format!("{waits}, for {minutes} minutes"));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST.max(pace.startup_poll));
        }
    }

    /// Whether it can scan now; else why not.
    async fn look(&self) -> Result<(), String> {
        let calls = self.dispatcher.calls();
        let ready = Call::new(Scanner::Configurations, Method::HEAD, "/readyz");
        match calls.once(&ready).await {
            Ok(answer) if (200..=203).contains(&answer.code) => {}
            Ok(answer) => return Err(format!("the scanner is not ready ({})", answer.code)),
            Err(error) => return Err(format!("the scanner is not ready: {error}")),
        }
        let status = Call::new(Scanner::Configurations, Method::GET, "/v1/status");
        let reply = calls.once(&status).await.ok();
        let reply = reply.and_then(|answer| ScanReply::parse(&answer.body).ok());
        // Those that do not say are asked to scan: they queue.
        match reply {
            Some(reply) if reply.is_busy() => Err("the scanner scans".to_owned()),
            _ => Ok(()),
        }
    }

    /// When the last full scan was, as far as anybody knows.
    async fn known(&self) -> Known {
        let schedules = self.recurring.list().await.unwrap_or_default();
        let page = Call::new(
            Scanner::Configurations,
            Method::GET,
            "/v1/metrics?frameworks=nsa",
        );
        let page = self.dispatcher.calls().once(&page).await.ok();
        let page = page.filter(|answer| answer.code == 200);
        let told = page.and_then(|page| freshness::told(&String::from_utf8_lossy(&page.body)));
        let stamped = self.dispatcher.stamp().read().await;
        Known {
            last: told.max(stamped),
            fresh_for: fresh_for(&schedules, Timestamp::now()),
        }
    }
}

/// Some of a time, by chance.
fn part_of(most: Duration) -> Duration {
    let share = uuid::Uuid::new_v4().as_u128() % 1000;
    most * u32::try_from(share).unwrap_or_default() / 1000
}
