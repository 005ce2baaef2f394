//! Syft's JSON document. Older writers are tolerated: licences and CPEs as
//! plain texts, `idLike` as one text, `source.target`.

use crate::schema::Schema::{
    Any, Bool, Int64, List, ListOrOne, Map, Object as Obj, OrString, String as Text,
};
use crate::schema::{Object, always, omitted, optional};

/// A bill of materials as Syft writes it.
pub(crate) static SYFT_DOCUMENT: Object = Object::new(
    "SyftDocument",
    "A bill of materials as Syft writes it.",
    &[
        always("artifacts", List(&Obj(&PACKAGE)), "The packages."),
        always(
            "artifactRelationships",
            List(&Obj(&RELATIONSHIP)),
            "How packages and files belong together.",
        ),
        omitted("files", List(&Obj(&FILE)), "The files."),
        always("source", Obj(&SOURCE), "What was looked at."),
        always(
            "distro",
            Obj(&LINUX_RELEASE),
            "The Linux distribution in the image, from its os-release file.",
        ),
        always(
            "descriptor",
            Obj(&DESCRIPTOR),
            "The program that made the document.",
        ),
        always("schema", Obj(&SCHEMA), "The form of the document."),
    ],
);

static PACKAGE: Object = Object::new(
    "SyftPackage",
    "A package.",
    &[
        always("id", Text, "Its id in this document."),
        always("name", Text, "Its name."),
        always("version", Text, "Its version."),
        always(
            "type",
            Text,
            "Its type, such as deb, apk, rpm, npm or go-module.",
        ),
        always("foundBy", Text, "The cataloger that found it."),
        always(
            "locations",
            List(&Obj(&LOCATION)),
            "The files that showed that it is there.",
        ),
        always(
            "licenses",
            List(&OrString(&Obj(&LICENSE))),
            "Its licences; older documents have plain texts.",
        ),
        always(
            "language",
            Text,
            "Its programming language, where there is one.",
        ),
        always(
            "cpes",
            List(&OrString(&Obj(&CPE))),
            "Names that it may have in the CPE dictionary; older documents have plain texts.",
        ),
        always("purl", Text, "Its package URL."),
        omitted("metadataType", Text, "What form metadata has."),
        optional(
            "metadata",
            Any,
            "What the package manager says beyond this.",
        ),
    ],
);

static LOCATION: Object = Object::new(
    "Location",
    "A file, as it was reached.",
    &[
        always("path", Text, "Its path without links."),
        omitted(
            "layerID",
            Text,
            "The digest of the layer that it comes from.",
        ),
        always(
            "accessPath",
            Text,
            "The path by which it was found, which may lead over links.",
        ),
        omitted("annotations", Map(&Text), "Notes on the file."),
    ],
);

static LICENSE: Object = Object::new(
    "License",
    "A licence.",
    &[
        always("value", Text, "The licence as it was found."),
        always(
            "spdxExpression",
            Text,
            "The same as an SPDX expression; empty when it is none.",
        ),
        always(
            "type",
            Text,
            "declared by the author or concluded from the text.",
        ),
        always("urls", List(&Text), "Where it is published."),
        always(
            "locations",
            List(&Obj(&LOCATION)),
            "The files that state it.",
        ),
    ],
);

static CPE: Object = Object::new(
    "CPE",
    "A name in the CPE dictionary.",
    &[
        always("cpe", Text, "The name."),
        omitted(
            "source",
            Text,
            "How it was come by, such as nvd-cpe-dictionary.",
        ),
    ],
);

static RELATIONSHIP: Object = Object::new(
    "SyftRelationship",
    "How two things belong together.",
    &[
        always("parent", Text, "The id of the first."),
        always("child", Text, "The id of the second."),
        always("type", Text, "How, such as contains or dependency-of."),
        optional("metadata", Any, "More about it."),
    ],
);

static FILE: Object = Object::new(
    "SyftFile",
    "A file in the image.",
    &[
        always("id", Text, "Its id in this document."),
        always("location", Obj(&COORDINATES), "Where it is."),
        optional(
            "metadata",
            Obj(&FILE_METADATA),
            "What the file system says of it.",
        ),
        omitted(
            "contents",
            Text,
            "What is in it, in base64, where that was asked for.",
        ),
        omitted("digests", List(&Obj(&DIGEST)), "Its digests."),
        omitted(
            "licenses",
            List(&Obj(&FILE_LICENSE)),
            "Licences that it states.",
        ),
        optional(
            "executable",
            Obj(&EXECUTABLE),
            "What is known of it as a program.",
        ),
        omitted(
            "unknowns",
            List(&Text),
            "What could not be found out about it.",
        ),
    ],
);

static COORDINATES: Object = Object::new(
    "Coordinates",
    "Where a file is.",
    &[
        always("path", Text, "Its path."),
        omitted(
            "layerID",
            Text,
            "The digest of the layer that it comes from.",
        ),
    ],
);

