//! The groups and kinds of descriptions, and what their data have to have.

/// What a cloud says of a cluster.
pub(super) const CLUSTER_DESCRIBE: &str = "ClusterDescribe";

/// What the API server says of its version.
pub(super) const SERVER_INFO: &str = "APIServerInfo";

/// Data of nodes.
pub(super) const HOST_DATA: &str = "hostdata.kubescape.cloud";

/// What the data of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// A map.
    Map,
    /// A map that has one of these keys; controls look for nothing else in it.
    With(&'static [&'static str]),
    /// A list.
    List,
    /// Text.
    Text,
}

/// A group of descriptions.
pub(super) struct Group {
    pub(super) name: &'static str,
    /// As rules know it.
    pub(super) version: &'static str,
    /// Which cloud speaks.
    pub(super) provider: Option<&'static str>,
    pub(super) kinds: &'static [(&'static str, Data)],
}

/// All of them.
pub(super) const GROUPS: [Group; 5] = [
    Group {
        name: "eks.amazonaws.com",
        version: "v1",
        provider: Some("eks"),
        kinds: &[
            (CLUSTER_DESCRIBE, Data::With(&["cluster", "Cluster"])),
            (
                "DescribeRepositories",
                Data::With(&["repositories", "Repositories"]),
            ),
            ("ListEntitiesForPolicies", Data::With(&["rolesPolicies"])),
            ("PolicyVersion", Data::With(&["policiesDocuments"])),
        ],
    },
    Group {
        name: "management.azure.com",
        version: "v1",
        provider: Some("aks"),
        kinds: &[
            (CLUSTER_DESCRIBE, Data::With(&["properties"])),
            ("ListEntitiesForPolicies", Data::With(&["roleAssignments"])),
            ("PolicyVersion", Data::With(&["roleDefinitions"])),
        ],
    },
    Group {
        name: "container.googleapis.com",
        version: "v1",
        provider: Some("gke"),
        kinds: &[
            (CLUSTER_DESCRIBE, Data::Map),
            ("DescribeRepositories", Data::With(&["registries"])),
            ("ListEntitiesForPolicies", Data::Map),
        ],
    },
    Group {
        name: HOST_DATA,
        version: "v1beta0",
        provider: None,
        kinds: &[
            ("KubeletInfo", Data::Map),
            ("KubeProxyInfo", Data::Map),
            ("ControlPlaneInfo", Data::Map),
            ("CloudProviderInfo", Data::Map),
            ("CNIInfo", Data::Map),
            ("LinuxKernelVariables", Data::List),
            ("LinuxSecurityHardeningStatus", Data::Map),
            ("OpenPortsList", Data::Map),
            ("OsReleaseFile", Data::Text),
            ("KernelVersion", Data::Text),
        ],
    },
    Group {
        name: "apiserverinfo.kubescape.cloud",
        version: "v1beta0",
        provider: None,
        kinds: &[(SERVER_INFO, Data::Map)],
    },
];
