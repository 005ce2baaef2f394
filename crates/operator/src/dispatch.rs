//! Carries out commands: finds the action, expands scopes, reports.

use std::sync::Arc;

use kubescape_commands::{Command, CommandName, Gate, JobStatus, expansion, single};
use kubescape_runtime::Tasks;
use kubescape_runtime::outgoing::HttpClient;
use tokio::sync::Semaphore;

use crate::calls::{Calls, Scanner};
use crate::config::{Config, Present};
use crate::credentials::Credentials;
use crate::images;
use crate::jobs::{Job, JobHandle, JobState, Jobs};
use crate::metrics::Metrics;
use crate::owners::Owners;
use crate::recurring::Recurring;
use crate::reports::{Reporter, Reports, Subject};
use crate::scanner;
use crate::startup::{Stamp, is_full};

/// Scans whose end is waited for at once.
const FOLLOWED: usize = 10;
/// What reports say of an action that is over.
const SINGLE: &str = "Handling single request";
/// Workloads of one scope that did not work and are named.
const NAMED: usize = 5;

/// What actions need. Clones share it.
#[derive(Clone)]
pub struct Dispatcher(Arc<Inner>);

struct Inner {
    config: Config,
    client: Option<kube::Client>,
    calls: Calls,
    http: HttpClient,
    jobs: Jobs,
    metrics: Metrics,
    reports: Reports,
    owners: Owners,
    credentials: Credentials,
    recurring: Recurring,
    stamp: Stamp,
    tasks: Tasks,
    followed: Arc<Semaphore>,
}

/// The parts of a [`Dispatcher`].
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) client: Option<kube::Client>,
    pub(crate) calls: Calls,
    pub(crate) http: HttpClient,
    pub(crate) jobs: Jobs,
    pub(crate) metrics: Metrics,
    pub(crate) reports: Reports,
    pub(crate) recurring: Recurring,
    pub(crate) stamp: Stamp,
    pub(crate) tasks: Tasks,
}

/// How an action ended, or that it goes on.
enum Step {
    Done(String),
    /// A scan runs; its end is waited for elsewhere.
    Follow(Scan),
}

/// A scan that runs.
struct Scan {
    id: String,
    /// Of everything, by everything.
    full: bool,
}

