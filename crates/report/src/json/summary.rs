//! `summaryDetails`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kubescape_engine::{
    ControlResult, Counts, Outcome, Severity, SeverityCounts, Status, SubStatus, Summary,
};
use kubescape_scan::Scan;
use serde::Serialize;
use serde_json::{Value as Json, json};

/// Categories have numbers on the wire. (config-scanning reference §2.1.)
const CATEGORIES: [(&str, &str); 9] = [
    ("Control plane", "Cat-1"),
    ("Access control", "Cat-2"),
    ("Secrets", "Cat-3"),
    ("Network", "Cat-4"),
    ("Workload", "Cat-5"),
    ("Supply chain", "Cat-6"),
    ("Resource management", "Cat-7"),
    ("Storage", "Cat-8"),
    ("Node escape", "Cat-9"),
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details<'o> {
    controls: BTreeMap<&'o str, Control<'o>>,
    status: &'static str,
    frameworks: Vec<Framework<'o>>,
    resources_severity_counters: Severities,
    controls_severity_counters: Severities,
    #[serde(rename = "ResourceCounters")]
    resource_counters: ResourceCounters,
    vulnerabilities: Json,
    score: f32,
    compliance_score: f32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Framework<'o> {
    name: &'o str,
    status: &'static str,
    version: &'o str,
    controls: BTreeMap<&'o str, Control<'o>>,
    #[serde(rename = "ResourceCounters")]
    resource_counters: ResourceCounters,
    score: f32,
    compliance_score: f32,
}

#[derive(Clone, Serialize)]
struct Control<'o> {
    #[serde(rename = "statusInfo")]
    status_info: StatusInfo<'o>,
    #[serde(rename = "controlID")]
    id: &'o str,
    name: &'o str,
    status: &'static str,
    /// Upstream always writes an empty object here.
    #[serde(rename = "resourceIDs")]
    resource_ids: Nothing,
    #[serde(rename = "ResourceCounters")]
    resource_counters: ResourceCounters,
    #[serde(rename = "subStatusCounters")]
    sub_status_counters: SubStatusCounters,
    score: f32,
    #[serde(rename = "complianceScore")]
    compliance_score: f32,
    #[serde(rename = "scoreFactor")]
    score_factor: f32,
    category: Option<Category>,
    severity: &'static str,
}

/// `{}`.
#[derive(Clone, Serialize)]
struct Nothing {}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusInfo<'o> {
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    sub_status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    info: Cow<'o, str>,
}

impl<'o> StatusInfo<'o> {
    pub(super) fn new(status: Status, sub_status: SubStatus, info: &'o str) -> Self {
        Self {
            status: status.name(),
            sub_status: sub_status.name(),
            info: Cow::Borrowed(info),
        }
    }

    pub(super) fn add_info(&mut self, more: &str) {
        let info = self.info.to_mut();
        if !info.is_empty() {
            info.push_str("; ");
        }
        info.push_str(more);
    }
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "names of the wire")]
struct Category {
    name: &'static str,
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<SubCategory>,
}

#[derive(Clone, Serialize)]
struct SubCategory {
    name: &'static str,
    id: &'static str,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "names of the wire")]
struct ResourceCounters {
    passed_resources: u32,
    failed_resources: u32,
    skipped_resources: u32,
    excluded_resources: u32,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubStatusCounters {
    ignored_resources: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "names of the wire")]
struct Severities {
    critical_severity: u32,
    high_severity: u32,
    medium_severity: u32,
    low_severity: u32,
}

impl From<Counts> for ResourceCounters {
    fn from(counts: Counts) -> Self {
        Self {
            passed_resources: counts.passed,
            failed_resources: counts.failed,
            skipped_resources: counts.skipped,
            excluded_resources: 0,
        }
    }
}

impl From<SeverityCounts> for Severities {
    fn from(counts: SeverityCounts) -> Self {
        Self {
            critical_severity: counts.of(Severity::Critical),
            high_severity: counts.of(Severity::High),
            medium_severity: counts.of(Severity::Medium),
            low_severity: counts.of(Severity::Low),
        }
    }
}

fn category_id(name: &str) -> &'static str {
    CATEGORIES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, id)| id)
}

fn control<'o>(outcome: &'o Outcome, number: usize, result: &'o ControlResult) -> Control<'o> {
    let control = outcome.plan.controls[number];
    let sub_category = (!control.subcategory.is_empty()).then(|| SubCategory {
        name: control.subcategory,
        id: category_id(control.subcategory),
    });
    Control {
        status_info: StatusInfo::new(result.status, result.sub_status, &result.info),
        id: control.id,
        name: control.name,
        status: result.status.name(),
        resource_ids: Nothing {},
        resource_counters: result.counts.into(),
        sub_status_counters: SubStatusCounters {
            ignored_resources: result.counts.excepted,
        },
        score: result.risk,
        compliance_score: result.compliance,
        score_factor: control.base_score,
        category: (!control.category.is_empty()).then(|| Category {
            name: control.category,
            id: category_id(control.category),
            sub_category,
        }),
        severity: control.severity().name(),
    }
}

impl<'o> Details<'o> {
    pub(super) fn new(scan: &'o Scan) -> Self {
        let outcome = &scan.outcome;
        let named = |number: usize, result| {
            let id = outcome.plan.controls[number].id;
            (id, control(outcome, number, result))
        };
        let framework = |(place, ((framework, numbers), summary)): (
            usize,
            (&(&'o kubescape_engine::Framework, Vec<usize>), &'o Summary),
        )| {
            let named = |number: &usize| named(*number, outcome.control_in(place, *number));
            Framework {
                name: framework.name,
                status: summary.status.name(),
                version: "",
                controls: numbers.iter().map(named).collect(),
                resource_counters: summary.counts.into(),
                score: summary.risk,
                compliance_score: summary.compliance,
            }
        };
        let total = &outcome.total;
        Self {
            controls: outcome
                .controls
                .iter()
                .enumerate()
                .map(|(number, result)| named(number, result))
                .collect(),
            status: total.status.name(),
            frameworks: outcome
                .plan
                .frameworks
                .iter()
                .zip(&outcome.frameworks)
                .enumerate()
                .map(framework)
                .collect(),
            resources_severity_counters: outcome.failed_resources.into(),
            controls_severity_counters: outcome.failed_controls.into(),
            resource_counters: total.counts.into(),
            vulnerabilities: json!({"mapsSeverityToSummary": {}, "CVEs": [], "packageScores": {}, "images": []}),
            score: total.risk,
            compliance_score: total.compliance,
        }
    }
}
