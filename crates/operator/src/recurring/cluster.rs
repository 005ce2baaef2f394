//! Recurring scans as CronJobs.

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client, Resource};
use kubescape_commands::cron::Cron;
use kubescape_commands::{RegistryInfo, Schedule, Template, UpdateMarks, make, registry_objects};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Wanted;
use crate::schedules::word;

/// CronJobs on a page, and the most that are listed.
const PAGE: u32 = 200;
const MOST: usize = 1000;

/// CronJobs of one namespace, the release's.
#[derive(Clone)]
pub(crate) struct CronJobs {
    client: Client,
    namespace: String,
}

impl CronJobs {
    pub(crate) fn new(client: Client, namespace: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    async fn template(&self, schedule: Schedule) -> Result<Template, String> {
        let name = schedule.template();
        let shown = format!("ConfigMap {}/{name}", self.namespace);
        let found = self.api::<ConfigMap>().get_opt(name).await;
        let found = found.map_err(|error| format!("{shown} cannot be read: {error}"))?;
        let remedy = "install the chart's template again";
        let found = found.ok_or_else(|| format!("{shown} is missing: {remedy}"))?;
        let text = found
            .data
            .and_then(|mut data| data.remove("cronjobTemplate"));
        let text = text.ok_or_else(|| format!("{shown} has no key cronjobTemplate: {remedy}"))?;
        Template::parse(&text).map_err(|error| format!("{shown}: {error}"))
    }

    /// Makes all of these or none.
    pub(super) async fn set(
        &self,
        schedule: Schedule,
        cron: &str,
        wanted: Vec<Wanted>,
    ) -> Result<String, String> {
        let template = self.template(schedule).await?;
        let mut names = Vec::new();
        for one in &wanted {
            let made = self.make(&template, schedule, cron, one).await;
            if let Err(error) = made {
                for name in names.iter().chain([&one.name]) {
                    self.roll_back(name).await;
                }
                return Err(error);
            }
            names.push(one.name.clone());
        }
        Ok(format!("made {}", names.join(", ")))
    }

    async fn make(
        &self,
        template: &Template,
        schedule: Schedule,
        cron: &str,
        one: &Wanted,
    ) -> Result<(), String> {
        let (config_map, job) = make(
            template,
            schedule,
            &one.name,
            &self.namespace,
            cron,
            &one.made,
        )
        .map_err(|error| error.to_string())?;
        // First what owns the others: they go when it goes. Its first run is minutes
        // away, and a pod waits for its volume.
        let job: CronJob = self.create(job, None).await?;
        let owner = owner(&job);
        let _: ConfigMap = self.create(config_map, Some(&owner)).await?;
        if let Some(secret) = one.secret.clone() {
            let _: Secret = self.create(secret, Some(&owner)).await?;
        }
        Ok(())
    }

    async fn create<K>(&self, value: Value, owner: Option<&OwnerReference>) -> Result<K, String>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + serde::Serialize + DeserializeOwned,
    {
        let kind = K::kind(&());
        // What came from a template may not fit; a Secret's content is not quoted.
        let mut object: K = serde_json::from_value(value).map_err(|error| match &*kind {
            "Secret" => "the Secret cannot be made".to_owned(),
            _ => format!("the template makes no {kind}: {error}"),
        })?;
        if let Some(owner) = owner {
            object.meta_mut().owner_references = Some(vec![owner.clone()]);
        }
        let made = self
            .api::<K>()
            .create(&PostParams::default(), &object)
            .await;
        made.map_err(|error| format!("{kind} cannot be made: {error}"))
    }

    async fn roll_back(&self, name: &str) {
        for gone in [
            self.remove::<CronJob>(name).await,
            self.remove::<ConfigMap>(name).await,
            self.remove::<Secret>(name).await,
        ] {
            if let Err(error) = gone {
                tracing::warn!(name, error, "half of a recurring scan is left");
            }
        }
    }

    /// Whether it was there.
    async fn remove<K>(&self, name: &str) -> Result<bool, String>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
        K: Clone + std::fmt::Debug + DeserializeOwned,
    {
        match self
            .api::<K>()
            .delete(name, &DeleteParams::background())
            .await
        {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
            Err(error) => Err(format!(
                "{} {name} cannot be removed: {error}",
                K::kind(&())
            )),
        }
    }

    /// The CronJob of this name, if it is a recurring scan of this kind: commands must
    /// not reach others.
    async fn find(&self, schedule: Schedule, name: &str) -> Result<Option<CronJob>, String> {
        let found = self.api::<CronJob>().get_opt(name).await;
        let found = found.map_err(|error| format!("CronJob {name} cannot be read: {error}"))?;
        let Some(job) = found else { return Ok(None) };
        let tier = tier(&job);
        if tier == Some(schedule.tier()) {
            return Ok(Some(job));
        }
        Err(format!(
            "CronJob {name} is no recurring scan of this kind: its pods lack the label armo.tier={}",
            schedule.tier()
        ))
    }

    /// Those of the three kinds, page by page; what they post is in their ConfigMaps.
    pub(super) async fn list(&self) -> Result<Vec<Value>, String> {
        let now = Timestamp::now();
        let mut params = ListParams::default().limit(PAGE);
        let mut found = Vec::new();
        loop {
            let page = self.api::<CronJob>().list(&params).await;
            let page = page.map_err(|error| format!("CronJobs cannot be listed: {error}"))?;
            found.extend(page.items.iter().filter_map(|job| listed(job, now)));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) if found.len() < MOST => params = params.continue_token(&token),
                _ => return Ok(found),
            }
        }
    }

    pub(super) async fn delete(&self, schedule: Schedule, name: &str) -> Result<String, String> {
        let Some(job) = self.find(schedule, name).await? else {
            return Ok(format!("{name} was not there"));
        };
        let params = DeleteParams::background().preconditions(Preconditions {
            uid: job.metadata.uid.clone(),
            resource_version: None,
        });
        match self.api::<CronJob>().delete(name, &params).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(format!("CronJob {name} cannot be removed: {error}")),
        }
        // Those that others made have no owner.
        self.remove::<ConfigMap>(name).await?;
        if schedule == Schedule::Registry {
            self.remove::<Secret>(name).await?;
        }
        Ok(format!("{name} is removed"))
    }

    pub(super) async fn update(
        &self,
        schedule: Schedule,
        name: &str,
        cron: &str,
        registry: Option<&RegistryInfo>,
        job: &str,
    ) -> Result<String, String> {
        let found = self.find(schedule, name).await?;
        let found = found.ok_or_else(|| format!("there is no recurring scan {name}"))?;
        if let Some(registry) = registry {
            self.update_registry(name, registry, &owner(&found)).await?;
        }
        let patch = Patch::Merge(UpdateMarks { job, cron }.patch());
        let api = self.api::<CronJob>();
        let patched = api.patch(name, &PatchParams::default(), &patch).await;
        patched.map_err(|error| format!("CronJob {name} cannot be changed: {error}"))?;
        Ok(format!("{name} is changed"))
    }

    async fn update_registry(
        &self,
        name: &str,
        registry: &RegistryInfo,
        owner: &OwnerReference,
    ) -> Result<(), String> {
        let (secret, made) = registry_objects(registry, name, &self.namespace);
        let body = json!({"data": {"request-body.json": made.body.to_string()}});
        let api = self.api::<ConfigMap>();
        let patched = api
            .patch(name, &PatchParams::default(), &Patch::Merge(body))
            .await;
        patched.map_err(|error| format!("ConfigMap {name} cannot be changed: {error}"))?;
        let Some(secret) = secret else { return Ok(()) };
        let data = json!({ "stringData": secret.get("stringData") });
        let api = self.api::<Secret>();
        match api
            .patch(name, &PatchParams::default(), &Patch::Merge(data))
            .await
        {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => {
                let _: Secret = self.create(secret, Some(owner)).await?;
                Ok(())
            }
            Err(error) => Err(format!("Secret {name} cannot be changed: {error}")),
        }
    }
}

