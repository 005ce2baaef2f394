//! Who a running container is.

use std::fmt;
use std::str::FromStr;

use crate::object_name::shortened;

/// What kind of container of a pod it is. The seed knows regular ones only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerType {
    /// Of `spec.containers`.
    Container,
    /// Of `spec.initContainers`.
    InitContainer,
    /// Of `spec.ephemeralContainers`.
    EphemeralContainer,
}

impl ContainerType {
    /// As in identifiers and in the annotation `workload-container-type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::InitContainer => "initContainer",
            Self::EphemeralContainer => "ephemeralContainer",
        }
    }
}

/// The container of an [`InstanceId`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceContainer {
    /// Its type.
    pub kind: ContainerType,
    /// Its name.
    pub name: String,
}

/// A container of a workload, or, without one, the workload's pods.
///
/// The owner is the first owner reference of the pod (so Deployments appear as
/// ReplicaSets), or the pod itself if that is a Node or not a known core kind.
/// Later clients put the revision into the name of DaemonSets and StatefulSets
/// and the pod spec's hash into that of a CronJob's Jobs.
///
/// ```text
/// apiVersion-<apiVersion>/namespace-<ns>/kind-<Kind>/name-<name>/containerName-<c>
/// apiVersion-<apiVersion>/namespace-<ns>/kind-<Kind>/name-<name>/initContainerName-<c>
/// apiVersion-<apiVersion>/namespace-<ns>/kind-<Kind>/name-<name>
/// ```
///
/// The first is the seed's form; later clients use all. [`fmt::Display`] writes
/// them and [`FromStr`] reads them; what either takes, the other gives back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId {
    api_version: String,
    namespace: String,
    kind: String,
    name: String,
    container: Option<InstanceContainer>,
}

impl InstanceId {
    /// An identifier of these parts; none may be empty, and only `api_version`
    /// may have a `/`.
    pub fn new(
        api_version: impl Into<String>,
        namespace: impl Into<String>,
        kind: impl Into<String>,
        name: impl Into<String>,
        container: Option<InstanceContainer>,
    ) -> Result<Self, InstanceIdError> {
        let id = Self {
            api_version: api_version.into(),
            namespace: namespace.into(),
            kind: kind.into(),
            name: name.into(),
            container,
        };
        id.check()?;
        Ok(id)
    }

    /// `apiVersion` of the owner, as in `apps/v1`.
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// Namespace of the pod.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Kind of the owner, as in `ReplicaSet`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Name of the owner or of its revision.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The container, if it is about one.
    pub fn container(&self) -> Option<&InstanceContainer> {
        self.container.as_ref()
    }

    fn check(&self) -> Result<(), InstanceIdError> {
        let container = self.container.as_ref().map(|it| it.name.as_str());
        let parts = [
            ("namespace", self.namespace.as_str()),
            ("kind", &self.kind),
            ("name", &self.name),
            ("container name", container.unwrap_or("-")),
        ];
        for (part, text) in parts {
            if text.is_empty() || text.contains('/') {
                return Err(InstanceIdError::Part { part });
            }
        }
        let (group, version) = match self.api_version.split_once('/') {
            Some((group, version)) => (group, version),
            None => ("-", self.api_version.as_str()),
        };
        if group.is_empty() || version.is_empty() || version.contains('/') {
            return Err(InstanceIdError::Part { part: "apiVersion" });
        }
        Ok(())
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            api_version,
            namespace,
            kind,
            name,
            container,
        } = self;
        write!(
            f,
            "apiVersion-{api_version}/namespace-{namespace}/kind-{kind}/name-{name}"
        )?;
        match container {
            Some(container) => write!(f, "/{}Name-{}", container.kind.as_str(), container.name),
            None => Ok(()),
        }
    }
}

impl FromStr for InstanceId {
    type Err = InstanceIdError;

    fn from_str(text: &str) -> Result<Self, InstanceIdError> {
        parse(text).unwrap_or_else(|| {
            Err(InstanceIdError::Form {
                text: shortened(text),
            })
        })
    }
}

