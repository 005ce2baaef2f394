//! How results are called, and by what they are found.

use std::collections::BTreeMap;

use kubescape_engine::{Origin, Outcome, Record};
use kubescape_names::label::{self, LabelKey};
use kubescape_names::{
    NameError, RbacTriplet, ScannedObject, Wlid, rbac_scan_name, sanitize_label_value, scan_name,
};

/// Where the two results of a resource are stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Their namespace.
    pub namespace: Box<str>,
    /// Their name.
    pub name: Box<str>,
}

/// A resource that is no single object.
struct Triplet<'o> {
    binding: &'o Record,
    role: &'o Record,
}

fn triplet<'o>(outcome: &'o Outcome, record: &Record) -> Option<Triplet<'o>> {
    let Origin::Subject { binding, role, .. } = record.origin else {
        return None;
    };
    Some(Triplet {
        binding: outcome.records.get(binding as usize)?,
        role: outcome.records.get(role as usize)?,
    })
}

fn scanned(record: &Record) -> ScannedObject<'_> {
    ScannedObject {
        api_version: &record.api_version,
        kind: &record.kind,
        namespace: &record.namespace,
        name: &record.name,
    }
}

/// Where the results of a record go. Those of cluster-scoped objects and of
/// subjects go to `product`, the namespace of the product.
///
/// # Errors
///
/// The object has no kind or no name.
pub fn key(outcome: &Outcome, record: &Record, product: &str) -> Result<Key, NameError> {
    let (namespace, name) = match triplet(outcome, record) {
        Some(Triplet { binding, role }) => {
            let triplet = RbacTriplet {
                subject: scanned(record),
                role: scanned(role),
                binding: scanned(binding),
            };
            (product, rbac_scan_name(&triplet)?)
        }
        None if record.namespace.is_empty() => (product, scan_name(&scanned(record))?),
        None => (&*record.namespace, scan_name(&scanned(record))?),
    };
    Ok(Key {
        namespace: namespace.into(),
        name: name.into_string().into(),
    })
}

/// The labels by which people and the operator find results.
pub(crate) fn labels(outcome: &Outcome, record: &Record) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut add = |key: LabelKey, value: &str| {
        labels.insert(key.as_str().to_owned(), sanitize_label_value(value));
    };
    let (group, version) = split(&record.api_version);
    // Of a subject, `apiVersion` is its group.
    let (group, version) = match record.origin {
        Origin::Subject { .. } => (&*record.api_version, ""),
        _ => (group, version),
    };
    add(label::WORKLOAD_API_GROUP, group);
    add(label::WORKLOAD_API_VERSION, version);
    add(label::WORKLOAD_KIND, &record.kind);
    add(label::WORKLOAD_NAME, &record.name);
    if !record.namespace.is_empty() {
        add(label::WORKLOAD_NAMESPACE, &record.namespace);
    }
    if let Some(Triplet { binding, role }) = triplet(outcome, record) {
        add(label::RBAC_RESOURCE, "true");
        if &*role.kind == "ClusterRole" {
            add(label::CLUSTER_ROLE_NAME, &role.name);
        } else {
            add(label::ROLE_NAME, &role.name);
            add(label::ROLE_NAMESPACE, &role.namespace);
        }
        if &*binding.kind == "ClusterRoleBinding" {
            add(label::CLUSTER_ROLE_BINDING_NAME, &binding.name);
        } else {
            add(label::ROLE_BINDING_NAME, &binding.name);
            add(label::ROLE_BINDING_NAMESPACE, &binding.namespace);
        }
    }
    labels
}

/// The identifier of the object; for a subject that of the binding.
pub(crate) fn wlid(outcome: &Outcome, record: &Record, cluster: &str) -> Option<String> {
    let record = triplet(outcome, record).map_or(record, |triplet| triplet.binding);
    let wlid = Wlid::new(cluster, &record.namespace, &record.kind, &record.name);
    wlid.ok().map(|wlid| wlid.to_string())
}

/// Group and version of an API version.
pub(crate) fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Numbers of the records of other objects that take part in a subject's result.
pub(crate) fn parts(record: &Record) -> Vec<u32> {
    match record.origin {
        // In the order of the field's other writers.
        Origin::Subject { binding, role, .. } => vec![role, binding],
        _ => Vec::new(),
    }
}