/// The value of the label by which kinds of recurring scans are told.
fn tier(job: &CronJob) -> Option<&str> {
    let spec = job.spec.as_ref()?.job_template.spec.as_ref()?;
    let labels = spec.template.metadata.as_ref()?.labels.as_ref()?;
    labels.get("armo.tier").map(String::as_str)
}

/// As answers have it, if it is a recurring scan.
fn listed(job: &CronJob, now: Timestamp) -> Option<Value> {
    let tier = tier(job)?;
    let kinds = [
        Schedule::Kubescape,
        Schedule::Vulnerability,
        Schedule::Registry,
    ];
    let kind = kinds.into_iter().find(|kind| kind.tier() == tier)?;
    let spec = job.spec.as_ref()?;
    let suspended = spec.suspend.unwrap_or(false);
    let zone = spec.time_zone.as_deref().unwrap_or("UTC");
    let cron = spec.schedule.parse::<Cron>().ok();
    // Of other zones this does not know.
    let cron = cron.filter(|_| !suspended && zone == "UTC");
    let last = job
        .status
        .as_ref()
        .and_then(|status| status.last_schedule_time.as_ref());
    Some(json!({
        "name": job.metadata.name,
        "kind": word(kind),
        "schedule": spec.schedule,
        "timeZone": zone,
        "suspended": suspended,
        "lastRun": last.map(|time| time.0.to_string()),
        "nextRun": cron.and_then(|cron| cron.next(now)).map(|time| time.to_string()),
    }))
}

fn owner(job: &CronJob) -> OwnerReference {
    OwnerReference {
        api_version: CronJob::api_version(&()).into_owned(),
        kind: CronJob::kind(&()).into_owned(),
        name: job.metadata.name.clone().unwrap_or_default(),
        uid: job.metadata.uid.clone().unwrap_or_default(),
        ..OwnerReference::default()
    }
}
