//! The identifier of a workload.

use std::fmt;
use std::str::FromStr;

use crate::object_name::shortened;

const SCHEME: &str = "wlid://";

/// A workload in a cluster: `wlid://cluster-<cluster>/namespace-<ns>/<kind>-<name>`.
///
/// A quirk of upstream is kept: without a namespace it ends after the cluster,
/// so all cluster-scoped objects of a cluster share one identifier.
#[derive(Clone, Debug)]
pub struct Wlid {
    cluster: String,
    workload: Option<WlidWorkload>,
}

/// The part of a [`Wlid`] that tells workloads of one cluster apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WlidWorkload {
    /// Its namespace.
    pub namespace: String,
    /// Its kind in lower case.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl Wlid {
    /// The identifier of an object; `namespace` is `""` for cluster-scoped ones,
    /// whose kind and name are lost. `kind` may be in any case.
    pub fn new(cluster: &str, namespace: &str, kind: &str, name: &str) -> Result<Self, WlidError> {
        let workload = (!namespace.is_empty()).then(|| WlidWorkload {
            namespace: namespace.to_owned(),
            kind: kind.to_lowercase(),
            name: name.to_owned(),
        });
        let wlid = Self {
            cluster: cluster.to_owned(),
            workload,
        };
        wlid.check()?;
        Ok(wlid)
    }

    /// Name of the cluster.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The workload; `None` for cluster-scoped objects. A key for maps over the
    /// workloads of one cluster.
    pub fn workload(&self) -> Option<&WlidWorkload> {
        self.workload.as_ref()
    }

    fn check(&self) -> Result<(), WlidError> {
        let bad = |text: &str| text.is_empty() || text.contains('/');
        let part = |part| Err(WlidError::Part { part });
        if bad(&self.cluster) {
            return part("cluster");
        }
        let Some(workload) = &self.workload else {
            return Ok(());
        };
        if bad(&workload.namespace) {
            return part("namespace");
        }
        // The first `-` ends the kind.
        if bad(&workload.kind) || workload.kind.contains('-') {
            return part("kind");
        }
        if bad(&workload.name) {
            return part("name");
        }
        Ok(())
    }
}

/// Clients match identifiers whatever the cluster is called: two are equal if
/// their workloads are, and so are those of any two cluster-scoped objects.
impl PartialEq for Wlid {
    fn eq(&self, other: &Self) -> bool {
        self.workload == other.workload
    }
}

impl Eq for Wlid {}

impl std::hash::Hash for Wlid {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.workload.hash(state);
    }
}

impl fmt::Display for Wlid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}cluster-{}", self.cluster)?;
        match &self.workload {
            Some(WlidWorkload {
                namespace,
                kind,
                name,
            }) => write!(f, "/namespace-{namespace}/{kind}-{name}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Wlid {
    type Err = WlidError;

    fn from_str(text: &str) -> Result<Self, WlidError> {
        parse(text).unwrap_or_else(|| {
            Err(WlidError::Form {
                text: shortened(text),
            })
        })
    }
}

/// `None` if the form is wrong, an error if a part is.
fn parse(text: &str) -> Option<Result<Wlid, WlidError>> {
    let rest = text.strip_prefix(SCHEME)?.strip_prefix("cluster-")?;
    let Some((cluster, rest)) = rest.split_once('/') else {
        return Some(Wlid::new(rest, "", "", ""));
    };
    let (namespace, rest) = rest.strip_prefix("namespace-")?.split_once('/')?;
    let (kind, name) = rest.split_once('-')?;
    if namespace.is_empty() {
        return None;
    }
    Some(Wlid::new(cluster, namespace, kind, name))
}

/// Why a text or parts are no [`Wlid`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WlidError {
    /// It is not of the form.
    Form {
        /// The text, cut if long.
        text: String,
    },
    /// A part is empty or has a character that ends it.
    Part {
        /// Which part.
        part: &'static str,
    },
}

impl fmt::Display for WlidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { text } => write!(
                f,
                "`{text}` is no workload ID: expected `wlid://cluster-<cluster>/namespace-<namespace>/<kind>-<name>` or `wlid://cluster-<cluster>`"
            ),
            Self::Part { part } => write!(
                f,
                "the {part} of a workload ID is empty or has a `/` (or, in a kind, a `-`)"
            ),
        }
    }
}

impl std::error::Error for WlidError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wlid(text: &str) -> Wlid {
        text.parse().unwrap()
    }

    #[test]
    fn a_workload_has_namespace_kind_and_name() {
        let text = "wlid://cluster-prod-1/namespace-shop/deployment-cart-api";
        let wlid = wlid(text);
        assert_eq!(wlid.cluster(), "prod-1");
        let workload = wlid.workload().unwrap();
        assert_eq!(workload.namespace, "shop");
        assert_eq!(workload.kind, "deployment");
        assert_eq!(workload.name, "cart-api");
        assert_eq!(wlid.to_string(), text);
        let built = Wlid::new("prod-1", "shop", "Deployment", "cart-api").unwrap();
        assert_eq!(built.to_string(), text);
    }

    #[test]
    fn cluster_scoped_objects_share_one() {
        let role = Wlid::new("prod", "", "ClusterRole", "edit").unwrap();
        assert_eq!(role.to_string(), "wlid://cluster-prod");
        assert_eq!(role, Wlid::new("prod", "", "Node", "n1").unwrap());
        assert_eq!(wlid("wlid://cluster-prod").workload(), None);
    }

    #[test]
    fn equality_ignores_the_cluster() {
        let one = wlid("wlid://cluster-a/namespace-shop/deployment-cart");
        let two = wlid("wlid://cluster-b/namespace-shop/deployment-cart");
        assert_eq!(one, two);
        assert_eq!(std::collections::HashSet::from([one.clone(), two]).len(), 1);
        assert_ne!(one, wlid("wlid://cluster-a/namespace-blog/deployment-cart"));
        assert_ne!(one, wlid("wlid://cluster-a"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "wlid://",
            "wlid://cluster-",
            "wlid://cluster-/namespace-shop/deployment-cart",
            "wlid://cluster-a/",
            "wlid://cluster-a/namespace-shop",
            "wlid://cluster-a/namespace-shop/",
            "wlid://cluster-a/namespace-/deployment-cart",
            "wlid://cluster-a/namespace-shop/deployment",
            "wlid://cluster-a/namespace-shop/-cart",
            "wlid://cluster-a/namespace-shop/deployment-",
            "wlid://cluster-a/namespace-shop/deployment-cart/",
            "cluster-a/namespace-shop/deployment-cart",
        ] {
            assert!(text.parse::<Wlid>().is_err(), "{text}");
        }
        assert!(Wlid::new("a/b", "shop", "Deployment", "cart").is_err());
        assert!(Wlid::new("a", "shop", "Custom-Kind", "cart").is_err());
        assert!(Wlid::new("a", "shop", "Deployment", "").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_written_back(
            text in any::<String>(), near in "(wlid://)?(cluster-)?[a-z/-]{0,9}(/namespace-)?[a-z/-]{0,5}/?[a-z-]{0,6}"
        ) {
            for text in [text, near] {
                if let Ok(wlid) = text.parse::<Wlid>() {
                    prop_assert_eq!(wlid.to_string(), text);
                }
            }
        }
    }
}