impl Dispatcher {
    pub(crate) fn new(parts: Parts) -> Self {
        let owners = Owners::new(parts.client.clone());
        let kept = parts.recurring.internal();
        let credentials = Credentials::new(parts.client.clone(), kept, &parts.config);
        Self(Arc::new(Inner {
            owners,
            credentials,
            config: parts.config,
            client: parts.client,
            calls: parts.calls,
            http: parts.http,
            jobs: parts.jobs,
            metrics: parts.metrics,
            reports: parts.reports,
            recurring: parts.recurring,
            stamp: parts.stamp,
            tasks: parts.tasks,
            followed: Arc::new(Semaphore::new(FOLLOWED)),
        }))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn owners(&self) -> &Owners {
        &self.0.owners
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.0.calls
    }

    /// When the last full scan ended.
    pub(crate) fn stamp(&self) -> &Stamp {
        &self.0.stamp
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.0.http
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// The way to the cluster.
    pub(crate) fn client(&self) -> Result<kube::Client, String> {
        let client = self.0.client.clone();
        client.ok_or_else(|| {
            "this needs a cluster, and there is none: start the operator in one, or with --kubeconfig"
                .to_owned()
        })
    }

    /// Carries out one command. Arguments never get into logs.
    pub(crate) async fn handle(
        &self,
        command: Command,
        job: Arc<JobHandle>,
        reporter: Reporter,
    ) -> Result<String, String> {
        job.running();
        let subject = Subject {
            action: command.name.clone(),
            target: command.id().to_owned(),
        };
        tracing::info!(command = %short(&command.name), target = %short(command.id()), "action begins");
        let report = |status, details: &str, error: Option<&str>| {
            let reports = &self.0.reports;
            reports.report(reporter, &subject, &job, (status, details, error));
        };
        report(JobStatus::Started, "", None);
        let step = self.act(&command, &job, reporter).await;
        let outcome = match step {
            Ok(Step::Follow(scan)) => {
                self.follow(scan, subject, job, reporter);
                return Ok("the scan runs".to_owned());
            }
            Ok(Step::Done(message)) => Ok(message),
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(_) => report(JobStatus::Done, SINGLE, None),
            Err(error) => report(JobStatus::Failure, SINGLE, Some(error)),
        }
        self.conclude(&subject.action, &job, &outcome);
        outcome
    }

    /// Notes how an action ended.
    pub(crate) fn conclude(&self, action: &str, job: &JobHandle, outcome: &Result<String, String>) {
        let name = CommandName::ALL.iter().find(|(name, _)| *name == action);
        let name = name.map(|(name, _)| *name);
        job.ended(outcome);
        match outcome {
            Ok(message) => {
                self.0.metrics.command(name, "done");
                tracing::info!(command = %short(action), outcome = message, "action done");
            }
            Err(error) => {
                self.0.metrics.command(name, "failure");
                tracing::error!(command = %short(action), error, "action failed");
            }
        }
    }

    async fn act(
        &self,
        command: &Command,
        job: &JobHandle,
        reporter: Reporter,
    ) -> Result<Step, String> {
        let Some(name) = CommandName::parse(&command.name) else {
            let known = CommandName::ALL.map(|(name, _)| name).join(", ");
            return Err(format!(
                "{:?} is not a command: use one of {known}",
                short(&command.name)
            ));
        };
        self.gate(name.gate())?;
        match name {
            CommandName::KubescapeScan => {
                let id = scanner::start(self, command).await?;
                let full = is_full(command);
                Ok(Step::Follow(Scan { id, full }))
            }
            CommandName::Scan => match expansion(name, command)? {
                Some(scope) => self.expand(command, job, reporter, &scope).await,
                None => images::scan(self, command, job).await,
            }
            .map(Step::Done),
            CommandName::Cron(change, schedule) => {
                let recurring = &self.0.recurring;
                let done = recurring.change(change, schedule, command, &job.id).await;
                done.map(Step::Done)
            }
            CommandName::ScanRegistry | CommandName::TestRegistryConnectivity => {
                Err("image scanning is not part of this build yet".to_owned())
            }
        }
    }

    /// Whether a part of the platform is there and switched on.
    pub(crate) fn has(&self, gate: Gate) -> bool {
        let present = Present {
            configurations: self.0.calls.reaches(Scanner::Configurations),
            images: self.0.calls.reaches(Scanner::Images),
        };
        self.0.config.components.has(gate, present)
    }

    /// Whether the part that a command needs is there.
    fn gate(&self, gate: Gate) -> Result<(), String> {
        if self.has(gate) {
            return Ok(());
        }
        let (scanner, address) = match gate {
            Gate::Kubescape | Gate::KubescapeScheduler => (Scanner::Configurations, "kubescapeURL"),
            Gate::Kubevuln | Gate::KubevulnScheduler => (Scanner::Images, "kubevulnURL"),
        };
        let remedy = if self.0.calls.reaches(scanner) {
            "switch its capability on".to_owned()
        } else {
            format!("clusterData.json has no {address}")
        };
        Err(format!("{} is not enabled: {remedy}", gate.name()))
    }

    /// One command for each workload in a scope, one after another.
    async fn expand(
        &self,
        command: &Command,
        job: &JobHandle,
        reporter: Reporter,
        scope: &kubescape_commands::Expansion,
    ) -> Result<String, String> {
        let found = crate::expand::workloads(self, scope).await?;
        tracing::info!(
            workloads = found.wlids.len(),
            skipped = found.skipped,
            "scope expanded"
        );
        let subject = Subject {
            action: command.name.clone(),
            target: command.id().to_owned(),
        };
        let reports = &self.0.reports;
        reports.report(
            reporter,
            &subject,
            job,
            (JobStatus::Success, "scope expanded", None),
        );
        let total = found.wlids.len();
        let mut failed = 0usize;
        let mut named = Vec::new();
        for wlid in &found.wlids {
            let copy = single(command, wlid, &job.id);
            if let Err(error) = Box::pin(self.child(copy, &job.id, reporter)).await {
                failed += 1;
                if named.len() < NAMED {
                    named.push(format!("{wlid}: {error}"));
                }
            }
        }
        if failed == 0 {
            Ok(format!("{total} workloads"))
        } else {
            Err(format!(
                "{failed} of {total} workloads failed: {}",
                named.join("; ")
            ))
        }
    }

    async fn child(
        &self,
        command: Command,
        parent: &str,
        reporter: Reporter,
    ) -> Result<String, String> {
        use tracing::Instrument as _;
        let job = self.0.jobs.add(
            Job {
                id: uuid::Uuid::new_v4().to_string(),
                parent: parent.to_owned(),
                name: command.name.clone(),
                target: short(command.id()),
                state: JobState::Queued,
                message: String::new(),
                created: jiff::Timestamp::now(),
                ended: None,
            },
            0,
        );
        let span = tracing::info_span!(parent: None, "action", jobId = %job.id, parentId = %parent);
        let handled = self.handle(command, Arc::new(job), reporter);
        handled.instrument(span).await
    }

    /// Waits for a scan's end without keeping a worker.
    fn follow(&self, scan: Scan, subject: Subject, job: Arc<JobHandle>, reporter: Reporter) {
        use tracing::Instrument as _;
        let permit = Arc::clone(&self.0.followed).try_acquire_owned();
        let dispatcher = self.clone();
        let shutdown = self.0.tasks.shutdown();
        let work = async move {
            let outcome = match permit {
                Ok(_permit) => tokio::select! {
                    ended = scanner::end(&dispatcher, &scan.id) => ended,
                    () = shutdown.requested() => Err(format!(
                        "scan {} runs; the operator ends before it", scan.id
                    )),
                },
                Err(_) => Ok(format!(
                    "scan {} runs; its end is not waited for, as {FOLLOWED} others are",
                    scan.id
                )),
            };
            if scan.full && outcome.is_ok() {
                dispatcher.stamp().now().await;
            }
            let (status, details, error) = match &outcome {
                Ok(_) => (JobStatus::Done, SINGLE, None),
                Err(error) => (JobStatus::Failure, SINGLE, Some(error.as_str())),
            };
            let reports = &dispatcher.0.reports;
            reports.report(reporter, &subject, &job, (status, details, error));
            dispatcher.conclude(&subject.action, &job, &outcome);
            Ok::<(), std::convert::Infallible>(())
        };
        self.0
            .tasks
            .job("scan", work.instrument(tracing::Span::current()));
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
