//! Subjects whose role gives them a power that needs a reason. Each check is a
//! [`Grant`] and its search.

use kubescape_engine::{Out, Value, Vector};

use super::grant::Grant;

const CORE: &[&str] = &[""];
const RBAC: &[&str] = &["rbac.authorization.k8s.io"];

macro_rules! grants {
    ($($(#[$doc:meta])* $name:ident: $grant:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
            const GRANT: Grant = $grant;
            GRANT.find(vector, out);
        }
    )*};
}

grants! {
    /// The subject can run commands inside containers.
    exec: Grant {
        resources: &["pods/exec", "pods/*", "*/exec"],
        verbs: &["create"],
        groups: CORE,
        says: "can run commands inside containers",
    };

    /// The subject can forward ports of pods to itself.
    port_forward: Grant {
        resources: &["pods/portforward", "pods/*", "*/portforward"],
        verbs: &["create"],
        groups: CORE,
        says: "can forward ports of pods",
    };

    /// The subject can delete what keeps services running.
    delete_workloads: Grant {
        resources: &[
            "secrets", "pods", "services", "deployments", "replicasets", "daemonsets",
            "statefulsets", "jobs", "cronjobs",
        ],
        verbs: &["delete", "deletecollection"],
        groups: &["", "apps", "batch"],
        says: "can delete important resources",
    };

    /// The subject can read secrets.
    read_secrets: Grant {
        resources: &["secrets"],
        verbs: &["get", "list", "watch"],
        groups: CORE,
        says: "can read secrets",
    };

    /// The subject can delete events and so hide what happened. Events are
    /// served by two groups, either one suffices.
    delete_events: Grant {
        resources: &["events"],
        verbs: &["delete", "deletecollection"],
        groups: &["", "events.k8s.io"],
        says: "can delete events",
    };

    /// The subject can do everything with everything, like `cluster-admin`.
    everything: Grant {
        resources: &[],
        verbs: &[],
        groups: CORE,
        says: "has the power of an administrator",
    };

    /// The subject can act as someone else.
    impersonate: Grant {
        resources: &["users", "groups", "serviceaccounts", "uids"],
        verbs: &["impersonate"],
        groups: &["", "authentication.k8s.io"],
        says: "can act as another user",
    };

    /// The subject can create pods, and so use every service account and
    /// secret of the namespace.
    create_pods: Grant {
        resources: &["pods"],
        verbs: &["create"],
        groups: CORE,
        says: "can create pods",
    };

    /// The subject can create persistent volumes, hostPath ones among them.
    create_persistent_volumes: Grant {
        resources: &["persistentvolumes"],
        verbs: &["create"],
        groups: CORE,
        says: "can create persistent volumes",
    };

    /// The subject can talk to kubelets directly, past audit and admission.
    node_proxy: Grant {
        resources: &["nodes/proxy", "nodes/*", "*/proxy"],
        verbs: &["get", "create", "connect"],
        groups: CORE,
        says: "can talk to kubelets through the node proxy",
    };

    /// The subject can approve certificates, for itself as well.
    approve_certificates: Grant {
        resources: &["certificatesigningrequests/approval"],
        verbs: &["update", "patch"],
        groups: &["certificates.k8s.io"],
        says: "can approve certificate signing requests",
    };

    /// The subject can change who checks, and reads, what is admitted.
    change_webhooks: Grant {
        resources: &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
        verbs: &["create", "update", "patch", "delete", "deletecollection"],
        groups: &["admissionregistration.k8s.io"],
        says: "can change admission webhooks",
    };

    /// The subject can make tokens of service accounts, and so act as them.
    create_tokens: Grant {
        resources: &["serviceaccounts/token", "serviceaccounts/*", "*/token"],
        verbs: &["create"],
        groups: CORE,
        says: "can create tokens of service accounts",
    };
}

/// The subject can bind roles that hold more than itself, or write more into
/// roles than it holds. A `*` verb is both, and reported as both.
pub(crate) fn bind_or_escalate<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    const ROLES: &[&str] = &["roles", "clusterroles"];
    const BIND: Grant = Grant {
        resources: ROLES,
        verbs: &["bind"],
        groups: RBAC,
        says: "can bind roles beyond its own powers",
    };
    const ESCALATE: Grant = Grant {
        resources: ROLES,
        verbs: &["escalate"],
        groups: RBAC,
        says: "can write powers into roles that it does not hold",
    };
    BIND.find(vector, out);
    ESCALATE.find(vector, out);
}

/// The subject can change the `ConfigMap` that the cluster's DNS answers by:
/// any `ConfigMap`, or the one named `coredns`.
pub(crate) fn poison_dns<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    const UPDATE: Grant = Grant {
        resources: &["configmaps"],
        verbs: &["update", "patch"],
        groups: CORE,
        says: "can change the configuration of the cluster's DNS",
    };
    let reaches_dns = |rule: Value<'a>| {
        let names = rule.at("resourceNames");
        names.is_empty() || names.contains_str("coredns")
    };
    UPDATE.find_where(vector, reaches_dns, out);
}
