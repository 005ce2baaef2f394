//! Results of configuration scans: in full, per workload in short, and per
//! namespace in sums.

use crate::meta::ENVELOPE;
use crate::schema::Schema::{Any, Int64, List, Map, Number, Object as Obj, String as Text};
use crate::schema::{Object, always};

/// `WorkloadConfigurationScan`.
pub static WORKLOAD_CONFIGURATION_SCAN: Object = Object::new(
    "WorkloadConfigurationScan",
    "The full result of checking one object's configuration: every control that was looked at, what failed, where, and how to mend it. For who may do what, one object stands for a subject with its role and binding.",
    &[always("spec", Obj(&SCAN_SPEC), "The result.")],
)
.with(&[&ENVELOPE]);

static SCAN_SPEC: Object = Object::new(
    "WorkloadConfigurationScanSpec",
    "The result of checking one object's configuration.",
    &[
        always(
            "controls",
            Map(&Obj(&SCANNED_CONTROL)),
            "Every control that looks at this kind of object, by its id such as C-0016, with how it ended and, if it failed, where and what to set instead.",
        ),
        always(
            "relatedObjects",
            List(&Obj(&RELATED_OBJECT)),
            "Other objects that took part in the result, such as the role and the binding of a subject.",
        ),
    ],
);

static SCANNED_CONTROL: Object = Object::new(
    "ScannedControl",
    "How one control ended for this object. A control is one recommendation, such as \"no privilege escalation\"; it is made of rules.",
    &[
        always(
            "controlID",
            Text,
            "The id of the control, such as C-0016; its documentation is found by it.",
        ),
        always("name", Text, "The name of the control, for people."),
        always(
            "severity",
            Obj(&CONTROL_SEVERITY),
            "How bad it is when the control fails.",
        ),
        always(
            "status",
            Obj(&CONTROL_STATUS),
            "How the control ended: failed when any of its rules failed.",
        ),
        always(
            "rules",
            List(&Obj(&SCANNED_RULE)),
            "The rules of the control, each with what it found.",
        ),
    ],
);

static CONTROL_SEVERITY: Object = Object::new(
    "ControlSeverity",
    "How bad a failure of a control is.",
    &[
        always(
            "severity",
            Text,
            "In words: Critical, High, Medium, Low or Unknown.",
        ),
        always(
            "scoreFactor",
            Number,
            "In a number from 0 to 10, from which the word and risk scores are made: 9 and more is critical, 7 high, 4 medium, 1 low.",
        ),
    ],
);

static CONTROL_STATUS: Object = Object::new(
    "ScannedControlStatus",
    "How a control ended, and why.",
    &[
        always("status", Text, "passed, failed or skipped."),
        always(
            "subStatus",
            Text,
            "What kind of reason it has, such as irrelevant, configuration, manual review, requires review or w/exceptions; empty for none.",
        ),
        always(
            "info",
            Text,
            "The reason in words, such as which input is missing; empty for none.",
        ),
    ],
);

static SCANNED_RULE: Object = Object::new(
    "ScannedControlRule",
    "What one rule found. A rule is one check in a program.",
    &[
        always("name", Text, "The name of the rule."),
        always("status", Obj(&RULE_STATUS), "How the rule ended."),
        always(
            "controlConfigurations",
            Map(&Any),
            "The inputs that the rule was run with, such as the list of trusted registries, by their names.",
        ),
        always(
            "paths",
            List(&Obj(&RULE_PATH)),
            "The places in the object that failed or that a mending would set.",
        ),
        always(
            "appliedIgnoreRules",
            List(&Text),
            "The exceptions that made a failure acceptable, by name.",
        ),
        always(
            "relatedResourcesIDs",
            List(&Text),
            "The ids of other objects that the rule looked at together with this one.",
        ),
    ],
);

static RULE_STATUS: Object = Object::new(
    "RuleStatus",
    "How a rule ended.",
    &[
        always("status", Text, "passed, failed or skipped."),
        always(
            "subStatus",
            Text,
            "What kind of reason it has; empty for none.",
        ),
    ],
);

