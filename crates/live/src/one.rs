//! One object, read as lists would bring it.

use kubescape_collect::strip;
use kubescape_engine::KindMatch;
use percent_encoding::utf8_percent_encode;

use crate::connection::Connection;
use crate::discovery::{Discovery, Resource};
use crate::trouble::Trouble;
use crate::wanted::{PATH, list};

/// An object that somebody looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// `apps/v1`; with an empty one all groups are looked through.
    pub api_version: String,
    /// Kind, plural or short name, in any case.
    pub kind: String,
    /// Its namespace; counts for kinds that have some.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What became of looking for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum One {
    /// Here it is.
    Found {
        /// As the cluster spells it.
        api_version: String,
        /// As the cluster spells it.
        kind: String,
        /// Whether objects of that kind are in namespaces.
        namespaced: bool,
        /// The object as JSON, without managed fields, values of Secrets and the like;
        /// `None` when there is none.
        text: Option<String>,
    },
    /// The cluster has no such kind, as far as its servers answer; with the reasons of
    /// those that do not.
    NoSuchKind(Vec<String>),
    /// It may not be read; with the server's words.
    Forbidden(String),
    /// It could not be read; with the reason.
    Failed(String),
}

const OBJECT: &str = "application/json";
const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

impl Connection {
    /// Looks for an object.
    pub async fn one(&self, sought: &Sought) -> One {
        let discovery = match Discovery::ask(&self.caller).await {
            Ok(discovery) => discovery,
            Err(trouble) => return One::Failed(format!("discovery: {trouble}")),
        };
        let Some(resource) = find(&discovery, sought) else {
            let failed = discovery.failed.iter();
            let failed = failed.map(|(group, reason)| format!("{group}: {reason}"));
            return One::NoSuchKind(failed.collect());
        };
        let namespace = resource.namespaced.then_some(&*sought.namespace);
        let list = list(resource, namespace, String::new());
        let name = utf8_percent_encode(&sought.name, PATH);
        let path = format!("{}/{name}", list.path());
        let accept = if list.metadata_only { METADATA } else { OBJECT };
        let text = match self.caller.get(&path, accept).await {
            Ok(body) => match read(&body, resource) {
                Ok(text) => Some(text),
                Err(problem) => return One::Failed(problem),
            },
            Err(Trouble::Missing) => None,
            Err(Trouble::Forbidden(words)) => return One::Forbidden(words),
            Err(trouble) => return One::Failed(trouble.to_string()),
        };
        One::Found {
            api_version: resource.api_version(),
            kind: resource.kind.clone(),
            namespaced: resource.namespaced,
            text,
        }
    }
}

impl Connection {
    /// Group and plural of all that the cluster has of these kinds, each once.
    ///
    /// # Errors
    ///
    /// The server does not say what kinds it has; with the reason.
    pub async fn resources(&self, kinds: &[KindMatch]) -> Result<Vec<(String, String)>, String> {
        let discovery = Discovery::ask(&self.caller).await;
        let discovery = discovery.map_err(|trouble| format!("discovery: {trouble}"))?;
        let read = |resource: &&Resource| {
            let of = |kind: &KindMatch| kind.matches(&resource.group, &resource.kind);
            kinds.iter().any(of)
        };
        let resources = discovery.resources.iter().filter(read);
        let mut all: Vec<_> = resources
            .map(|resource| (resource.group.clone(), resource.plural.clone()))
            .collect();
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

/// The kind that is meant; of several the first in the server's order.
fn find<'d>(discovery: &'d Discovery, sought: &Sought) -> Option<&'d Resource> {
    let group = sought.api_version.split_once('/');
    let group = group.map_or("", |(group, _)| group);
    let any = sought.api_version.is_empty();
    let mut resources = discovery.resources.iter();
    resources.find(|resource| (any || resource.group == group) && resource.is_called(&sought.kind))
}

fn read(body: &[u8], resource: &Resource) -> Result<String, String> {
    let text = str::from_utf8(body).map_err(|error| format!("the answer is no text: {error}"))?;
    strip(text, &resource.api_version(), &resource.kind)
        .map_err(|error| format!("the answer is no object: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(group: &str, kind: &str, plural: &str) -> Resource {
        Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            names: vec!["ing".to_owned()],
            namespaced: true,
        }
    }

    #[test]
    fn a_kind_is_found_by_any_of_its_names_and_its_group() {
        let discovery = Discovery {
            resources: vec![
                resource("networking.k8s.io", "Ingress", "ingresses"),
                resource("acme.io", "Ingress", "ingresses"),
            ],
            ..Discovery::default()
        };
        let group = |api_version: &str, kind: &str| {
            let sought = Sought {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                ..Sought::default()
            };
            find(&discovery, &sought).map(|resource| &*resource.group)
        };
        assert_eq!(group("", "ING"), Some("networking.k8s.io"));
        assert_eq!(group("acme.io/v1", "ingresses"), Some("acme.io"));
        // Another version of the same kind is the same kind.
        assert_eq!(group("acme.io/v2", "Ingress"), Some("acme.io"));
        assert_eq!(group("v1", "Ingress"), None);
    }
}
