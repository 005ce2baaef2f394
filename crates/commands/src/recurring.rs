//! Recurring scans: what a `CronJob` and its `ConfigMap` look like.

use serde_json::{Map, Value, json};

use crate::command::{Command, Designator};
use crate::fold::{field, list_of, remove, set, text_of};
use crate::name::Schedule;
use crate::target::parse_wild_wlid;

/// The most bytes of a `CronJob`'s name: its Jobs add eleven.
const MAX_NAME: usize = 52;
/// Random characters at a name's end.
const RANDOM: usize = 10;
/// The volume of a template that gets the body.
const VOLUME: &str = "request-body-volume";

/// Why a recurring scan cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurringError {
    /// The template is not usable.
    #[error(
        "the template's cronjobTemplate {0}: correct the ConfigMap, or install the chart's again"
    )]
    Template(String),
    /// The command is not usable.
    #[error("{0}")]
    Command(String),
}

fn template_error(text: &str) -> RecurringError {
    RecurringError::Template(text.to_owned())
}

/// A `CronJob` to fill in.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Value);

impl Template {
    /// Reads the YAML of a `ConfigMap`.
    ///
    /// # Errors
    ///
    /// It is no `CronJob` with the volume of the request's body.
    pub fn parse(text: &str) -> Result<Self, RecurringError> {
        let mut value: Value = serde_norway::from_str(text)
            .map_err(|error| RecurringError::Template(format!("is not YAML ({error})")))?;
        // `nodeSelector:` with nothing after it, as charts render it.
        prune(&mut value);
        if value.get("kind").and_then(Value::as_str) != Some("CronJob") {
            return Err(template_error("is no CronJob"));
        }
        let volumes = value
            .pointer("/spec/jobTemplate/spec/template/spec/volumes")
            .and_then(Value::as_array);
        let fits = |one: &Value| one.get("name").and_then(Value::as_str) == Some(VOLUME);
        if !volumes.is_some_and(|volumes| volumes.iter().any(fits)) {
            return Err(template_error("has no volume request-body-volume"));
        }
        Ok(Self(value))
    }
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(prune);
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// Ten characters of a random number.
pub fn random_part(random: u128) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = random;
    (0..RANDOM)
        .map(|_| {
            let digit = usize::try_from(rest % 36).unwrap_or_default();
            rest /= 36;
            char::from(DIGITS.get(digit).copied().unwrap_or(b'0'))
        })
        .collect()
}

/// The name of a recurring scan: what it scans, and the random part whole.
pub fn job_name(schedule: Schedule, target: &str, random: &str) -> String {
    let prefix = match schedule {
        Schedule::Kubescape => format!("ks-scheduled-scan-{target}"),
        Schedule::Vulnerability => "kubevuln-schedule".to_owned(),
        Schedule::Registry => "kubescape-registry-scan".to_owned(),
    };
    let mut name = String::with_capacity(MAX_NAME);
    for c in prefix.chars() {
        if name.len() + 1 + random.len() >= MAX_NAME {
            break;
        }
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    format!("{}-{random}", name.trim_end_matches('-'))
}

/// Whether this can be the name of a recurring scan: it becomes part of requests.
///
/// # Errors
///
/// It is missing, too long, or has characters that no `CronJob`'s name has.
pub fn check_job_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let whole = name.chars().all(fits) && edge(name.chars().next()) && edge(name.chars().last());
    if name.is_empty() {
        Err("is missing: name the recurring scan".to_owned())
    } else if name.len() > MAX_NAME {
        Err(format!(
            "has {} characters, and no recurring scan more than {MAX_NAME}: GET /v1/schedules lists them",
            name.chars().count()
        ))
    } else if whole {
        Ok(())
    } else {
        let shown: String = name.escape_debug().take(MAX_NAME).collect();
        Err(format!(
            "\"{shown}\" is no name of a recurring scan: give a-z, 0-9, - and . as GET /v1/schedules lists them"
        ))
    }
}

/// What one `CronJob` posts.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// What it scans: a framework, a control; empty: no part of the name.
    pub target: String,
    /// The request's body.
    pub body: Value,
    /// Annotations of its pods.
    pub annotations: Vec<(String, String)>,
}

/// The bodies of a set command: one for each target of a scan of configurations, one
/// for images. (Registries: [`crate::registry_objects`].)
///
/// # Errors
///
/// The command does not say what to scan.
pub fn bodies(
    schedule: Schedule,
    command: &Command,
    job: &str,
) -> Result<Vec<Made>, RecurringError> {
    match schedule {
        Schedule::Kubescape => posture(command, job),
        Schedule::Vulnerability => images(command, job).map(|made| vec![made]),
        Schedule::Registry => Err(RecurringError::Command(
            "a registry's scan has objects of its own".to_owned(),
        )),
    }
}

fn posture(command: &Command, job: &str) -> Result<Vec<Made>, RecurringError> {
    let wrong = |text: String| RecurringError::Command(format!("args.scanV1: {text}"));
    let given = match field(&command.args, "scanV1") {
        None => Map::new(),
        Some(Value::Object(given)) => given.clone(),
        Some(_) => return Err(wrong("is not an object".to_owned())),
    };
    let names = list_of(&given, "targetNames").map_err(|error| wrong(error.to_string()))?;
    let mut targets = Vec::new();
    for name in names {
        let name = name
            .as_str()
            .ok_or_else(|| wrong("targetNames is not a list of texts".to_owned()))?;
        let name = if name.is_empty() { "all" } else { name }.to_owned();
        if !targets.contains(&name) {
            targets.push(name);
        }
    }
    let mut kind = text_of(&given, "targetType")
        .map_err(|error| wrong(error.to_string()))?
        .to_owned();
    if targets.is_empty() {
        targets.push("all".to_owned());
    }
    if kind.is_empty() {
        "Framework".clone_into(&mut kind);
    }
    let host_scanner = field(&given, "hostScanner").and_then(Value::as_bool);
    let made = targets.into_iter().map(|target| {
        let mut scan = given.clone();
        // Upstream puts all names into each body, and so scans n × n times.
        set(&mut scan, "targetNames", json!([target]));
        set(&mut scan, "targetType", json!(kind));
        let mut annotations = vec![
            ("armo.jobid".to_owned(), job.to_owned()),
            (format!("armo.{}", kind.to_lowercase()), target.clone()),
        ];
        if let Some(on) = host_scanner {
            annotations.push(("armo.host-scanner".to_owned(), on.to_string()));
        }
        Made {
            target,
            body: json!({"commands": [{"commandName": "kubescapeScan", "args": {"scanV1": scan}}]}),
            annotations,
        }
    });
    Ok(made.collect())
}

