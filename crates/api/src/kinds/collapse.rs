//! How observed paths are generalised.

use crate::meta::ENVELOPE;
use crate::rules;
use crate::schema::Schema::{Int32, List, Object as Obj, String as Text};
use crate::schema::{Object, always, omitted};

/// `CollapseConfiguration`.
pub static COLLAPSE_CONFIGURATION: Object = Object::new(
    "CollapseConfiguration",
    "How many different names a folder or an endpoint may show in profiles before they become one pattern. The object named default counts.",
    &[always("spec", Obj(&SPEC), "The thresholds.")],
)
.with(&[&ENVELOPE]);

static SPEC: Object = Object::new(
    "CollapseConfigurationSpec",
    "Thresholds for generalising observed paths.",
    &[
        omitted("openDynamicThreshold", Int32, "For opened files: when a folder shows more than so many names, they become one pattern. 0 means the default, 50.").range(0, i64::MAX),
        omitted("endpointDynamicThreshold", Int32, "The same for the paths of HTTP endpoints. 0 means the default, 100.").range(0, i64::MAX),
        omitted("collapseConfigs", List(&Obj(&ENTRY)), "Thresholds for folders; the longest prefix of a path counts. They replace the built-in ones."),
    ],
)
.checked(rules::collapse_prefixes);

static ENTRY: Object = Object::new(
    "CollapseConfigEntry",
    "The threshold of one folder.",
    &[
        always(
            "prefix",
            Text,
            "The folder as an absolute path, such as /etc; each only once.",
        )
        .required(),
        always(
            "threshold",
            Int32,
            "More names than this become one pattern; at least 1.",
        )
        .range(1, i64::MAX)
        .required(),
    ],
);
