//! Whether an object is a description: `{apiVersion, kind, metadata: {name, provider}, data}`.

use kubescape_engine::{Object, Value, nearest};

use super::known::{Data, GROUPS, Group, HOST_DATA, SERVER_INFO};

/// What is wrong with an object, beginning with the field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) remedy: String,
}

impl Fault {
    fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

/// What a description is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) provider: Option<&'static str>,
    pub(super) is_server_info: bool,
}

/// A node agent that could not look says so.
pub(super) fn sensed(error: &str) -> Result<(), Fault> {
    if error.is_empty() {
        return Ok(());
    }
    let message = format!("status.error: the node agent found out nothing: {error}");
    Err(Fault::new(
        message,
        "see to it that it can look, and write the file again",
    ))
}

/// Checks all that controls rely on.
pub(super) fn check(object: &Object<'_>) -> Result<About, Fault> {
    let group = group(object)?;
    let data = kind(object, group)?;
    metadata(object, group)?;
    check_data(object, group, data)?;
    Ok(About {
        provider: group.provider,
        is_server_info: group.kinds[0].0 == SERVER_INFO,
    })
}

fn group(object: &Object<'_>) -> Result<&'static Group, Fault> {
    let known = GROUPS.iter().find(|group| group.name == object.group);
    match known {
        Some(group) if group.version == object.version => Ok(group),
        Some(group) => {
            let message = format!("apiVersion: {} is not read", object.api_version);
            Err(Fault::new(
                message,
                format!("give {}/{}", group.name, group.version),
            ))
        }
        None => {
            let all = GROUPS.map(|group| format!("{}/{}", group.name, group.version));
            let message = format!("apiVersion: {} is none of descriptions", object.api_version);
            Err(Fault::new(
                message,
                format!("give one of {}", all.join(", ")),
            ))
        }
    }
}

fn kind(object: &Object<'_>, group: &Group) -> Result<Data, Fault> {
    let mut kinds = group.kinds.iter();
    let known = kinds.find(|(kind, _)| kind.eq_ignore_ascii_case(object.kind));
    known.map(|(_, data)| *data).ok_or_else(|| {
        let names: Vec<_> = group.kinds.iter().map(|(kind, _)| *kind).collect();
        let message = format!("kind: {} is none of {}", object.kind, group.name);
        let remedy = match nearest(object.kind, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("give one of {}", names.join(", ")),
        };
        Fault::new(message, remedy)
    })
}

fn metadata(object: &Object<'_>, group: &Group) -> Result<(), Fault> {
    if object.name.is_empty() {
        let whose = match group.provider {
            Some(_) => "give the cluster's name",
            None if group.name == HOST_DATA => "give the node's name",
            None => "give version",
        };
        return Err(Fault::new("metadata.name: is missing, or no text", whose));
    }
    if group.kinds[0].0 == SERVER_INFO && object.name != "version" {
        let message = format!("metadata.name: is {}, and has to be version", object.name);
        return Err(Fault::new(message, "give version"));
    }
    let Some(provider) = group.provider else {
        return Ok(());
    };
    let given = object.metadata().at("provider");
    if given.is(provider) {
        return Ok(());
    }
    let message = match given {
        Value::Absent | Value::Null => "metadata.provider: is missing".to_owned(),
        Value::Str(text) => format!(
            "metadata.provider: is {text}, but {} is of {provider}",
            group.name
        ),
        _ => "metadata.provider: is no text".to_owned(),
    };
    Err(Fault::new(message, format!("give {provider}")))
}

fn check_data(object: &Object<'_>, group: &Group, wanted: Data) -> Result<(), Fault> {
    let data = object.at("data");
    if matches!(data, Value::Absent | Value::Null) {
        let source = if group.name == HOST_DATA {
            "put there what the node agent found"
        } else {
            "put there what the provider's API answers"
        };
        return Err(Fault::new("data: is missing", source));
    }
    let (fits, what) = match wanted {
        Data::Map | Data::With(_) => (data.is_object(), "a map"),
        Data::List => (data.is_array(), "a list"),
        Data::Text => (data.as_str().is_some(), "text"),
    };
    if !fits {
        return Err(Fault::new(
            format!("data: is not {what}"),
            format!("give {what}"),
        ));
    }
    let Data::With(keys) = wanted else {
        return Ok(());
    };
    if keys
        .iter()
        .any(|key| data.at(key).is_object() || data.at(key).is_array())
    {
        return Ok(());
    }
    let message = format!("data.{}: is missing, or neither a map nor a list", keys[0]);
    Err(Fault::new(message, remedy_of(group, keys[0])))
}

/// What people give instead.
fn remedy_of(group: &Group, key: &str) -> String {
    match (group.name, key) {
        ("management.azure.com", "properties") => {
            "take it from `az resource show`: `az aks show` leaves this level out".to_owned()
        }
        _ => format!("keep the level `{key}` of the provider's answer"),
    }
}
