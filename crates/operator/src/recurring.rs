//! Recurring scans: made, changed, removed, as CronJobs or in this process.

mod cluster;

use kubescape_commands::{
    Change, Command, Made, RegistryInfo, Schedule, bodies, cron::Cron, job_name, random_part,
    registry_objects,
};

use crate::schedules::{Definition, Schedules};
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
    secret: Option<serde_json::Value>,
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
        if params.name.is_empty() {
            return Err("there is no name: give args.jobParams.name".to_owned());
        }
        match (change, self) {
            (Change::Delete, Self::Cluster(cluster)) => {
                cluster.delete(schedule, &params.name).await
            }
            (Change::Delete, Self::Internal(schedules)) => schedules
                .remove(&params.name)
                .map(|gone| said(gone, &params.name)),
            (_, Self::Cluster(cluster)) => {
                let registry = (schedule == Schedule::Registry
                    && kubescape_commands::field(&command.args, "registryInfo-v1").is_some())
                .then(|| RegistryInfo::of(command))
                .transpose()?;
                let cron = cron.map(|cron| cron.to_string()).unwrap_or_default();
                cluster
                    .update(schedule, &params.name, &cron, registry.as_ref(), job)
                    .await
            }
            (_, Self::Internal(schedules)) => {
                let cron =
                    cron.ok_or("there is no schedule: give args.jobParams.cronTabSchedule")?;
                schedules.reschedule(&params.name, &cron)?;
                Ok(format!("{} is changed", params.name))
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
        let needs_schedule = schedule != Schedule::Kubescape || matches!(self, Self::Internal(_));
        if cron.is_none() && needs_schedule {
            return Err("there is no schedule: give args.jobParams.cronTabSchedule".to_owned());
        }
        match self {
            Self::Cluster(cluster) => {
                let cron = cron.map(|cron| cron.to_string()).unwrap_or_default();
                cluster.set(schedule, &cron, wanted).await
            }
            Self::Internal(schedules) => {
                let Some(cron) = cron else {
                    return Err("there is no schedule".to_owned());
                };
                if wanted.iter().any(|one| one.secret.is_some()) {
                    return Err("passwords of registries need a cluster's Secrets".to_owned());
                }
                let mut names = Vec::new();
                for one in wanted {
                    names.push(one.name.clone());
                    schedules.add(Definition::new(one.name, &cron, one.made.body))?;
                }
                Ok(format!("made {}", names.join(", ")))
            }
        }
    }
}

fn said(gone: bool, name: &str) -> String {
    if gone {
        format!("{name} is removed")
    } else {
        format!("{name} was not there")
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
