//! Stories of the cleanup.

#![allow(clippy::unwrap_used, reason = "this is how tests fail")]

mod cluster;
mod properties;
mod rules;
mod sightings;
mod sweeping;

use super::facts::{Facts, Sighting, image_token, instance_token, template_token};
use super::kind::Kind;
use super::stored::Stored;

/// All kinds are known and have nothing.
fn empty_cluster() -> Facts {
    let mut facts = Facts::default();
    for kind in Kind::ALL {
        facts.begin(kind);
        facts.complete(kind);
    }
    facts
}

fn sighting(namespace: &str, name: &str, containers: &[&str]) -> Sighting {
    Sighting {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        containers: containers.iter().map(|&name| name.to_owned()).collect(),
        tokens: Vec::new(),
    }
}

/// A pod `cart-1` of ReplicaSet `cart-5d` with container `cart`.
fn cart_pod() -> Sighting {
    let mut pod = sighting("shop", "cart-1", &["cart"]);
    pod.tokens = vec![
        image_token("reg.example/cart@sha256:1"),
        instance_token("shop", "ReplicaSet", "cart-5d", "cart"),
        instance_token("shop", "ReplicaSet", "cart-5d", ""),
        template_token("shop", "5d"),
    ];
    pod
}

const CART_INSTANCE: &str =
    "apiVersion-apps/v1/namespace-shop/kind-ReplicaSet/name-cart-5d/containerName-cart";

fn with_wlid(wlid: &str) -> Stored {
    Stored {
        name: "it".to_owned(),
        wlid: Some(format!("wlid://cluster-prod/{wlid}")),
        ..Stored::default()
    }
}
