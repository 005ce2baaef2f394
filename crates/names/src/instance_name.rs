//! Names of objects about an instance: filtered SBOMs and manifests, profiles
//! and activities.

use std::fmt::Write as _;

use crate::instance_id::InstanceId;
use crate::object_name::{MAX_NAME_LENGTH, NameError, ObjectName, with_hash, with_hash_if_long};

/// The seed's name: `<ns>-<kind>-<name>-h1-h2`, hashed over the whole
/// identifier, so that containers of a pod differ.
pub fn instance_object_name_seed(id: &InstanceId) -> Result<ObjectName, NameError> {
    let base = format!("{}-{}-{}", id.namespace(), id.kind(), id.name());
    ObjectName::new(with_hash(&base, &id.to_string(), MAX_NAME_LENGTH).to_lowercase())
}

/// The name since then, which is ours, too: `<kind>-<name>-<container>-h1-h2`
/// for an object about one container, `<kind>-<name>` for one about all of them
/// (`NetworkNeighborhoods`, profiles: [`InstanceId`] without a container).
pub fn instance_object_name(id: &InstanceId) -> Result<ObjectName, NameError> {
    ObjectName::new(later(id, MAX_NAME_LENGTH).to_lowercase())
}

/// 16 bytes that tell the parts of a time series apart.
pub type SeriesId = [u8; 16];

/// The name of one part of a time series of profiles: the
/// [name of the instance](instance_object_name) and 32 hexadecimal digits.
pub fn time_series_name(id: &InstanceId, part: SeriesId) -> Result<ObjectName, NameError> {
    let mut end = String::from("-");
    for byte in part {
        // Writing into a String cannot fail.
        let _ = write!(end, "{byte:02x}");
    }
    let base = later(id, MAX_NAME_LENGTH - end.len());
    ObjectName::new(format!("{base}{end}").to_lowercase())
}

fn later(id: &InstanceId, length: usize) -> String {
    let hashed = id.to_string();
    if let Some(container) = id.container() {
        let base = format!("{}-{}-{}", id.kind(), id.name(), container.name);
        with_hash(&base, &hashed, length)
    } else {
        let base = format!("{}-{}", id.kind(), id.name());
        with_hash_if_long(&base, &hashed, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance_id::{ContainerType, InstanceContainer};
    use proptest::prelude::*;

    const CART: &str =
        "apiVersion-apps/v1/namespace-shop/kind-ReplicaSet/name-cart-7c9d5b6f4/containerName-cart";
    const PODS: &str = "apiVersion-apps/v1/namespace-shop/kind-ReplicaSet/name-cart-7c9d5b6f4";

    fn id(text: &str) -> InstanceId {
        text.parse().unwrap()
    }

    #[test]
    fn the_seed_puts_the_namespace_before_and_a_hash_after() {
        assert_eq!(
            instance_object_name_seed(&id(CART)).unwrap().as_str(),
            "shop-replicaset-cart-7c9d5b6f4-2b5e-c370"
        );
    }

    #[test]
    fn later_names_have_the_container_and_its_hash_or_neither() {
        assert_eq!(
            instance_object_name(&id(CART)).unwrap().as_str(),
            "replicaset-cart-7c9d5b6f4-cart-2b5e-c370"
        );
        assert_eq!(
            instance_object_name(&id(PODS)).unwrap().as_str(),
            "replicaset-cart-7c9d5b6f4"
        );
    }

    #[test]
    fn parts_of_a_time_series_end_in_hex() {
        let name = time_series_name(&id(PODS), [0xab; 16]).unwrap();
        let expected = format!("replicaset-cart-7c9d5b6f4-{}", "ab".repeat(16));
        assert_eq!(name.as_str(), expected);
    }

    #[test]
    fn long_names_are_cut_and_kept_apart_by_their_hash() {
        let long = |end: &str| {
            let name = format!("{}{end}", "a".repeat(250));
            InstanceId::new("apps/v1", "shop", "Job", name, None).unwrap()
        };
        let one = instance_object_name(&long("1")).unwrap();
        let two = instance_object_name(&long("2")).unwrap();
        assert_eq!(one.as_str().len(), 253);
        assert_ne!(one, two);
        let part = time_series_name(&long("1"), [0; 16]).unwrap();
        assert_eq!(part.as_str().len(), 253);
    }

    #[test]
    fn names_that_no_object_may_have_are_refused() {
        let id = InstanceId::new("v1", "shop", "Pod", "web app", None).unwrap();
        assert!(instance_object_name(&id).is_err());
        assert!(instance_object_name_seed(&id).is_err());
    }

    proptest! {
        #[test]
        fn hostile_input_gives_an_error_or_a_valid_name(
            parts in proptest::array::uniform4("[a-zA-Z0-9.é -]{1,120}"), container in any::<bool>()
        ) {
            let [namespace, kind, name, inner] = parts;
            let container = container.then_some(InstanceContainer {
                kind: ContainerType::InitContainer,
                name: inner,
            });
            let id = InstanceId::new("apps/v1", namespace, kind, name, container).unwrap();
            for name in [
                instance_object_name(&id),
                instance_object_name_seed(&id),
                time_series_name(&id, [7; 16]),
            ].into_iter().flatten() {
                prop_assert!(crate::is_valid_object_name(name.as_str()));
            }
        }
    }
}
