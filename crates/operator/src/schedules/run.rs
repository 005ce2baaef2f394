//! Runs what is due.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kubescape_commands::{Command, Unpacked};
use kubescape_runtime::Shutdown;

use super::{Due, Look, Schedules};
use crate::pool::{Pool, Refused};
use crate::reports::Reporter;

/// The longest sleep: clocks are set, and machines sleep.
const NAP: Duration = Duration::from_mins(1);

/// A run after this is worth a word: this process did not run, or the clock was set.
const LATE: SignedDuration = SignedDuration::from_mins(2);

/// Carries out commands.
pub(super) trait Runner: Send + Sync {
    /// Takes all of them, and tells their jobs, or none.
    fn submit(&self, commands: Vec<Command>) -> Result<Vec<String>, Refused>;
    /// Whether one of these jobs is not over.
    fn busy(&self, jobs: &[String]) -> bool;
}

impl Runner for Pool {
    fn submit(&self, commands: Vec<Command>) -> Result<Vec<String>, Refused> {
        Pool::submit(self, commands, Reporter::Rest)
    }

    fn busy(&self, jobs: &[String]) -> bool {
        jobs.iter().any(|id| self.is_busy(id))
    }
}

/// The jobs of the last run of each.
type Last = BTreeMap<String, Vec<String>>;

impl Schedules {
    /// Runs what is due, until the shutdown. What was missed runs once.
    pub(crate) async fn run(&self, pool: Pool, shutdown: Shutdown) {
        self.keep_running(&pool, shutdown).await;
    }

