//! An SPDX 2.3 document with the standard's own names. (spdx.github.io, 2.3)

use crate::schema::Schema::{Bool, Int64, List, Object as Obj, String as Text};
use crate::schema::{Field, Merge, Object, Schema, always, nullable};

static ANNOTATION_ITEM: Schema = Obj(&ANNOTATION);
static CHECKSUM_ITEM: Schema = Obj(&CHECKSUM);

const COMMENT: Field = always("comment", Text, "A comment.");
const ANNOTATIONS: Field = always("annotations", List(&ANNOTATION_ITEM), "Notes on it.");
const CHECKSUMS: Field = always("checksums", List(&CHECKSUM_ITEM), "Its checksums.");
const CONCLUDED: Field = always(
    "licenseConcluded",
    Text,
    "The licence that the author of the document concludes; NOASSERTION when none.",
);
const LICENSE_COMMENTS: Field = always("licenseComments", Text, "How the licence was concluded.");
const COPYRIGHT: Field = always(
    "copyrightText",
    Text,
    "Its copyright notice; NOASSERTION when none was looked for.",
);
const ATTRIBUTIONS: Field = always(
    "attributionTexts",
    List(&Text),
    "Texts that must be shown with it.",
);
const ID: Field = always(
    "SPDXID",
    Text,
    "Its id in this document, such as SPDXRef-Package-deb-bash.",
);

/// An SPDX document.
pub(crate) static DOCUMENT: Object = Object::new(
    "Document",
    "An SPDX 2.3 document.",
    &[
        always(
            "documentDescribes",
            List(&Text),
            "The ids of the things that the document is about.",
        ),
        always("spdxVersion", Text, "SPDX-2.3."),
        always("dataLicense", Text, "The licence of the document: CC0-1.0."),
        always("SPDXID", Text, "The id of the document: SPDXRef-DOCUMENT."),
        always("name", Text, "The name of the document."),
        always(
            "documentNamespace",
            Text,
            "A URI that only this document has.",
        ),
        always(
            "externalDocumentRefs",
            List(&Obj(&EXTERNAL_DOCUMENT)),
            "Other documents that this one refers to.",
        ),
        COMMENT,
        nullable(
            "creationInfo",
            Obj(&CREATION_INFO),
            "Who made the document, when and with what.",
        ),
        always("packages", List(&Obj(&PACKAGE)), "The packages.").merge(Merge::PatchKey("name")),
        always("files", List(&Obj(&FILE)), "The files.").merge(Merge::PatchKey("fileName")),
        always(
            "hasExtractedLicensingInfos",
            List(&Obj(&OTHER_LICENSE)),
            "Licences that are not on the SPDX list.",
        ),
        always(
            "relationships",
            List(&Obj(&RELATIONSHIP)),
            "How things belong together.",
        )
        .merge(Merge::PatchKey("spdxElementId")),
        ANNOTATIONS,
        always("snippets", List(&Obj(&SNIPPET)), "Parts of files."),
    ],
);

static EXTERNAL_DOCUMENT: Object = Object::new(
    "ExternalDocumentRef",
    "Another document.",
    &[
        always(
            "externalDocumentId",
            Text,
            "The id by which this document calls it, such as DocumentRef-base.",
        ),
        always("spdxDocument", Text, "Its namespace."),
        always("checksum", Obj(&CHECKSUM), "Its checksum."),
    ],
);

static CHECKSUM: Object = Object::new(
    "Checksum",
    "A checksum.",
    &[
        always("algorithm", Text, "How it was made, such as SHA256."),
        always("checksumValue", Text, "The checksum in hex."),
    ],
);

static CREATION_INFO: Object = Object::new(
    "CreationInfo",
    "Who made a document, when and with what.",
    &[
        always(
            "licenseListVersion",
            Text,
            "The version of the SPDX licence list that was used.",
        ),
        always(
            "creators",
            List(&Text),
            "Who made it, each as \"Tool: …\", \"Organization: …\" or \"Person: …\".",
        ),
        always("created", Text, "When, as in 2023-12-01T09:30:00Z."),
        COMMENT,
    ],
);

static PACKAGE: Object = Object::new(
    "Package",
    "A package.",
    &[
        always("hasFiles", List(&Text), "The ids of its files."),
        always("name", Text, "Its name."),
        ID,
        always("versionInfo", Text, "Its version."),
        always("packageFileName", Text, "The file that it comes in."),
        nullable(
            "supplier",
            Text,
            "Who supplies it, as \"Organization: …\" or \"Person: …\"; NOASSERTION when not known.",
        ),
        nullable("originator", Text, "Whom it comes from, in the same form."),
        always(
            "downloadLocation",
            Text,
            "Where it can be got; NOASSERTION when not known.",
        ),
        always("filesAnalyzed", Bool, "Whether its files were looked at."),
        nullable(
            "packageVerificationCode",
            Obj(&VERIFICATION_CODE),
            "A checksum over its files.",
        ),
        CHECKSUMS,
        always("homepage", Text, "Its home page."),
        always("sourceInfo", Text, "How it was found."),
        CONCLUDED,
        always(
            "licenseInfoFromFiles",
            List(&Text),
            "The licences that its files state.",
        ),
        always(
            "licenseDeclared",
            Text,
            "The licence that its author states.",
        ),
        LICENSE_COMMENTS,
        COPYRIGHT,
        always("summary", Text, "What it is, in short."),
        always("description", Text, "What it is, at length."),
        COMMENT,
        always(
            "externalRefs",
            List(&Obj(&EXTERNAL_REFERENCE)),
            "Its names elsewhere, such as its package URL and CPEs.",
        ),
        ATTRIBUTIONS,
        always(
            "primaryPackagePurpose",
            Text,
            "What it is for, such as LIBRARY or CONTAINER.",
        ),
        always("releaseDate", Text, "When it was released."),
        always("builtDate", Text, "When it was built."),
        always("validUntilDate", Text, "When its support ends."),
        always("files", List(&Obj(&FILE)), "Its files."),
        ANNOTATIONS,
    ],
);