static FILE_METADATA: Object = Object::new(
    "FileMetadataEntry",
    "What the file system says of a file.",
    &[
        always(
            "mode",
            Int64,
            "Its permissions, as an octal number written in decimal digits.",
        ),
        always(
            "type",
            Text,
            "What it is, such as RegularFile or SymbolicLink.",
        ),
        omitted("linkDestination", Text, "What a link points to."),
        always("userID", Int64, "Its owner."),
        always("groupID", Int64, "Its group."),
        always("mimeType", Text, "Its media type."),
        always("size", Int64, "Its size in bytes."),
    ],
);

static DIGEST: Object = Object::new(
    "Digest",
    "A digest.",
    &[
        always("algorithm", Text, "How it was made, such as sha256."),
        always("value", Text, "The digest in hex."),
    ],
);

static FILE_LICENSE: Object = Object::new(
    "FileLicense",
    "A licence that a file states.",
    &[
        always("value", Text, "The licence as it was found."),
        always(
            "spdxExpression",
            Text,
            "The same as an SPDX expression; empty when it is none.",
        ),
        always("type", Text, "declared or concluded."),
        optional(
            "evidence",
            Obj(&FILE_LICENSE_EVIDENCE),
            "The text that shows it.",
        ),
    ],
);

static FILE_LICENSE_EVIDENCE: Object = Object::new(
    "FileLicenseEvidence",
    "Where a file states a licence.",
    &[
        always("confidence", Int64, "How sure it is, in percent."),
        always("offset", Int64, "Where the text begins, in bytes."),
        always("extent", Int64, "How long the text is, in bytes."),
    ],
);

static EXECUTABLE: Object = Object::new(
    "Executable",
    "What is known of a program file.",
    &[
        always("format", Text, "Its format: elf, macho or pe."),
        always("hasExports", Bool, "Whether others can link to it."),
        always("hasEntrypoint", Bool, "Whether it can be started."),
        always(
            "importedLibraries",
            List(&Text),
            "The libraries that it loads.",
        ),
        optional(
            "elfSecurityFeatures",
            Obj(&ELF_SECURITY),
            "How an ELF file was hardened.",
        ),
    ],
);

static ELF_SECURITY: Object = Object::new(
    "ELFSecurityFeatures",
    "How an ELF file was hardened.",
    &[
        always(
            "symbolTableStripped",
            Bool,
            "Whether its symbols were removed.",
        ),
        optional(
            "stackCanary",
            Bool,
            "Whether it guards its stack with canaries.",
        ),
        always("nx", Bool, "Whether its stack cannot be executed."),
        always(
            "relRO",
            Text,
            "How much is read-only after linking: none, partial or full.",
        ),
        always("pie", Bool, "Whether it runs at any address."),
        always("dso", Bool, "Whether it is a shared object."),
        optional(
            "safeStack",
            Bool,
            "Whether it was built with LLVM's SafeStack.",
        ),
        optional(
            "cfi",
            Bool,
            "Whether it was built with control-flow integrity.",
        ),
        optional(
            "fortify",
            Bool,
            "Whether it was built with fortified library calls.",
        ),
    ],
);

static SOURCE: Object = Object::new(
    "SyftSource",
    "What was looked at.",
    &[
        always("id", Text, "Its id in this document."),
        always("name", Text, "Its name, such as the image's reference."),
        always("version", Text, "Its version, such as the image's digest."),
        always("type", Text, "What it is, such as image."),
        always(
            "metadata",
            Any,
            "More about it: the image's layers, tags, configuration.",
        ),
        optional(
            "target",
            Any,
            "What documents before schema 9 have in place of metadata.",
        ),
    ],
);

static LINUX_RELEASE: Object = Object::new(
    "LinuxRelease",
    "The fields of an os-release file.",
    &[
        omitted("prettyName", Text, "The name for people, with the version."),
        omitted("name", Text, "The name."),
        omitted("id", Text, "The name for programs, such as debian."),
        omitted(
            "idLike",
            ListOrOne(&Text),
            "Distributions that it derives from; older documents have one text.",
        ),
        omitted("version", Text, "The version for people."),
        omitted("versionID", Text, "The version for programs."),
        omitted("versionCodename", Text, "The code name of the version."),
        omitted("buildID", Text, "The id of the build."),
        omitted("imageID", Text, "The id of the system image."),
        omitted("imageVersion", Text, "The version of the system image."),
        omitted("variant", Text, "The variant for people."),
        omitted("variantID", Text, "The variant for programs."),
        omitted("homeURL", Text, "The home page."),
        omitted("supportURL", Text, "Where to find support."),
        omitted("bugReportURL", Text, "Where to report bugs."),
        omitted("privacyPolicyURL", Text, "The privacy policy."),
        omitted("cpeName", Text, "The name in the CPE dictionary."),
        omitted("supportEnd", Text, "When support ends."),
        omitted(
            "extendedSupport",
            Bool,
            "Whether fixes of extended support are installed.",
        ),
    ],
);

static DESCRIPTOR: Object = Object::new(
    "SyftDescriptor",
    "The program that made a document.",
    &[
        always("name", Text, "Its name."),
        always("version", Text, "Its version."),
        optional("configuration", Any, "The settings that it ran with."),
    ],
);

static SCHEMA: Object = Object::new(
    "Schema",
    "The form of a document.",
    &[
        always("version", Text, "Its version."),
        always("url", Text, "Where it is described."),
    ],
);
