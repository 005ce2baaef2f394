//! Recurring scans of this process.

use kubescape_commands::{RegistryInfo, Schedule, cron::Cron, registry_objects};
use kubescape_runtime::Secret;
use serde_json::Value;

use super::Wanted;
use crate::schedules::{Definition, Schedules};

/// Makes all of these or none.
pub(super) fn set(
    schedules: &Schedules,
    cron: &Cron,
    wanted: Vec<Wanted>,
) -> Result<String, String> {
    let since = schedules.clock().now();
    let mut names = Vec::new();
    let mut definitions = Vec::new();
    for one in wanted {
        names.push(one.name.clone());
        let mut definition = Definition::new(one.name, cron, one.made.body, since);
        definition.secret = one.secret.as_ref().and_then(auth);
        definitions.push(definition);
    }
    schedules.add(definitions)?;
    Ok(format!("made {}", names.join(", ")))
}

pub(super) fn update(
    schedules: &Schedules,
    kind: Schedule,
    name: &str,
    cron: Option<&Cron>,
    registry: Option<&RegistryInfo>,
) -> Result<String, String> {
    if cron.is_none() && registry.is_none() {
        return Err(format!(
            "nothing of {name} is to be changed: give args.jobParams.cronTabSchedule"
        ));
    }
    schedules.update(kind, name, cron, |one| {
        let Some(registry) = registry else { return };
        let (secret, made) = registry_objects(registry, name, "");
        one.body = made.body;
        if let Some(secret) = secret.as_ref().and_then(auth) {
            one.secret = Some(secret);
        }
    })?;
    Ok(format!("{name} is changed"))
}

pub(super) fn delete(schedules: &Schedules, kind: Schedule, name: &str) -> Result<String, String> {
    Ok(if schedules.remove(kind, name)? {
        format!("{name} is removed")
    } else {
        format!("{name} was not there")
    })
}

/// All, for people and their programs.
pub(super) fn list(schedules: &Schedules) -> Vec<Value> {
    let now = schedules.clock().now();
    let all = schedules.all();
    all.iter().map(|one| one.to_value(now)).collect()
}

/// What a cluster would keep in a Secret.
fn auth(secret: &Value) -> Option<Secret<String>> {
    let text = secret.pointer("/stringData/registriesAuth")?.as_str()?;
    Some(Secret::new(text.to_owned()))
}
