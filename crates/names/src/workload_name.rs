//! Names of objects about a workload as its users know it (Deployments, not
//! their ReplicaSets). The same in both eras.

use crate::object_name::{NameError, ObjectName};
use crate::wlid::Wlid;

/// What names of objects start with that people wrote to complete or replace
/// learnt ones. Later clients only.
pub const USER_MANAGED_PREFIX: &str = "ug-";

/// The name of a workload's `NetworkNeighbors` and `GeneratedNetworkPolicy`:
/// `<kind>-<name>`, as in `deployment-cart`.
pub fn workload_object_name(kind: &str, name: &str) -> Result<ObjectName, NameError> {
    join([("kind", kind), ("name", name)])
}

/// The name of the `VulnerabilityManifestSummary` of a workload's container:
/// `<kind>-<name>-<container>`. Cluster-scoped objects have none.
pub fn summary_object_name(wlid: &Wlid, container: &str) -> Result<ObjectName, NameError> {
    let workload = wlid.workload();
    let kind = workload.map_or("", |it| &it.kind);
    let name = workload.map_or("", |it| &it.name);
    join([("kind", kind), ("name", name), ("container", container)])
}

fn join<const N: usize>(parts: [(&'static str, &str); N]) -> Result<ObjectName, NameError> {
    for (part, text) in parts {
        if text.is_empty() {
            return Err(NameError::MissingPart { part });
        }
    }
    ObjectName::new(parts.map(|(_, text)| text).join("-").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn network_objects_are_called_like_their_workload() {
        let name = workload_object_name("Deployment", "cart").unwrap();
        assert_eq!(name.as_str(), "deployment-cart");
    }

    #[test]
    fn summaries_add_the_container() {
        let wlid = Wlid::new("prod", "shop", "Deployment", "cart").unwrap();
        let name = summary_object_name(&wlid, "cart").unwrap();
        assert_eq!(name.as_str(), "deployment-cart-cart");
    }

    #[test]
    fn nothing_is_called_two_dashes() {
        let nobody: Wlid = "wlid://cluster-prod".parse().unwrap();
        assert!(summary_object_name(&nobody, "cart").is_err());
        assert!(summary_object_name(&nobody, "").is_err());
        assert!(workload_object_name("", "").is_err());
        assert!(workload_object_name("Deployment", "a/b").is_err());
    }

    proptest! {
        #[test]
        fn hostile_input_gives_an_error_or_a_valid_name(
            kind in "\\PC{0,9}", name in "[a-zA-Zé./-]{0,300}"
        ) {
            if let Ok(name) = workload_object_name(&kind, &name) {
                prop_assert!(crate::is_valid_object_name(name.as_str()));
            }
        }
    }
}
