//! What a command reaches.

use crate::command::{Command, Designator};
use crate::fold::Wrong;
use crate::name::CommandName;
use crate::target::parse_wild_wlid;

/// Where to look for the workloads of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Namespaces, each once; `None`: all.
    pub namespaces: Vec<Option<String>>,
    /// A label selector, or empty.
    pub labels: String,
    /// A field selector, or empty.
    pub fields: String,
}

/// Where to look when the command is to be carried out once for each workload in a
/// scope; `None` when it is carried out as it is.
///
/// # Errors
///
/// The scope or a selector cannot be read, or selects what nothing acts on.
pub fn expansion(name: CommandName, command: &Command) -> Result<Option<Expansion>, String> {
    let scoped = !command.wild_wlid.is_empty()
        || !command.wild_sid.is_empty()
        || !command.designators.is_empty();
    if !scoped || !name.expands() {
        return Ok(None);
    }
    let mut namespaces: Vec<Option<String>> = Vec::new();
    if !command.wild_wlid.is_empty() {
        namespaces.push(parse_wild_wlid(&command.wild_wlid)?);
    } else if command.designators.is_empty() {
        return Err("wildSid selects secrets, which nothing scans: give wildWlid".to_owned());
    }
    for designator in &command.designators {
        narrow(designator)?;
        let namespace = match designator.attribute("namespace") {
            Some(namespace) => Some(namespace.to_owned()),
            None if designator.wild_wlid.is_empty() => None,
            None => parse_wild_wlid(&designator.wild_wlid)?,
        };
        namespaces.push(namespace);
    }
    if namespaces.contains(&None) {
        namespaces = vec![None];
    }
    namespaces.sort();
    namespaces.dedup();
    let wrong = |wrong: Wrong| wrong.to_string();
    Ok(Some(Expansion {
        namespaces,
        labels: selector(&command.map("labels").map_err(wrong)?)?,
        fields: selector(&command.map("fieldSelector").map_err(wrong)?)?,
    }))
}

/// Designators select by namespace alone. One that says more must not reach more than
/// it says.
fn narrow(designator: &Designator) -> Result<(), String> {
    const NARROWER: [&str; 5] = ["kind", "name", "apiVersion", "resourceID", "containerName"];
    if !designator.wlid.is_empty() || !designator.sid.is_empty() {
        return Err("designators by wlid or sid select nothing: give wlid itself".to_owned());
    }
    match NARROWER
        .iter()
        .find(|name| designator.attribute(name).is_some())
    {
        None => Ok(()),
        Some(name) => Err(format!(
            "designators cannot select by {name}: give namespace, or the wlid itself"
        )),
    }
}

/// `k=v,k2=v2`. A comma in a value would select something else.
fn selector(pairs: &[(String, String)]) -> Result<String, String> {
    let mut out = String::new();
    for (key, value) in pairs {
        if key.is_empty()
            || [key, value]
                .iter()
                .any(|text| text.contains([',', '=', '!', ' ']))
        {
            return Err(format!("{key:?} is no key and value of a selector"));
        }
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(key);
        out.push('=');
        out.push_str(value);
    }
    Ok(out)
}

/// The command for one workload of a scope. Copies lose tracking and the scope; the
/// outer job becomes the parent.
pub fn single(command: &Command, wlid: &str, parent: &str) -> Command {
    let mut copy = command.clone();
    wlid.clone_into(&mut copy.wlid);
    copy.wild_wlid.clear();
    copy.wild_sid.clear();
    copy.designators.clear();
    copy.tracking = crate::command::JobTracking {
        parent_action: parent.to_owned(),
        ..Default::default()
    };
    copy.take_arg("labels");
    copy.take_arg("fieldSelector");
    copy
}
