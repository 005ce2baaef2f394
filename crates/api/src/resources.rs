//! The table of resources. (storage reference, section 2)

use crate::kinds::{
    collapse, manifest, network, policy, profile, sbom, scan, seccomp, vex, vulnerability,
};
use crate::resource::{Era, Resource, Scope, Weight};
use crate::table as columns;

const fn seed(
    kind: &'static str,
    plural: &'static str,
    singular: &'static str,
    object: &'static crate::schema::Object,
    columns: &'static [columns::Column],
) -> Resource {
    Resource {
        kind,
        plural,
        singular,
        scope: Scope::Namespaced,
        era: Era::Seed,
        weight: Weight::Heavy,
        computed: false,
        object,
        columns,
    }
}

impl Resource {
    const fn cluster(mut self) -> Self {
        self.scope = Scope::Cluster;
        self
    }
    const fn light(mut self) -> Self {
        self.weight = Weight::Light;
        self
    }
    const fn computed(mut self) -> Self {
        self.computed = true;
        self.light()
    }
    const fn dropped(mut self) -> Self {
        self.era = Era::Dropped;
        self
    }
    const fn later(mut self) -> Self {
        self.era = Era::Later;
        self
    }
}

/// Every resource of the group, sorted by plural.
pub static RESOURCES: &[Resource] = &[
    seed(
        "ApplicationActivity",
        "applicationactivities",
        "applicationactivity",
        &profile::APPLICATION_ACTIVITY,
        columns::ACTIVITY,
    )
    .dropped(),
    seed(
        "ApplicationProfile",
        "applicationprofiles",
        "applicationprofile",
        &profile::APPLICATION_PROFILE,
        columns::PROFILE,
    ),
    seed(
        "ApplicationProfileSummary",
        "applicationprofilesummaries",
        "applicationprofilesummary",
        &profile::APPLICATION_PROFILE_SUMMARY,
        columns::STATUS_ONLY,
    )
    .dropped(),
    seed(
        "CollapseConfiguration",
        "collapseconfigurations",
        "collapseconfiguration",
        &collapse::COLLAPSE_CONFIGURATION,
        columns::COLLAPSE,
    )
    .later()
    .cluster()
    .light(),
    seed(
        "ConfigurationScanSummary",
        "configurationscansummaries",
        "configurationscansummary",
        &scan::CONFIGURATION_SCAN_SUMMARY,
        columns::CONFIGURATION_SUMMARY,
    )
    .cluster()
    .computed(),
    seed(
        "ContainerProfile",
        "containerprofiles",
        "containerprofile",
        &profile::CONTAINER_PROFILE,
        columns::CONTAINER_PROFILE,
    )
    .later(),
    seed(
        "GeneratedNetworkPolicy",
        "generatednetworkpolicies",
        "generatednetworkpolicy",
        &policy::GENERATED_NETWORK_POLICY,
        columns::POLICY,
    )
    .computed(),
    seed(
        "KnownServer",
        "knownservers",
        "knownserver",
        &network::KNOWN_SERVER,
        columns::KNOWN_SERVER,
    )
    .cluster()
    .light(),
    seed(
        "NetworkNeighborhood",
        "networkneighborhoods",
        "networkneighborhood",
        &network::NETWORK_NEIGHBORHOOD,
        columns::PROFILE,
    )
    .later()
    .light(),
    seed(
        "NetworkNeighbors",
        "networkneighborses",
        "networkneighbors",
        &network::NETWORK_NEIGHBORS,
        columns::NEIGHBORS,
    )
    .dropped()
    .light(),
    seed(
        "OpenVulnerabilityExchangeContainer",
        "openvulnerabilityexchangecontainers",
        "openvulnerabilityexchangecontainer",
        &vex::OPEN_VULNERABILITY_EXCHANGE_CONTAINER,
        columns::VEX,
    ),
    seed(
        "SBOMSPDXv2p3Filtered",
        "sbomspdxv2p3filtereds",
        "sbomspdxv2p3filtered",
        &sbom::SBOM_SPDX_FILTERED,
        columns::SBOM_SPDX,
    )
    .dropped(),
    seed(
        "SBOMSPDXv2p3",
        "sbomspdxv2p3s",
        "sbomspdxv2p3",
        &sbom::SBOM_SPDX,
        columns::SBOM_SPDX,
    )
    .dropped(),
    seed(
        "SBOMSummary",
        "sbomsummaries",
        "sbomsummary",
        &sbom::SBOM_SUMMARY,
        columns::STATUS_ONLY,
    )
    .dropped(),
    seed(
        "SBOMSyftFiltered",
        "sbomsyftfiltereds",
        "sbomsyftfiltered",
        &sbom::SBOM_SYFT_FILTERED,
        columns::SBOM_SYFT,
    ),
    seed(
        "SBOMSyft",
        "sbomsyfts",
        "sbomsyft",
        &sbom::SBOM_SYFT,
        columns::SBOM_SYFT,
    ),
    seed(
        "SeccompProfile",
        "seccompprofiles",
        "seccompprofile",
        &seccomp::SECCOMP_PROFILE,
        columns::SECCOMP,
    )
    .later()
    .light(),
    seed(
        "VulnerabilityManifest",
        "vulnerabilitymanifests",
        "vulnerabilitymanifest",
        &manifest::VULNERABILITY_MANIFEST,
        columns::MANIFEST,
    ),
    seed(
        "VulnerabilityManifestSummary",
        "vulnerabilitymanifestsummaries",
        "vulnerabilitymanifestsummary",
        &vulnerability::VULNERABILITY_MANIFEST_SUMMARY,
        columns::MANIFEST_SUMMARY,
    )
    .light(),
    seed(
        "VulnerabilitySummary",
        "vulnerabilitysummaries",
        "vulnerabilitysummary",
        &vulnerability::VULNERABILITY_SUMMARY,
        columns::VULNERABILITY_SUMMARY,
    )
    .cluster()
    .computed(),
    seed(
        "WorkloadConfigurationScan",
        "workloadconfigurationscans",
        "workloadconfigurationscan",
        &scan::WORKLOAD_CONFIGURATION_SCAN,
        columns::SCAN,
    ),
    seed(
        "WorkloadConfigurationScanSummary",
        "workloadconfigurationscansummaries",
        "workloadconfigurationscansummary",
        &scan::WORKLOAD_CONFIGURATION_SCAN_SUMMARY,
        columns::SCAN_SUMMARY,
    )
    .light(),
];
