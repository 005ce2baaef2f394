//! Short ways to write neighbours and rules as the API has them.

use kubescape_netpol::{
    Generated, KnownServer, KnownServers, NetworkNeighborhood, NetworkNeighbors, Options, Source,
    generate,
};
use serde_json::{Value, json};

/// `"TCP 80, UDP 53"` as ports of neighbours.
pub(crate) fn ports(text: &str) -> Value {
    let port = |text: &str| {
        let (protocol, number) = text.trim().split_once(' ').unwrap();
        let number: i64 = number.parse().unwrap();
        json!({"name": format!("{protocol}-{number}"), "protocol": protocol, "port": number})
    };
    let texts = text.split(',').filter(|it| !it.is_empty());
    texts.map(port).collect()
}

/// `"TCP 80, UDP 53"` as ports of rules.
pub(crate) fn rule_ports(text: &str) -> Value {
    let port = |text: &str| {
        let (protocol, number) = text.trim().split_once(' ').unwrap();
        json!({"protocol": protocol, "port": number.parse::<i64>().unwrap()})
    };
    text.split(',').map(port).collect()
}

/// `"app=cart,tier=web"` as labels.
pub(crate) fn labels(text: &str) -> Value {
    let pair = |text: &str| {
        let (key, value) = text.split_once('=').unwrap();
        (key.to_owned(), Value::from(value))
    };
    Value::Object(text.split(',').map(pair).collect())
}

pub(crate) fn selector(text: &str) -> Value {
    json!({"matchLabels": labels(text)})
}

/// Pods with these labels in the workload's namespace.
pub(crate) fn pod(text: &str, on: &str) -> Value {
    json!({
        "identifier": text, "type": "internal", "dns": "", "ports": ports(on),
        "podSelector": selector(text), "namespaceSelector": null, "ipAddress": ""
    })
}

/// An address.
pub(crate) fn ip(address: &str, dns: &str, on: &str) -> Value {
    json!({
        "identifier": address, "type": "external", "dns": dns, "ports": ports(on),
        "podSelector": null, "namespaceSelector": null, "ipAddress": address
    })
}

/// A peer by address.
pub(crate) fn block(cidr: &str) -> Value {
    json!({"ipBlock": {"cidr": cidr}})
}

/// A peer by labels.
pub(crate) fn pods(text: &str) -> Value {
    json!({"podSelector": selector(text)})
}

/// A reference, in the order of the API's documentation.
pub(crate) fn reference(cidr: &str, ip: &str, dns: &str, name: &str, server: &str) -> Value {
    json!({"ipBlock": cidr, "originalIP": ip, "dns": dns, "name": name, "server": server})
}

/// `KnownServer`s of one entry each: CIDR, name, server.
pub(crate) fn known(entries: &[[&str; 3]]) -> Vec<KnownServer> {
    let object = |[cidr, name, server]: &[&str; 3]| {
        read(&json!({"spec": [{"ipBlock": cidr, "name": name, "server": server}]}))
    };
    entries.iter().map(object).collect()
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    T::deserialize(value).unwrap()
}

/// The complete `NetworkNeighbors` of Deployment `cart`.
pub(crate) fn cart(ingress: &[Value], egress: &[Value]) -> NetworkNeighbors {
    read(&json!({
        "metadata": {
            "name": "deployment-cart", "namespace": "shop",
            "labels": {"kubescape.io/workload-kind": "Deployment", "kubescape.io/workload-name": "cart"},
            "annotations": {"kubescape.io/status": "complete"}
        },
        "spec": {"matchLabels": {"app": "cart"}, "ingress": ingress, "egress": egress}
    }))
}

/// A completed `NetworkNeighborhood` of ReplicaSet `cart-7c9d5b6f4` with these
/// containers.
pub(crate) fn neighborhood(containers: &[Value]) -> NetworkNeighborhood {
    read(&json!({
        "metadata": {
            "name": "replicaset-cart-7c9d5b6f4", "namespace": "shop",
            "labels": {
                "kubescape.io/workload-kind": "Deployment", "kubescape.io/workload-name": "cart",
                "kubescape.io/instance-template-hash": "7c9d5b6f4"
            },
            "annotations": {"kubescape.io/status": "completed", "kubescape.io/completion": "complete"}
        },
        "spec": {"matchLabels": {"app": "cart"}, "containers": containers}
    }))
}

pub(crate) fn generated<'a>(source: impl Into<Source<'a>>, servers: &[KnownServer]) -> Generated {
    generate(
        &source.into(),
        &KnownServers::new(servers),
        &Options::default(),
    )
}

/// `spec.spec` of the object: the rules.
pub(crate) fn rules(generated: &Generated) -> Value {
    serde_json::to_value(&generated.object.spec.spec).unwrap()
}

/// `policyRef` of the object.
pub(crate) fn references(generated: &Generated) -> Value {
    serde_json::to_value(&generated.object.policy_ref).unwrap()
}
