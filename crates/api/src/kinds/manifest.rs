//! The vulnerabilities of one image, in the form that Grype writes.

use crate::kinds::{EMPTY_STATUS, STATUS_DOC};
use crate::meta::ENVELOPE;
use crate::schema::Schema::{Any, Bool, List, Number, Object as Obj, String as Text, Time};
use crate::schema::{Object, always, nullable, omitted, optional};

/// `VulnerabilityManifest`.
pub static VULNERABILITY_MANIFEST: Object = Object::new(
    "VulnerabilityManifest",
    "All vulnerabilities that were found in one image, or in the part of it that a container was seen to use (label kubescape.io/context: filtered).",
    &[
        always(
            "spec",
            Obj(&SPEC),
            "The vulnerabilities and how they were found.",
        ),
        always("status", Obj(&EMPTY_STATUS), STATUS_DOC),
    ],
)
.with(&[&ENVELOPE]);

static SPEC: Object = Object::new(
    "VulnerabilityManifestSpec",
    "The vulnerabilities of one image.",
    &[
        always("metadata", Obj(&META), "How and when they were found."),
        always(
            "payload",
            Obj(&GRYPE_DOCUMENT),
            "What was found, in Grype's JSON form.",
        ),
    ],
);

static META: Object = Object::new(
    "VulnerabilityManifestMeta",
    "How and when vulnerabilities were found.",
    &[
        always(
            "withRelevancy",
            Bool,
            "Whether only packages that the container was seen to use were looked at.",
        ),
        always("tool", Obj(&TOOL), "What looked."),
        always("report", Obj(&REPORT), "When it looked."),
    ],
);

static TOOL: Object = Object::new(
    "VulnerabilityManifestToolMeta",
    "The matcher and its data.",
    &[
        always("name", Text, "The name of the matcher."),
        always("version", Text, "The version of the matcher."),
        always(
            "databaseVersion",
            Text,
            "The version of the vulnerability data that packages were matched with.",
        ),
    ],
);

static REPORT: Object = Object::new(
    "VulnerabilityManifestReportMeta",
    "When a report was made.",
    &[always("createdAt", Time, "When the matching ended.")],
);

static GRYPE_DOCUMENT: Object = Object::new(
    "GrypeDocument",
    "The report of a match of packages with known vulnerabilities.",
    &[
        always(
            "matches",
            List(&Obj(&MATCH)),
            "Every pair of a package and a vulnerability that it has.",
        ),
        omitted(
            "ignoredMatches",
            List(&Obj(&IGNORED_MATCH)),
            "Matches that an exception or a VEX statement puts aside.",
        ),
        nullable("source", Obj(&SOURCE), "What was looked at."),
        always(
            "distro",
            Obj(&DISTRIBUTION),
            "The Linux distribution in the image.",
        ),
        always(
            "descriptor",
            Obj(&DESCRIPTOR),
            "The program that made the report.",
        ),
    ],
);

static MATCH: Object = Object::new(
    "Match",
    "One package with one vulnerability.",
    &[
        always("vulnerability", Obj(&VULNERABILITY), "The vulnerability."),
        always(
            "relatedVulnerabilities",
            List(&Obj(&VULNERABILITY_METADATA)),
            "The same vulnerability as others describe it, such as the CVE behind a vendor's advisory.",
        ),
        always(
            "matchDetails",
            List(&Obj(&MATCH_DETAILS)),
            "Why the package is thought to have it.",
        ),
        always("artifact", Obj(&PACKAGE), "The package."),
    ],
);

static IGNORED_MATCH: Object = Object::new(
    "IgnoredMatch",
    "A match that is put aside.",
    &[always(
        "appliedIgnoreRules",
        List(&Obj(&IGNORE_RULE)),
        "The rules that put it aside.",
    )],
)
.with(&[&MATCH]);

static IGNORE_RULE: Object = Object::new(
    "IgnoreRule",
    "Says which matches to put aside: those that fit everything it states.",
    &[
        omitted("vulnerability", Text, "The id of the vulnerability."),
        omitted("fix-state", Text, "The state of the fix, as in fix.state."),
        optional("package", Obj(&IGNORE_RULE_PACKAGE), "The package."),
    ],
);

static IGNORE_RULE_PACKAGE: Object = Object::new(
    "IgnoreRulePackage",
    "Which packages an ignore rule means.",
    &[
        omitted("name", Text, "Their name."),
        omitted("version", Text, "Their version."),
        always("language", Text, "Their language; empty for any."),
        omitted("type", Text, "Their type, such as deb."),
        omitted(
            "location",
            Text,
            "A pattern of the path where they were found.",
        ),
        omitted("upstream-name", Text, "The name of the source package."),
    ],
);