fn images(command: &Command, job: &str) -> Result<Made, RecurringError> {
    let mut scan = Command {
        name: "scan".to_owned(),
        wlid: command.wlid.clone(),
        wild_wlid: command.wild_wlid.clone(),
        designators: command.designators.clone(),
        ..Command::default()
    };
    for designator in &mut scan.designators {
        remove(&mut designator.attributes, "cronTabSchedule");
    }
    if scan.id().is_empty() {
        // Nothing said: the whole cluster.
        scan.designators.push(Designator {
            designator_type: "Attributes".to_owned(),
            ..Designator::default()
        });
    }
    let mut namespace = scan
        .designators
        .iter()
        .find_map(|one| one.attribute("namespace"))
        .unwrap_or_default()
        .to_owned();
    if !scan.wild_wlid.is_empty() {
        let found = parse_wild_wlid(&scan.wild_wlid).map_err(RecurringError::Command)?;
        namespace = found.unwrap_or_default();
    }
    let annotations = [
        ("armo.cloud/jobid", job),
        ("app.kubescape/job-id", job),
        ("armo.namespace", &namespace),
        ("app.kubescape/namespace", &namespace),
    ];
    Ok(Made {
        target: String::new(),
        annotations: annotations
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        body: json!({"commands": [scan.to_value()]}),
    })
}

/// `ConfigMap` and `CronJob` of a recurring scan. An empty schedule keeps that of the
/// template.
///
/// # Errors
///
/// The template lacks parts that every `CronJob` has.
pub fn make(
    template: &Template,
    schedule: Schedule,
    name: &str,
    namespace: &str,
    cron: &str,
    made: &Made,
) -> Result<(Value, Value), RecurringError> {
    let config_map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "data": {"request-body.json": made.body.to_string()},
    });
    let mut job = template.0.clone();
    let metadata = object_at(&mut job, "metadata")?;
    metadata.insert("name".to_owned(), name.into());
    metadata.insert("namespace".to_owned(), namespace.into());
    object_in(metadata, "labels")?.insert("app".to_owned(), name.into());
    let spec = object_at(&mut job, "spec")?;
    if !cron.is_empty() {
        spec.insert("schedule".to_owned(), cron.into());
    }
    if !spec.get("schedule").is_some_and(Value::is_string) {
        return Err(RecurringError::Command(
            "there is no schedule: give args.jobParams.cronTabSchedule".to_owned(),
        ));
    }
    let pod = pod_template(spec)?;
    let metadata = object_in(pod, "metadata")?;
    let labels = object_in(metadata, "labels")?;
    labels
        .entry("armo.tier")
        .or_insert_with(|| schedule.tier().into());
    let annotations = object_in(metadata, "annotations")?;
    for (key, value) in &made.annotations {
        annotations.insert(key.clone(), value.as_str().into());
    }
    let volumes = object_in(pod, "spec")?
        .get_mut("volumes")
        .and_then(Value::as_array_mut)
        .ok_or_else(|| template_error("has no volumes"))?;
    for volume in volumes.iter_mut() {
        if volume.get("name").and_then(Value::as_str) == Some(VOLUME) {
            *volume = json!({"name": VOLUME, "configMap": {"name": name}});
        }
    }
    Ok((config_map, job))
}

/// What an update leaves on the pods of a recurring scan.
#[derive(Clone, Copy, Debug)]
pub struct UpdateMarks<'a> {
    /// The update's job.
    pub job: &'a str,
    /// The new schedule; empty: as it is.
    pub cron: &'a str,
}

impl UpdateMarks<'_> {
    /// The merge patch of the `CronJob`.
    pub fn patch(&self) -> Value {
        let mut spec = json!({"jobTemplate": {"spec": {"template": {"metadata": {"annotations": {
            "armo.updatejobid": self.job,
            "app.kubescape/update-job-id": self.job,
        }}}}}});
        if let Some(spec) = spec.as_object_mut().filter(|_| !self.cron.is_empty()) {
            spec.insert("schedule".to_owned(), self.cron.into());
        }
        json!({ "spec": spec })
    }
}

fn pod_template(spec: &mut Map<String, Value>) -> Result<&mut Map<String, Value>, RecurringError> {
    let job = object_in(spec, "jobTemplate")?;
    object_in(object_in(job, "spec")?, "template")
}

fn object_at<'a>(
    value: &'a mut Value,
    name: &str,
) -> Result<&'a mut Map<String, Value>, RecurringError> {
    let object = value
        .as_object_mut()
        .ok_or_else(|| template_error("is no object"))?;
    object_in(object, name)
}

fn object_in<'a>(
    object: &'a mut Map<String, Value>,
    name: &str,
) -> Result<&'a mut Map<String, Value>, RecurringError> {
    object
        .entry(name)
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()
        .ok_or_else(|| RecurringError::Template(format!("has {name} that is no object")))
}
