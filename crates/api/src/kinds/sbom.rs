//! Bills of materials: what is in an image.

use crate::kinds::spdx::DOCUMENT;
use crate::kinds::syft::SYFT_DOCUMENT;
use crate::kinds::{EMPTY_STATUS, STATUS_DOC};
use crate::meta::ENVELOPE;
use crate::schema::Schema::{Object as Obj, String as Text, Time};
use crate::schema::{Field, Object, always};

const STATUS: Field = always("status", Obj(&EMPTY_STATUS), STATUS_DOC);
const SPDX: Field = always(
    "spec",
    Obj(&SPDX_SPEC),
    "The bill of materials in SPDX form.",
);
const SYFT: Field = always(
    "spec",
    Obj(&SYFT_SPEC),
    "The bill of materials in Syft's form.",
);
const METADATA: Field = always("metadata", Obj(&META), "How and when it was made.");

/// `SBOMSPDXv2p3`.
pub static SBOM_SPDX: Object = Object::new(
    "SBOMSPDXv2p3",
    "What is in one image, as an SPDX 2.3 document; made once and used for every later match.",
    &[SPDX, STATUS],
)
.with(&[&ENVELOPE]);

/// `SBOMSPDXv2p3Filtered`.
pub static SBOM_SPDX_FILTERED: Object = Object::new(
    "SBOMSPDXv2p3Filtered",
    "The part of an image that a container was seen to use, as an SPDX 2.3 document.",
    &[SPDX, STATUS],
)
.with(&[&ENVELOPE]);

static SPDX_SPEC: Object = Object::new(
    "SBOMSPDXv2p3Spec",
    "A bill of materials in SPDX form.",
    &[
        METADATA,
        always("spdx", Obj(&DOCUMENT), "The SPDX 2.3 document."),
    ],
);

/// `SBOMSummary`.
pub static SBOM_SUMMARY: Object = Object::new(
    "SBOMSummary",
    "Says that a bill of materials of the same name is there; it has nothing but metadata, so that watching it is cheap.",
    &[always("spec", Obj(&SUMMARY_SPEC), "Always empty."), STATUS],
)
.with(&[&ENVELOPE]);

static SUMMARY_SPEC: Object = Object::new("SBOMSummarySpec", "Always empty.", &[]);

/// `SBOMSyft`.
pub static SBOM_SYFT: Object = Object::new(
    "SBOMSyft",
    "What is in one image, in Syft's form; made once and used for every later match.",
    &[SYFT, STATUS],
)
.with(&[&ENVELOPE]);

/// `SBOMSyftFiltered`.
pub static SBOM_SYFT_FILTERED: Object = Object::new(
    "SBOMSyftFiltered",
    "The part of an image that a container was seen to use, in Syft's form.",
    &[SYFT, STATUS],
)
.with(&[&ENVELOPE]);

static SYFT_SPEC: Object = Object::new(
    "SBOMSyftSpec",
    "A bill of materials in Syft's form.",
    &[
        METADATA,
        always("syft", Obj(&SYFT_DOCUMENT), "The Syft document."),
    ],
);

static META: Object = Object::new(
    "SPDXMeta",
    "How and when a bill of materials was made.",
    &[
        always("tool", Obj(&TOOL), "What made it."),
        always("report", Obj(&REPORT), "When it was made."),
    ],
);

static TOOL: Object = Object::new(
    "ToolMeta",
    "A program.",
    &[
        always("name", Text, "Its name."),
        always("version", Text, "Its version."),
    ],
);

static REPORT: Object = Object::new(
    "ReportMeta",
    "When a report was made.",
    &[always("createdAt", Time, "When the report was made.")],
);
