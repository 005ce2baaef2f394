//! OpenVEX documents: whether a product is affected. (openvex.dev, v0.2.0)

use crate::meta::ENVELOPE;
use crate::schema::Schema::{Int64, List, Map, Object as Obj, String as Text};
use crate::schema::{Object, always, omitted};

/// `OpenVulnerabilityExchangeContainer`.
pub static OPEN_VULNERABILITY_EXCHANGE_CONTAINER: Object = Object::new(
    "OpenVulnerabilityExchangeContainer",
    "Whether a running container is affected by the vulnerabilities of its image, as an OpenVEX document that other scanners understand.",
    &[always("spec", Obj(&VEX), "The OpenVEX document.")],
)
.with(&[&ENVELOPE]);

static VEX: Object = Object::new(
    "VEX",
    "An OpenVEX document.",
    &[
        always(
            "@context",
            Text,
            "The version of OpenVEX, as an address such as https://openvex.dev/ns/v0.2.0.",
        ),
        always("@id", Text, "An address that only this document has."),
        always("author", Text, "Who states it."),
        omitted(
            "role",
            Text,
            "What the author is to the product, such as Vendor.",
        ),
        always("timestamp", Text, "When it was first published."),
        omitted("last_updated", Text, "When it was last changed."),
        always("version", Int64, "Counts its changes."),
        omitted("tooling", Text, "What made it."),
        omitted("supplier", Text, "Who supplies the product."),
        always(
            "statements",
            List(&Obj(&STATEMENT)),
            "What is stated, one for each vulnerability.",
        ),
    ],
);

const STATUSES: &[&str] = &["not_affected", "affected", "fixed", "under_investigation"];
const JUSTIFICATIONS: &[&str] = &[
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

static STATEMENT: Object = Object::new(
    "Statement",
    "Whether products are affected by one vulnerability.",
    &[
        omitted("@id", Text, "The id of the statement."),
        omitted("vulnerability", Obj(&VULNERABILITY), "The vulnerability."),
        omitted(
            "timestamp",
            Text,
            "When it was first stated; the document's time when empty.",
        ),
        omitted("last_updated", Text, "When it was last changed."),
        omitted(
            "products",
            List(&Obj(&PRODUCT)),
            "The products that it is about.",
        ),
        always(
            "status",
            Text,
            "not_affected, affected, fixed or under_investigation.",
        )
        .one_of(STATUSES),
        omitted("status_notes", Text, "How the status was come to."),
        omitted(
            "justification",
            Text,
            "Why a product is not affected, such as vulnerable_code_not_in_execute_path.",
        )
        .one_of(JUSTIFICATIONS),
        omitted("impact_statement", Text, "The same for people."),
        omitted("action_statement", Text, "What to do when affected."),
        omitted("action_statement_timestamp", Text, "When that was stated."),
    ],
);

static VULNERABILITY: Object = Object::new(
    "VexVulnerability",
    "A vulnerability.",
    &[
        omitted("@id", Text, "Its address."),
        omitted("name", Text, "Its id, such as CVE-2023-4911."),
        omitted("description", Text, "What it is."),
        omitted("aliases", List(&Text), "Its other ids."),
    ],
);

static PRODUCT: Object = Object::new(
    "Product",
    "A product, such as an image.",
    &[omitted(
        "subcomponents",
        List(&Obj(&SUBCOMPONENT)),
        "The parts of it that have the vulnerability.",
    )],
)
.with(&[&SUBCOMPONENT]);

static SUBCOMPONENT: Object = Object::new(
    "Subcomponent",
    "A product or a part of one, such as a package.",
    &[
        omitted("@id", Text, "Its id, best a package URL."),
        omitted(
            "hashes",
            Map(&Text),
            "Its digests, by how they were made, such as sha-256.",
        ),
        omitted(
            "identifiers",
            Map(&Text),
            "Its names, by their kind: purl, cpe22 or cpe23.",
        ),
        omitted("supplier", Text, "Who supplies it."),
    ],
);
