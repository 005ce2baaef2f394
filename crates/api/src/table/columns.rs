//! The columns of each kind.

use super::{Cell, Column, Source};

const fn count(name: &'static str, key: &'static str, source: Source) -> Column {
    Column {
        name,
        key,
        cell: Cell::Integer,
        source,
        shown: true,
    }
}

const fn hidden(key: &'static str, source: Source) -> Column {
    Column {
        name: key,
        key,
        cell: Cell::Integer,
        source,
        shown: false,
    }
}

const fn text(name: &'static str, key: &'static str, source: Source) -> Column {
    Column {
        name,
        key,
        cell: Cell::Text,
        source,
        shown: true,
    }
}

const STATUS: Column = text(
    "Status",
    "status",
    Source::Annotation(crate::STATUS_ANNOTATION),
);
const COMPLETION: Column = text(
    "Completion",
    "completion",
    Source::Annotation(crate::COMPLETION_ANNOTATION),
);
const WORKLOAD_KIND: Column = text(
    "Workload Kind",
    "workloadKind",
    Source::Label("kubescape.io/workload-kind"),
);
const WORKLOAD: Column = text(
    "Workload",
    "workload",
    Source::Label("kubescape.io/workload-name"),
);
const CONTAINER: Column = text(
    "Container",
    "container",
    Source::Label("kubescape.io/workload-container-name"),
);
const IMAGE: Column = text("Image", "image", Source::Label("kubescape.io/image-name"));
const TAG: Column = text("Tag", "tag", Source::Label("kubescape.io/image-tag"));

pub(crate) const STATUS_ONLY: &[Column] = &[STATUS];
pub(crate) const ACTIVITY: &[Column] = &[
    WORKLOAD_KIND,
    WORKLOAD,
    CONTAINER,
    count(
        "Syscalls",
        "syscalls",
        Source::Length(&["spec", "syscalls"]),
    ),
];
pub(crate) const PROFILE: &[Column] = &[
    WORKLOAD_KIND,
    WORKLOAD,
    STATUS,
    COMPLETION,
    count(
        "Containers",
        "containers",
        Source::Length(&["spec", "containers"]),
    ),
];
pub(crate) const CONTAINER_PROFILE: &[Column] =
    &[WORKLOAD_KIND, WORKLOAD, CONTAINER, STATUS, COMPLETION];