    pub(super) async fn keep_running(&self, runner: &impl Runner, shutdown: Shutdown) {
        let mut last = Last::new();
        loop {
            let now = self.0.clock.now();
            let look = Look::at(&self.all(), now);
            for name in &look.ahead {
                tracing::warn!(
                    name,
                    "the clock was set back: this recurring scan counts from now on"
                );
                self.note(name, now, false);
            }
            for due in &look.due {
                self.start(due, now, runner, &mut last);
            }
            let wait = look.next.map_or(NAP, |next| until(now, next).min(NAP));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.0.changed.notified() => {}
                () = shutdown.requested() => return,
            }
        }
    }

    fn start(&self, due: &Due, now: Timestamp, runner: &impl Runner, last: &mut Last) {
        let Due { name, at, missed } = due;
        let Some(one) = self.get(name) else { return };
        let Ok(unpacked) = Unpacked::from_value(&one.body) else {
            return;
        };
        if last.get(name).is_some_and(|jobs| runner.busy(jobs)) {
            tracing::warn!(name, %at, "left out: the scan before it has not ended");
            self.note(name, now, false);
            return;
        }
        match runner.submit(unpacked.commands) {
            Ok(jobs) => {
                let late = now.duration_since(*at);
                if *missed > 0 || late > LATE {
                    let minutes = late.as_mins();
                    tracing::warn!(name, %at, minutes, missed, "a recurring scan runs late, once for all times that passed unheard");
                }
                tracing::info!(name, %at, jobs = jobs.join(","), "recurring scan begins");
                last.insert(name.clone(), jobs);
                self.note(name, now, true);
            }
            // It stays due, and is tried at the next look.
            Err(error) => tracing::warn!(name, %error, "recurring scan cannot begin"),
        }
    }

    /// Notes that all times until `now` are dealt with.
    fn note(&self, name: &str, now: Timestamp, ran: bool) {
        let written = self.change(|all| {
            if let Some(one) = all.get_mut(name) {
                one.since = now;
                one.ran = if ran { Some(now) } else { one.ran };
            }
            Ok(())
        });
        if let Err(error) = written {
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
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::clock::Clock;
    use crate::schedules::Definition;

    /// A wall clock that follows tokio's paused one, and is set by hand.
    #[derive(Clone)]
    struct Wall {
        begun: Instant,
        offset: std::sync::Arc<AtomicI64>,
    }

    impl Wall {
        fn new(at: &str) -> Self {
            let at: Timestamp = at.parse().unwrap();
            Self {
                begun: Instant::now(),
                offset: std::sync::Arc::new(AtomicI64::new(at.as_second())),
            }
        }

        fn clock(&self) -> Clock {
            let wall = self.clone();
            Clock::new(move || {
                let passed = i64::try_from(wall.begun.elapsed().as_millis()).unwrap();
                let base = wall.offset.load(Ordering::SeqCst) * 1000;
                Timestamp::from_millisecond(base + passed).unwrap()
            })
        }

        /// Sets it forwards or backwards.
        fn jump(&self, by: SignedDuration) {
            self.offset.fetch_add(by.as_secs(), Ordering::SeqCst);
        }
    }

    /// Writes down when it was asked.
    struct Diary {
        clock: Clock,
        runs: Mutex<Vec<Timestamp>>,
        refuse: AtomicBool,
        busy: AtomicBool,
    }

    impl Diary {
        fn new(clock: Clock) -> Self {
            Self {
                clock,
                runs: Mutex::default(),
                refuse: AtomicBool::new(false),
                busy: AtomicBool::new(false),
            }
        }

        /// How many since the last question.
        fn runs(&self) -> usize {
            self.runs.lock().unwrap().drain(..).count()
        }
    }

    impl Runner for Diary {
        fn submit(&self, _: Vec<Command>) -> Result<Vec<String>, Refused> {
            if self.refuse.load(Ordering::SeqCst) {
                return Err(Refused::Full);
            }
            self.runs.lock().unwrap().push(self.clock.now());
            Ok(vec!["job".to_owned()])
        }

        fn busy(&self, _: &[String]) -> bool {
            self.busy.load(Ordering::SeqCst)
        }
    }

    const HOUR: Duration = Duration::from_hours(1);

    /// An hourly scan, its runner, and time that passes as the test says.
    async fn story(act: impl AsyncFnOnce(&Wall, &Diary, &Schedules)) {
        let wall = Wall::new("2026-01-02T10:30:00Z");
        let folder = tempfile::tempdir().unwrap();
        let schedules = Schedules::open(folder.path(), wall.clock()).unwrap();
        let cron = "0 * * * *".parse().unwrap();
        let body = json!({"commands": [{"commandName": "kubescapeScan", "args": {"scanV1": {}}}]});
        let now = wall.clock().now();
        let hourly = Definition::new("hourly".to_owned(), &cron, body, now);
        schedules.add(vec![hourly]).unwrap();
        let diary = Diary::new(wall.clock());
        tokio::select! {
            () = schedules.keep_running(&diary, Shutdown::never()) => {}
            () = act(&wall, &diary, &schedules) => {}
        }
    }

    /// Lets time pass, and a look after it happen.
    async fn pass(time: Duration) {
        tokio::time::sleep(time).await;
    }

    #[tokio::test(start_paused = true)]
    async fn every_hour_has_its_run() {
        story(async |_, diary, schedules| {
            pass(5 * HOUR).await;
            assert_eq!(diary.runs(), 5);
            let ran = schedules.all()[0].ran.unwrap();
            assert!(ran.to_string().starts_with("2026-01-02T15:00:00"), "{ran}");
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_jump_forwards_is_one_run() {
        story(async |wall, diary, _| {
            wall.jump(SignedDuration::from_hours(24 * 365));
            pass(NAP * 2).await;
            assert_eq!(diary.runs(), 1);
            pass(2 * HOUR).await;
            assert_eq!(diary.runs(), 2);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_jump_backwards_is_no_stall_and_no_storm() {
        story(async |wall, diary, _| {
            pass(HOUR).await;
            assert_eq!(diary.runs(), 1);
            wall.jump(SignedDuration::from_hours(-24 * 365));
            pass(NAP * 2).await;
            assert_eq!(diary.runs(), 0);
            pass(3 * HOUR).await;
            assert_eq!(diary.runs(), 3);
            // To and fro, each minute: a run for each jump forwards, and no more.
            for _ in 0..10 {
                wall.jump(SignedDuration::from_hours(48));
                pass(NAP * 2).await;
                wall.jump(SignedDuration::from_hours(-48));
                pass(NAP * 2).await;
            }
            assert!(diary.runs() <= 11);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_back_does_not_run_the_same_time_twice() {
        story(async |wall, diary, _| {
            // Just after a full hour.
            pass(HOUR / 2 + Duration::from_millis(100)).await;
            assert_eq!(diary.runs(), 1);
            wall.jump(SignedDuration::from_secs(-2));
            pass(NAP * 3).await;
            assert_eq!(diary.runs(), 0);
            pass(HOUR).await;
            assert_eq!(diary.runs(), 1);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_is_tried_again_and_a_scan_that_goes_on_is_not_piled_up() {
        story(async |_, diary, _| {
            diary.refuse.store(true, Ordering::SeqCst);
            pass(HOUR).await;
            diary.refuse.store(false, Ordering::SeqCst);
            pass(NAP * 2).await;
            assert_eq!(diary.runs(), 1);
            diary.busy.store(true, Ordering::SeqCst);
            pass(5 * HOUR).await;
            assert_eq!(diary.runs(), 0);
            diary.busy.store(false, Ordering::SeqCst);
            pass(HOUR).await;
            assert_eq!(diary.runs(), 1);
        })
        .await;
    }
}
