//! Whom a scan is about, of all that it reads.

use kubescape_engine::Object;

/// `Deployment/cart`, perhaps with a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadName {
    /// Kind, in any case.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; any when absent.
    pub namespace: Option<String>,
}

/// Which objects to judge. An empty list does not restrict.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only these namespaces, and cluster-scoped objects.
    pub include_namespaces: Vec<String>,
    /// Not these namespaces.
    pub exclude_namespaces: Vec<String>,
    /// Only these kinds, in any case.
    pub include_kinds: Vec<String>,
    /// Not these kinds, in any case.
    pub exclude_kinds: Vec<String>,
    /// Only this workload.
    pub workload: Option<WorkloadName>,
    /// Pass over what belongs to something that is judged itself.
    pub skip_owned: bool,
}

/// What to do with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Judge it.
    Judge,
    /// Let joins read it, but say nothing of it.
    Overhear,
    /// Pass over it.
    Drop,
    /// Pass over it, because its owner is judged.
    Owned,
}

impl Filter {
    pub(crate) fn verdict(&self, object: &Object<'_>) -> Verdict {
        if !self.wants_namespace_of(object) {
            return Verdict::Drop;
        }
        if self.skip_owned && object.is_owned() {
            return Verdict::Owned;
        }
        let names = |kinds: &[String]| {
            kinds
                .iter()
                .any(|kind| kind.eq_ignore_ascii_case(object.kind))
        };
        let wanted = (self.include_kinds.is_empty() || names(&self.include_kinds))
            && !names(&self.exclude_kinds);
        let wanted = wanted
            && self
                .workload
                .as_ref()
                .is_none_or(|workload| is_named(workload, object));
        if wanted {
            Verdict::Judge
        } else {
            Verdict::Overhear
        }
    }

    /// Namespaces filter namespaced objects, and Namespaces by their name.
    fn wants_namespace_of(&self, object: &Object<'_>) -> bool {
        let namespace = match object.kind {
            "Namespace" => object.name,
            _ if object.namespace.is_empty() && object.is_cluster_scoped() => return true,
            _ => object.namespace_or_default(),
        };
        let names = |namespaces: &[String]| namespaces.iter().any(|name| name == namespace);
        (self.include_namespaces.is_empty() || names(&self.include_namespaces))
            && !names(&self.exclude_namespaces)
    }
}

fn is_named(workload: &WorkloadName, object: &Object<'_>) -> bool {
    object.kind.eq_ignore_ascii_case(&workload.kind)
        && object.name == workload.name
        && workload
            .namespace
            .as_ref()
            .is_none_or(|namespace| namespace == object.namespace_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_engine::{Arena, from_json_str};

    fn verdict(filter: &Filter, text: &str) -> Verdict {
        let arena = Arena::new();
        filter.verdict(&Object::new(from_json_str(text, &arena).unwrap(), 0))
    }

    #[test]
    fn an_object_without_namespace_is_in_default_unless_its_kind_has_none() {
        let filter = Filter {
            include_namespaces: vec!["prod".to_owned()],
            ..Filter::default()
        };
        assert_eq!(
            verdict(&filter, r#"{"kind":"Pod","metadata":{"name":"a"}}"#),
            Verdict::Drop
        );
        assert_eq!(
            verdict(&filter, r#"{"kind":"ClusterRole","metadata":{"name":"a"}}"#),
            Verdict::Judge
        );
        assert_eq!(
            verdict(
                &filter,
                r#"{"kind":"Namespace","metadata":{"name":"prod"}}"#
            ),
            Verdict::Judge
        );
    }

    #[test]
    fn what_built_in_controllers_made_is_judged_through_its_owner() {
        let filter = Filter {
            skip_owned: true,
            ..Filter::default()
        };
        let of = |kind: &str, owner: &str| {
            let text = format!(
                r#"{{"kind":"{kind}","metadata":{{"name":"a","ownerReferences":[{{"apiVersion":"{owner}"}}]}}}}"#
            );
            verdict(&filter, &text)
        };
        assert_eq!(of("Pod", "apps/v1"), Verdict::Owned);
        assert_eq!(of("Job", "batch/v1"), Verdict::Owned);
        assert_eq!(of("Pod", "v1"), Verdict::Judge);
        assert_eq!(of("ReplicaSet", "argoproj.io/v1alpha1"), Verdict::Judge);
        assert_eq!(of("ConfigMap", "apps/v1"), Verdict::Judge);
    }

    #[test]
    fn objects_beside_the_workload_still_take_part_in_joins() {
        let workload = WorkloadName {
            kind: "deployment".to_owned(),
            name: "cart".to_owned(),
            namespace: None,
        };
        let filter = Filter {
            workload: Some(workload),
            ..Filter::default()
        };
        assert_eq!(
            verdict(
                &filter,
                r#"{"kind":"Deployment","metadata":{"name":"cart"}}"#
            ),
            Verdict::Judge
        );
        assert_eq!(
            verdict(&filter, r#"{"kind":"Service","metadata":{"name":"cart"}}"#),
            Verdict::Overhear
        );
    }
}