/// `None` if the form is wrong, an error if a part is.
fn parse(text: &str) -> Option<Result<InstanceId, InstanceIdError>> {
    let (rest, last) = text.rsplit_once('/')?;
    let (rest, name, container) = if let Some(name) = last.strip_prefix("name-") {
        (rest, name, None)
    } else {
        let (rest, name) = rest.rsplit_once('/')?;
        let container = parse_container(last)?;
        (rest, name.strip_prefix("name-")?, Some(container))
    };
    let (rest, kind) = rest.rsplit_once('/')?;
    let (api_version, namespace) = rest.rsplit_once('/')?;
    Some(InstanceId::new(
        api_version.strip_prefix("apiVersion-")?,
        namespace.strip_prefix("namespace-")?,
        kind.strip_prefix("kind-")?,
        name,
        container,
    ))
}

fn parse_container(text: &str) -> Option<InstanceContainer> {
    let (kind, name) = text.split_once("Name-")?;
    let kinds = [
        ContainerType::Container,
        ContainerType::InitContainer,
        ContainerType::EphemeralContainer,
    ];
    Some(InstanceContainer {
        kind: kinds.into_iter().find(|it| it.as_str() == kind)?,
        name: name.to_owned(),
    })
}

/// Why a text or parts are no [`InstanceId`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceIdError {
    /// It is not of any form.
    Form {
        /// The text, cut if long.
        text: String,
    },
    /// A part is empty or has a `/` where none may be.
    Part {
        /// Which part.
        part: &'static str,
    },
}

impl fmt::Display for InstanceIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { text } => write!(
                f,
                "`{text}` is no instance ID: expected `apiVersion-<apiVersion>/namespace-<namespace>/kind-<Kind>/name-<name>/containerName-<container>`"
            ),
            Self::Part { part } => {
                write!(
                    f,
                    "the {part} of an instance ID is empty or has a misplaced `/`"
                )
            }
        }
    }
}

impl std::error::Error for InstanceIdError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CART: &str =
        "apiVersion-apps/v1/namespace-shop/kind-ReplicaSet/name-cart-7c9d5b6f4/containerName-cart";

    #[test]
    fn the_seed_form_has_a_regular_container() {
        let id: InstanceId = CART.parse().unwrap();
        assert_eq!(id.api_version(), "apps/v1");
        assert_eq!(id.namespace(), "shop");
        assert_eq!(id.kind(), "ReplicaSet");
        assert_eq!(id.name(), "cart-7c9d5b6f4");
        let container = id.container().unwrap();
        assert_eq!(container.kind, ContainerType::Container);
        assert_eq!(container.name, "cart");
        assert_eq!(id.to_string(), CART);
    }

    #[test]
    fn later_forms_have_other_containers_or_none() {
        for text in [
            "apiVersion-v1/namespace-shop/kind-Pod/name-p/initContainerName-setup",
            "apiVersion-v1/namespace-shop/kind-Pod/name-p/ephemeralContainerName-debug",
            "apiVersion-v1/namespace-shop/kind-Pod/name-p",
            // A container may be called like a prefix.
            "apiVersion-v1/namespace-shop/kind-Pod/name-p/containerName-Name-x",
        ] {
            let id: InstanceId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "/",
            "cart",
            "apiVersion-/namespace-shop/kind-Pod/name-p",
            "apiVersion-apps//namespace-shop/kind-Pod/name-p",
            "apiVersion-/v1/namespace-shop/kind-Pod/name-p",
            "apiVersion-a/b/c/namespace-shop/kind-Pod/name-p",
            "apiVersion-v1/namespace-/kind-Pod/name-p",
            "apiVersion-v1/namespace-shop/kind-/name-p",
            "apiVersion-v1/namespace-shop/kind-Pod/name-",
            "apiVersion-v1/namespace-shop/kind-Pod/name-p/containerName-",
            "apiVersion-v1/namespace-shop/kind-Pod/name-p/sidecarName-x",
            "apiVersion-v1/namespace-shop/kind-Pod",
            "namespace-shop/apiVersion-v1/kind-Pod/name-p",
        ] {
            assert!(text.parse::<InstanceId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_written_back(text in any::<String>()) {
            if let Ok(id) = text.parse::<InstanceId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn nearly_right_texts_too(parts in proptest::collection::vec(
            "(apiVersion|namespace|kind|name|containerName|initContainerName)-[a-z-]{0,3}|v1", 0..7
        )) {
            let text = parts.join("/");
            if let Ok(id) = text.parse::<InstanceId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