static VERIFICATION_CODE: Object = Object::new(
    "PackageVerificationCode",
    "A checksum over the files of a package.",
    &[
        always("packageVerificationCodeValue", Text, "The checksum in hex."),
        always(
            "packageVerificationCodeExcludedFiles",
            List(&Text),
            "Files that it leaves out.",
        ),
    ],
);

static EXTERNAL_REFERENCE: Object = Object::new(
    "PackageExternalReference",
    "A package's name elsewhere.",
    &[
        always(
            "referenceCategory",
            Text,
            "SECURITY, PACKAGE-MANAGER, PERSISTENT-ID or OTHER.",
        ),
        always(
            "referenceType",
            Text,
            "What it is, such as purl or cpe23Type.",
        ),
        always("referenceLocator", Text, "The name."),
        COMMENT,
    ],
);

static FILE: Object = Object::new(
    "File",
    "A file.",
    &[
        always("fileName", Text, "Its path."),
        ID,
        always(
            "fileTypes",
            List(&Text),
            "What it is, such as BINARY or TEXT.",
        ),
        CHECKSUMS,
        CONCLUDED,
        always(
            "licenseInfoInFiles",
            List(&Text),
            "The licences that it states.",
        ),
        LICENSE_COMMENTS,
        COPYRIGHT,
        always(
            "artifactOfs",
            List(&Obj(&ARTIFACT_OF)),
            "The projects that it comes from.",
        ),
        COMMENT,
        always("noticeText", Text, "The notice in it."),
        always("fileContributors", List(&Text), "Who wrote it."),
        ATTRIBUTIONS,
        always(
            "fileDependencies",
            List(&Text),
            "The ids of files that it needs.",
        ),
        ANNOTATIONS,
    ],
);

static ARTIFACT_OF: Object = Object::new(
    "ArtifactOfProject",
    "A project that a file comes from.",
    &[
        always("name", Text, "Its name."),
        always("homePage", Text, "Its home page."),
        always("URI", Text, "Its address."),
    ],
);

static OTHER_LICENSE: Object = Object::new(
    "OtherLicense",
    "A licence that is not on the SPDX list.",
    &[
        always(
            "licenseId",
            Text,
            "Its id in this document, such as LicenseRef-1.",
        ),
        always("extractedText", Text, "Its text."),
        always("name", Text, "Its name."),
        always("seeAlsos", List(&Text), "Where it is published."),
        COMMENT,
    ],
);

static RELATIONSHIP: Object = Object::new(
    "Relationship",
    "How two things belong together.",
    &[
        always("spdxElementId", Text, "The id of the first."),
        always("relatedSpdxElement", Text, "The id of the second."),
        always(
            "relationshipType",
            Text,
            "How, such as CONTAINS or DESCRIBES.",
        ),
        COMMENT,
    ],
);

static ANNOTATION: Object = Object::new(
    "Annotation",
    "A note.",
    &[
        always(
            "annotator",
            Text,
            "Who made it, as \"Tool: …\", \"Organization: …\" or \"Person: …\".",
        ),
        always("annotationDate", Text, "When."),
        always("annotationType", Text, "REVIEW or OTHER."),
        COMMENT,
    ],
);

static SNIPPET: Object = Object::new(
    "Snippet",
    "A part of a file.",
    &[
        ID,
        always("snippetFromFile", Text, "The id of the file."),
        always("ranges", List(&Obj(&SNIPPET_RANGE)), "Which part."),
        CONCLUDED,
        always(
            "licenseInfoInSnippets",
            List(&Text),
            "The licences that it states.",
        ),
        LICENSE_COMMENTS,
        COPYRIGHT,
        COMMENT,
        always("name", Text, "Its name."),
    ],
);

static SNIPPET_RANGE: Object = Object::new(
    "SnippetRange",
    "A range in a file.",
    &[
        always("startPointer", Obj(&SNIPPET_POINTER), "Where it begins."),
        always("endPointer", Obj(&SNIPPET_POINTER), "Where it ends."),
    ],
);

static SNIPPET_POINTER: Object = Object::new(
    "SnippetRangePointer",
    "A place in a file.",
    &[
        always("offset", Int64, "In bytes."),
        always("lineNumber", Int64, "In lines."),
        always("reference", Text, "The id of the file."),
    ],
);
