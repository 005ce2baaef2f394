//! Recurring scans: made, changed, removed, as CronJobs or in this process.

mod cluster;
mod internal;

use kubescape_commands::{
    Change, Command, Made, RegistryInfo, Schedule, bodies, check_job_name, cron::Cron, job_name,
    random_part, registry_objects,
};

use serde_json::Value;

use crate::schedules::Schedules;
pub(crate) use cluster::CronJobs;

/// Who keeps recurring scans. Clones share it.
#[derive(Clone)]
pub(crate) enum Recurring {
    /// CronJobs of the cluster.
    Cluster(CronJobs),
    /// This process.
    Internal(Schedules),
}

/// A recurring scan to make.
struct Wanted {
    name: String,
    made: Made,
    /// With a registry's password.
    secret: Option<Value>,
}

impl Recurring {
    /// Carries out a set, update or delete; `job` is the action's.
    pub(crate) async fn change(
        &self,
        change: Change,
        schedule: Schedule,
        command: &Command,
        job: &str,
    ) -> Result<String, String> {
        let params = command.job_params();
        // Before anything is made.
        let cron = match params.schedule.as_str() {
            "" => None,
            text => Some(text.parse::<Cron>().map_err(|error| error.to_string())?),
        };
        if change == Change::Set {
            return self.set(schedule, command, cron, job).await;
        }
        let name = params.name.as_str();
        check_job_name(name).map_err(|problem| format!("args.jobParams.name {problem}"))?;
        if change == Change::Delete {
            return match self {
                Self::Cluster(cluster) => cluster.delete(schedule, name).await,
                Self::Internal(schedules) => internal::delete(schedules, schedule, name),
            };
        }
        let registry = (schedule == Schedule::Registry
            && kubescape_commands::field(&command.args, "registryInfo-v1").is_some())
        .then(|| RegistryInfo::of(command))
        .transpose()?;
        match self {
            Self::Cluster(cluster) => {
                let cron = cron.map(|cron| cron.to_string()).unwrap_or_default();
                let registry = registry.as_ref();
                cluster.update(schedule, name, &cron, registry, job).await
            }
            Self::Internal(schedules) => {
                internal::update(schedules, schedule, name, cron.as_ref(), registry.as_ref())
            }
        }
    }

    async fn set(
        &self,
        schedule: Schedule,
        command: &Command,
        cron: Option<Cron>,
        job: &str,
    ) -> Result<String, String> {
        let namespace = match self {
            Self::Cluster(cluster) => cluster.namespace().to_owned(),
            Self::Internal(_) => String::new(),
        };
        let wanted = wanted(schedule, command, &namespace, job)?;
        let missing = || "there is no schedule: give args.jobParams.cronTabSchedule".to_owned();
        match (self, cron) {
            // The template has one.
            (Self::Cluster(cluster), None) if schedule == Schedule::Kubescape => {
                cluster.set(schedule, "", wanted).await
            }
            (_, None) => Err(missing()),
            (Self::Cluster(cluster), Some(cron)) => {
                cluster.set(schedule, &cron.to_string(), wanted).await
            }
            (Self::Internal(schedules), Some(cron)) => internal::set(schedules, &cron, wanted),
        }
    }

    /// All, for people and their programs: `name`, `kind`, `schedule`, `lastRun`,
    /// `nextRun` and more. Never with passwords.
    pub(crate) async fn list(&self) -> Result<Vec<Value>, String> {
        match self {
            Self::Cluster(cluster) => cluster.list().await,
            Self::Internal(schedules) => Ok(internal::list(schedules)),
        }
    }

    /// Those of this process, if it keeps them.
    pub(crate) fn internal(&self) -> Option<Schedules> {
        match self {
            Self::Cluster(_) => None,
            Self::Internal(schedules) => Some(schedules.clone()),
        }
    }

    /// Who keeps them, in a word.
    pub(crate) const fn keeper(&self) -> &'static str {
        match self {
            Self::Cluster(_) => "cronjobs",
            Self::Internal(_) => "internal",
        }
    }
}

fn wanted(
    schedule: Schedule,
    command: &Command,
    namespace: &str,
    job: &str,
) -> Result<Vec<Wanted>, String> {
    let random = || random_part(uuid::Uuid::new_v4().as_u128());
    if schedule == Schedule::Registry {
        let info = RegistryInfo::of(command)?;
        let name = job_name(schedule, "", &random());
        let (secret, made) = registry_objects(&info, &name, namespace);
        return Ok(vec![Wanted { name, made, secret }]);
    }
    let made = bodies(schedule, command, job).map_err(|error| error.to_string())?;
    let wanted = made.into_iter().map(|made| Wanted {
        name: job_name(schedule, &made.target, &random()),
        made,
        secret: None,
    });
    Ok(wanted.collect())
}