static VULNERABILITY_METADATA: Object = Object::new(
    "VulnerabilityMetadata",
    "What is known of a vulnerability from one source.",
    &[
        always("id", Text, "Its id, such as CVE-2023-4911 or GHSA-…."),
        always(
            "dataSource",
            Text,
            "The address where its description comes from.",
        ),
        omitted(
            "namespace",
            Text,
            "The feed that it comes from, such as debian:distro:debian:12.",
        ),
        omitted(
            "severity",
            Text,
            "Critical, High, Medium, Low, Negligible or Unknown.",
        ),
        always("urls", List(&Text), "Where to read more."),
        omitted("description", Text, "What it is."),
        always(
            "cvss",
            List(&Obj(&CVSS)),
            "Its CVSS scores, one for each scorer and version.",
        ),
    ],
);

static VULNERABILITY: Object = Object::new(
    "Vulnerability",
    "A vulnerability, with what is known of a fix.",
    &[
        always("fix", Obj(&FIX), "Whether and where it is fixed."),
        always(
            "advisories",
            List(&Obj(&ADVISORY)),
            "Advisories of the vendor about it.",
        ),
    ],
)
.with(&[&VULNERABILITY_METADATA]);

static CVSS: Object = Object::new(
    "Cvss",
    "One score by the Common Vulnerability Scoring System.",
    &[
        always("version", Text, "The version of the system, such as 3.1."),
        always(
            "vector",
            Text,
            "The vector from which the scores are computed.",
        ),
        always("metrics", Obj(&CVSS_METRICS), "The scores."),
        optional("vendorMetadata", Any, "What the vendor adds."),
    ],
);

static CVSS_METRICS: Object = Object::new(
    "CvssMetrics",
    "The numbers of a CVSS score, each from 0 to 10.",
    &[
        always("baseScore", Number, "The score as a whole."),
        optional("exploitabilityScore", Number, "How easily it is exploited."),
        optional("impactScore", Number, "How much harm it does."),
    ],
);

static FIX: Object = Object::new(
    "Fix",
    "Whether and where a vulnerability is fixed.",
    &[
        always(
            "versions",
            List(&Text),
            "The versions of the package that have the fix.",
        ),
        always("state", Text, "fixed, not-fixed, wont-fix or unknown."),
    ],
);

static ADVISORY: Object = Object::new(
    "Advisory",
    "A vendor's advisory.",
    &[
        always("id", Text, "Its id."),
        always("link", Text, "Its address."),
    ],
);

static MATCH_DETAILS: Object = Object::new(
    "MatchDetails",
    "One reason why a package is thought to have a vulnerability.",
    &[
        always(
            "type",
            Text,
            "How it was matched: exact-direct-match, exact-indirect-match or cpe-match.",
        ),
        always("matcher", Text, "What matched it, such as dpkg-matcher."),
        optional(
            "searchedBy",
            Any,
            "What was searched for: name, version, distribution, CPEs.",
        ),
        optional(
            "found",
            Any,
            "What was found: the versions that are affected.",
        ),
    ],
);

static PACKAGE: Object = Object::new(
    "GrypePackage",
    "A package in the image.",
    &[
        always("name", Text, "Its name."),
        always("version", Text, "Its version."),
        always(
            "type",
            Text,
            "Its type, such as deb, apk, rpm, npm or go-module.",
        ),
        always(
            "locations",
            List(&Obj(&COORDINATES)),
            "The files that showed that it is there.",
        ),
        always(
            "language",
            Text,
            "Its programming language, where there is one.",
        ),
        always("licenses", List(&Text), "Its licences."),
        always(
            "cpes",
            List(&Text),
            "Names that it may have in the CPE dictionary.",
        ),
        always("purl", Text, "Its package URL."),
        always(
            "upstreams",
            List(&Obj(&UPSTREAM)),
            "The source packages that it was built from.",
        ),
        omitted("metadataType", Text, "What form metadata has."),
        optional(
            "metadata",
            Any,
            "What the package manager says beyond this.",
        ),
    ],
);

static COORDINATES: Object = Object::new(
    "SyftCoordinates",
    "A file in an image.",
    &[
        always("path", Text, "Its path."),
        omitted(
            "layerID",
            Text,
            "The digest of the layer that it comes from.",
        ),
    ],
);

static UPSTREAM: Object = Object::new(
    "UpstreamPackage",
    "A source package.",
    &[
        always("name", Text, "Its name."),
        omitted("version", Text, "Its version, where it differs."),
    ],
);

static SOURCE: Object = Object::new(
    "Source",
    "What was looked at.",
    &[
        always("type", Text, "What it is, such as image."),
        optional(
            "target",
            Any,
            "Which one: the image's references, digest and layers.",
        ),
    ],
);

static DISTRIBUTION: Object = Object::new(
    "Distribution",
    "A Linux distribution.",
    &[
        always("name", Text, "Its name, such as debian."),
        always("version", Text, "Its version, such as 12."),
        always("idLike", List(&Text), "Distributions that it derives from."),
    ],
);

static DESCRIPTOR: Object = Object::new(
    "Descriptor",
    "The program that made a report.",
    &[
        always("name", Text, "Its name."),
        always("version", Text, "Its version."),
        optional("configuration", Any, "The settings that it ran with."),
        optional("db", Any, "The state of its vulnerability data."),
    ],
);
