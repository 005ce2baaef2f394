use super::*;
use proptest::prelude::*;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

fn object<'a>(
    api_version: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
) -> ScannedObject<'a> {
    ScannedObject {
        api_version,
        kind,
        namespace,
        name,
    }
}

fn alice(namespace: &str) -> RbacTriplet<'_> {
    RbacTriplet {
        subject: object(RBAC, "User", "", "alice"),
        role: object(RBAC, "ClusterRole", "", "edit"),
        binding: object(RBAC, "RoleBinding", namespace, "alice-edit"),
    }
}

#[test]
fn seed_names_have_everything_and_a_hash() {
    let cart = object("apps/v1", "Deployment", "shop", "cart");
    let edit = object(RBAC, "ClusterRole", "", "edit");
    for (object, expected) in [
        (cart, "apps-v1-deployment-shop-cart-ad13-aff2"),
        (
            edit,
            "rbac.authorization.k8s.io-v1-clusterrole--edit-8903-a875",
        ),
    ] {
        assert_eq!(scan_name_seed(&object).unwrap().as_str(), expected);
    }
    let triplet = rbac_scan_name_seed(&alice("shop")).unwrap();
    assert_eq!(
        triplet.as_str(),
        "rbac.authorization.k8s.io-v1-user--alice-rbac.authorization.k8s.io-v1-clusterrole--edit-rbac.authorization.k8s.io-v1-rolebinding-shop-alice-edit-482c-17f3"
    );
}

#[test]
fn later_names_are_kind_and_name() {
    let cart = object("apps/v1", "Deployment", "shop", "cart");
    assert_eq!(scan_name_later(&cart).unwrap().as_str(), "deployment-cart");
    assert_eq!(
        rbac_scan_name_later(&alice("shop")).unwrap().as_str(),
        "user-alice-clusterrole-edit-rolebinding-alice-edit"
    );
    let system = object(RBAC, "ClusterRole", "", "system:node");
    assert_eq!(
        scan_name_later(&system).unwrap().as_str(),
        "clusterrole-system-node"
    );
}

#[test]
fn our_names_add_a_hash_where_kinds_of_two_groups_collide() {
    let cart = object("apps/v1", "Deployment", "shop", "cart");
    assert_eq!(scan_name(&cart).unwrap().as_str(), "deployment-cart");

    let one = scan_name(&object("a.example.com/v1", "Policy", "shop", "cart")).unwrap();
    let two = scan_name(&object("b.example.com/v1", "Policy", "shop", "cart")).unwrap();
    assert_ne!(one, two);
    assert!(one.as_str().starts_with("policy-cart-"), "{one}");
    assert_eq!(one.as_str().len(), "policy-cart-0000-0000".len());

    let newer = scan_name(&object("a.example.com/v2", "Policy", "shop", "cart")).unwrap();
    assert_eq!(one, newer);
}

#[test]
fn long_names_are_cut_and_kept_apart_by_their_hash() {
    let long = "a".repeat(240);
    let (one, two) = (format!("{long}1"), format!("{long}2"));
    let name = |name| scan_name(&object("v1", "ConfigMap", "shop", name)).unwrap();
    assert_ne!(name(&one), name(&two));
    assert_eq!(name(&one).as_str().len(), 253);

    // 242 characters stay as they are; 243 get the hash.
    let limit = "a".repeat(242 - "configmap-".len());
    assert_eq!(name(&limit).as_str(), format!("configmap-{limit}"));
    let over = format!("{limit}a");
    assert!(
        name(&over)
            .as_str()
            .starts_with(&format!("configmap-{over}-"))
    );
}

#[test]
fn a_rolebinding_of_many_namespaces_has_many_names() {
    let (shop, blog) = (alice("shop"), alice("blog"));
    let name = rbac_scan_name(&shop).unwrap();
    assert_ne!(name, rbac_scan_name(&blog).unwrap());
    assert_eq!(
        name.as_str(),
        "user-alice-clusterrole-edit-rolebinding-alice-edit-482c-17f3"
    );
    let mut everywhere = alice("");
    everywhere.binding.kind = "ClusterRoleBinding";
    assert_eq!(
        rbac_scan_name(&everywhere).unwrap().as_str(),
        "user-alice-clusterrole-edit-clusterrolebinding-alice-edit"
    );
}

#[test]
fn objects_without_a_name_have_none() {
    for object in [
        object("v1", "", "shop", "cart"),
        object("v1", "Pod", "shop", ""),
        object("a.example.com/v1", "", "", ""),
    ] {
        assert!(scan_name(&object).is_err(), "{object:?}");
        assert!(scan_name_seed(&object).is_err(), "{object:?}");
    }
    let mut triplet = alice("shop");
    triplet.subject.name = "";
    assert!(rbac_scan_name(&triplet).is_err());
}

proptest! {
    #[test]
    fn hostile_input_gives_an_error_or_a_valid_name(
        parts in proptest::array::uniform4("\\PC{0,90}"), padding in "[a-z:.é-]{0,200}"
    ) {
        let [api_version, kind, namespace, name] = &parts;
        let padded = format!("{padding}{name}");
        let it = object(api_version, kind, namespace, &padded);
        let triplet = RbacTriplet { subject: it, role: it, binding: it };
        let names = [
            scan_name(&it), scan_name_later(&it), scan_name_seed(&it),
            rbac_scan_name(&triplet), rbac_scan_name_later(&triplet),
            rbac_scan_name_seed(&triplet),
        ];
        for name in names.into_iter().flatten() {
            prop_assert!(crate::is_valid_object_name(name.as_str()), "{}", name);
        }
    }

    #[test]
    fn every_workload_has_a_name(kind in "[A-Z][a-zA-Z]{1,20}", name in "[a-z0-9][a-z0-9.-]{0,250}[a-z0-9]") {
        prop_assert!(scan_name(&object("apps/v1", &kind, "shop", &name)).is_ok());
        prop_assert!(scan_name_seed(&object("apps/v1", &kind, "shop", &name)).is_ok());
    }
}