pub(crate) const COLLAPSE: &[Column] = &[count(
    "Folders",
    "folders",
    Source::Length(&["spec", "collapseConfigs"]),
)];
pub(crate) const POLICY: &[Column] = &[text(
    "Warning",
    "warning",
    Source::Annotation("kubescape.io/warning"),
)];
pub(crate) const KNOWN_SERVER: &[Column] = &[count("Blocks", "blocks", Source::Length(&["spec"]))];
pub(crate) const NEIGHBORS: &[Column] = &[
    WORKLOAD_KIND,
    WORKLOAD,
    STATUS,
    count("Ingress", "ingress", Source::Length(&["spec", "ingress"])),
    count("Egress", "egress", Source::Length(&["spec", "egress"])),
];
pub(crate) const VEX: &[Column] = &[
    IMAGE,
    TAG,
    count(
        "Statements",
        "statements",
        Source::Length(&["spec", "statements"]),
    ),
];
pub(crate) const SBOM_SPDX: &[Column] = &[
    IMAGE,
    TAG,
    STATUS,
    count(
        "Packages",
        "packages",
        Source::Length(&["spec", "spdx", "packages"]),
    ),
];
pub(crate) const SBOM_SYFT: &[Column] = &[
    IMAGE,
    TAG,
    STATUS,
    count(
        "Packages",
        "packages",
        Source::Length(&["spec", "syft", "artifacts"]),
    ),
];
pub(crate) const SECCOMP: &[Column] = &[count(
    "Containers",
    "containers",
    Source::Length(&["spec", "containers"]),
)];
pub(crate) const SCAN: &[Column] = &[
    WORKLOAD_KIND,
    WORKLOAD,
    count("Critical", "critical", Source::FailedControls("Critical")),
    count("High", "high", Source::FailedControls("High")),
    count("Medium", "medium", Source::FailedControls("Medium")),
    count("Low", "low", Source::FailedControls("Low")),
    count("Unknown", "unknown", Source::FailedControls("Unknown")),
];
const FAILED: [Column; 5] = [
    count(
        "Critical",
        "critical",
        Source::Path(&["spec", "severities", "critical"]),
    ),
    count(
        "High",
        "high",
        Source::Path(&["spec", "severities", "high"]),
    ),
    count(
        "Medium",
        "medium",
        Source::Path(&["spec", "severities", "medium"]),
    ),
    count("Low", "low", Source::Path(&["spec", "severities", "low"])),
    count(
        "Unknown",
        "unknown",
        Source::Path(&["spec", "severities", "unknown"]),
    ),
];
pub(crate) const SCAN_SUMMARY: &[Column] = &[
    WORKLOAD_KIND,
    WORKLOAD,
    FAILED[0],
    FAILED[1],
    FAILED[2],
    FAILED[3],
    FAILED[4],
];
pub(crate) const CONFIGURATION_SUMMARY: &[Column] = &[
    FAILED[0],
    FAILED[1],
    FAILED[2],
    FAILED[3],
    FAILED[4],
    count(
        "Workloads",
        "workloads",
        Source::Length(&["spec", "summaryRef"]),
    ),
];
pub(crate) const MANIFEST: &[Column] = &[
    IMAGE,
    TAG,
    Column {
        name: "Relevant Only",
        key: "withRelevancy",
        cell: Cell::Boolean,
        source: Source::Path(&["spec", "metadata", "withRelevancy"]),
        shown: true,
    },
    count("Critical", "critical", Source::Matches("Critical")),
    count("High", "high", Source::Matches("High")),
    count("Medium", "medium", Source::Matches("Medium")),
    count("Low", "low", Source::Matches("Low")),
    count("Negligible", "negligible", Source::Matches("Negligible")),
    count("Unknown", "unknown", Source::Matches("Unknown")),
];
const FOUND: [Column; 12] = [
    count(
        "Critical",
        "critical",
        Source::Path(&["spec", "severities", "critical", "all"]),
    ),
    count(
        "High",
        "high",
        Source::Path(&["spec", "severities", "high", "all"]),
    ),
    count(
        "Medium",
        "medium",
        Source::Path(&["spec", "severities", "medium", "all"]),
    ),
    count(
        "Low",
        "low",
        Source::Path(&["spec", "severities", "low", "all"]),
    ),
    count(
        "Negligible",
        "negligible",
        Source::Path(&["spec", "severities", "negligible", "all"]),
    ),
    count(
        "Unknown",
        "unknown",
        Source::Path(&["spec", "severities", "unknown", "all"]),
    ),
    hidden(
        "criticalRelevant",
        Source::Path(&["spec", "severities", "critical", "relevant"]),
    ),
    hidden(
        "highRelevant",
        Source::Path(&["spec", "severities", "high", "relevant"]),
    ),
    hidden(
        "mediumRelevant",
        Source::Path(&["spec", "severities", "medium", "relevant"]),
    ),
    hidden(
        "lowRelevant",
        Source::Path(&["spec", "severities", "low", "relevant"]),
    ),
    hidden(
        "negligibleRelevant",
        Source::Path(&["spec", "severities", "negligible", "relevant"]),
    ),
    hidden(
        "unknownRelevant",
        Source::Path(&["spec", "severities", "unknown", "relevant"]),
    ),
];
pub(crate) const MANIFEST_SUMMARY: &[Column] = &[
    WORKLOAD_KIND,
    WORKLOAD,
    CONTAINER,
    FOUND[0],
    FOUND[1],
    FOUND[2],
    FOUND[3],
    FOUND[4],
    FOUND[5],
    FOUND[6],
    FOUND[7],
    FOUND[8],
    FOUND[9],
    FOUND[10],
    FOUND[11],
];
pub(crate) const VULNERABILITY_SUMMARY: &[Column] = &[
    FOUND[0],
    FOUND[1],
    FOUND[2],
    FOUND[3],
    FOUND[4],
    FOUND[5],
    count(
        "Containers",
        "containers",
        Source::Length(&["spec", "vulnerabilitiesRef"]),
    ),
];