static RULE_PATH: Object = Object::new(
    "RulePath",
    "One place in the object, as a path such as spec.template.spec.containers[0].securityContext.privileged.",
    &[
        always(
            "failedPath",
            Text,
            "The path of a field whose value is wrong; empty when a field is missing.",
        ),
        always(
            "fixPath",
            Text,
            "The path of a field to set so that the rule passes; empty when there is nothing to set.",
        ),
        always(
            "fixPathValue",
            Text,
            "The value to set at fixPath. YOUR_… means: choose your own.",
        ),
        always(
            "fixCommand",
            Text,
            "A command that mends it, for things outside of Kubernetes objects; empty otherwise.",
        ),
    ],
);

static RELATED_OBJECT: Object = Object::new(
    "WorkloadScanRelatedObject",
    "Names an object that took part in a result.",
    &[
        always(
            "namespace",
            Text,
            "Its namespace; empty for cluster-wide objects.",
        ),
        always("apiGroup", Text, "Its API group; empty for the core group."),
        always("apiVersion", Text, "Its API version, without the group."),
        always("kind", Text, "Its kind."),
        always("name", Text, "Its name."),
    ],
);

/// `WorkloadConfigurationScanSummary`.
pub static WORKLOAD_CONFIGURATION_SCAN_SUMMARY: Object = Object::new(
    "WorkloadConfigurationScanSummary",
    "The short result of checking one object's configuration: how many controls failed at each severity, and how each ended. The scan of the same name has the details.",
    &[always("spec", Obj(&SUMMARY_SPEC), "The result in short.")],
)
.with(&[&ENVELOPE]);

static SUMMARY_SPEC: Object = Object::new(
    "WorkloadConfigurationScanSummarySpec",
    "The result of checking one object's configuration, in short.",
    &[
        always(
            "severities",
            Obj(&SEVERITIES),
            "How many controls failed, by their severity.",
        ),
        always(
            "controls",
            Map(&Obj(&CONTROL_SUMMARY)),
            "How each control ended, by its id such as C-0016.",
        ),
    ],
);

static SEVERITIES: Object = Object::new(
    "WorkloadConfigurationScanSeveritiesSummary",
    "Counts of failed controls, one for each severity.",
    &[
        always("critical", Int64, "Failed controls of critical severity."),
        always("high", Int64, "Failed controls of high severity."),
        always("medium", Int64, "Failed controls of medium severity."),
        always("low", Int64, "Failed controls of low severity."),
        always("unknown", Int64, "Failed controls without a severity."),
    ],
);

static CONTROL_SUMMARY: Object = Object::new(
    "ScannedControlSummary",
    "How one control ended, in short.",
    &[
        always("controlID", Text, "The id of the control, such as C-0016."),
        always(
            "severity",
            Obj(&CONTROL_SEVERITY),
            "How bad it is when the control fails.",
        ),
        always("status", Obj(&CONTROL_STATUS), "How the control ended."),
    ],
);

/// `ConfigurationScanSummary`.
pub static CONFIGURATION_SCAN_SUMMARY: Object = Object::new(
    "ConfigurationScanSummary",
    "The configuration results of one namespace in sums; it bears the namespace's name. Computed when read, never stored. Cluster-wide objects and access rights count under Kubescape's own namespace.",
    &[always("spec", Obj(&NAMESPACE_SPEC), "The sums.")],
)
.with(&[&ENVELOPE]);

static NAMESPACE_SPEC: Object = Object::new(
    "ConfigurationScanSummarySpec",
    "The configuration results of one namespace in sums.",
    &[
        always(
            "severities",
            Obj(&SEVERITIES),
            "Failed controls of all workloads in the namespace together; a control that fails in two workloads counts twice.",
        ),
        always(
            "summaryRef",
            List(&Obj(&SUMMARY_IDENTIFIER)),
            "The summaries that were added up, one for each workload.",
        ),
    ],
);

static SUMMARY_IDENTIFIER: Object = Object::new(
    "WorkloadConfigurationScanSummaryIdentifier",
    "Names the summary of one workload.",
    &[
        always("namespace", Text, "Its namespace."),
        always("kind", Text, "WorkloadConfigurationScanSummary."),
        always("name", Text, "Its name."),
    ],
);
