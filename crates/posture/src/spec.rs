//! `spec` of both resources. Texts of controls without a fault are the same for
//! all objects of a kind, so that they are made once.

use std::collections::{BTreeMap, HashMap};

use kubescape_engine::{
    Fault, Outcome, PathKind, Record, RuleNumber, Severity, Status, SubStatus, Verdict,
};
use serde::Serialize;

use crate::identity::{parts, split};

#[derive(Serialize)]
struct Control<'o> {
    #[serde(rename = "controlID")]
    id: &'o str,
    name: &'o str,
    severity: ControlSeverity,
    status: ControlStatus<'o>,
    rules: Vec<Rule<'o>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ControlSeverity {
    severity: &'static str,
    score_factor: f32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ControlStatus<'o> {
    status: &'static str,
    sub_status: &'static str,
    info: &'o str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'o> {
    name: &'o str,
    status: RuleStatus,
    control_configurations: BTreeMap<&'o str, &'o [String]>,
    paths: Vec<Path<'o>>,
    /// Names of the exceptions that accept what it found.
    applied_ignore_rules: Vec<String>,
    #[serde(rename = "relatedResourcesIDs")]
    related_ids: Vec<&'o str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleStatus {
    status: &'static str,
    sub_status: &'static str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "names of the wire")]
struct Path<'o> {
    failed_path: &'o str,
    fix_path: &'o str,
    fix_path_value: &'o str,
    fix_command: &'o str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RelatedObject<'o> {
    namespace: &'o str,
    api_group: &'o str,
    api_version: &'o str,
    kind: &'o str,
    name: &'o str,
}

#[derive(Serialize)]
struct ControlSummary<'o> {
    #[serde(rename = "controlID")]
    id: &'o str,
    severity: ControlSeverity,
    status: ControlStatus<'o>,
}

#[derive(Default, Serialize)]
struct Severities {
    critical: u32,
    high: u32,
    medium: u32,
    low: u32,
    unknown: u32,
}

impl Severities {
    fn add(&mut self, severity: Severity) {
        *match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Unknown => &mut self.unknown,
        } += 1;
    }
}

/// Writes specifications; remembers texts, so of one outcome as it is.
pub(crate) struct Specs<'o> {
    outcome: &'o Outcome,
    plain: HashMap<(usize, Vec<RuleNumber>), Box<str>>,
}

/// Both texts.
pub(crate) struct Spec {
    pub(crate) configuration: String,
    pub(crate) summary: String,
}

impl<'o> Specs<'o> {
    pub(crate) fn new(outcome: &'o Outcome) -> Self {
        Self {
            outcome,
            plain: HashMap::new(),
        }
    }

    pub(crate) fn of(&mut self, record: &'o Record) -> serde_json::Result<Spec> {
        let verdicts = self.outcome.verdicts(record);
        let mut configuration = String::from(r#"{"controls":{"#);
        let mut summaries = BTreeMap::new();
        let mut severities = Severities::default();
        for (place, verdict) in verdicts.iter().enumerate() {
            let control = self.outcome.plan.controls[verdict.control];
            if place > 0 {
                configuration.push(',');
            }
            // Identifiers of controls need no escaping.
            configuration.extend(["\"", control.id, "\":"]);
            self.control(record, verdict, &mut configuration)?;
            summaries.insert(
                control.id,
                ControlSummary {
                    id: control.id,
                    severity: self.severity(verdict),
                    status: status(verdict),
                },
            );
            if verdict.status.status == Status::Failed {
                severities.add(control.severity());
            }
        }
        configuration.push_str(r#"},"relatedObjects":"#);
        configuration.push_str(&serde_json::to_string(&self.related(record))?);
        configuration.push('}');
        let summary = format!(
            r#"{{"controls":{},"severities":{}}}"#,
            serde_json::to_string(&summaries)?,
            serde_json::to_string(&severities)?
        );
        Ok(Spec {
            configuration,
            summary,
        })
    }

    fn control(
        &mut self,
        record: &'o Record,
        verdict: &Verdict<'o>,
        out: &mut String,
    ) -> serde_json::Result<()> {
        let rules = &self.outcome.plan.rules_of[verdict.control];
        let at_fault = |fault: &Fault| rules.contains(&fault.rule);
        if record.faults.iter().any(|fault| at_fault(fault)) {
            out.push_str(&serde_json::to_string(&self.result(record, verdict))?);
            return Ok(());
        }
        let judged = rules
            .iter()
            .copied()
            .filter(|rule| record.rules.contains(rule));
        let key = (verdict.control, judged.collect());
        if let Some(text) = self.plain.get(&key) {
            out.push_str(text);
            return Ok(());
        }
        let text = serde_json::to_string(&self.result(record, verdict))?;
        out.push_str(&text);
        self.plain.insert(key, text.into());
        Ok(())
    }

    fn result<'v>(&self, record: &'o Record, verdict: &'v Verdict<'o>) -> Control<'v>
    where
        'o: 'v,
    {
        let control = self.outcome.plan.controls[verdict.control];
        let rules = self.outcome.rules_of(record, verdict.control).into_iter();
        Control {
            id: control.id,
            name: control.name,
            severity: self.severity(verdict),
            status: status(verdict),
            rules: rules
                .map(|(number, info)| {
                    let status = RuleStatus {
                        status: info.status.name(),
                        sub_status: info.sub_status.name(),
                    };
                    let mut rule = self.rule(record, number, status);
                    if info.sub_status == SubStatus::WithExceptions {
                        let excuse = self.outcome.excuse_of(record, verdict.control, number);
                        rule.applied_ignore_rules = excuse.names().map(str::to_owned).collect();
                    }
                    rule
                })
                .collect(),
        }
    }

    fn rule(&self, record: &'o Record, number: RuleNumber, status: RuleStatus) -> Rule<'o> {
        let plan = &self.outcome.plan;
        let rule = plan.rules[usize::from(number)];
        let inputs = rule
            .inputs
            .iter()
            .map(|name| (*name, plan.inputs.list(name)));
        let mut paths = Vec::new();
        let mut related_ids = Vec::new();
        for fault in record.faults.iter().filter(|fault| fault.rule == number) {
            paths.extend(places(fault));
            let records = fault.related.iter().map(|related| related.record as usize);
            related_ids.extend(records.map(|number| &*self.outcome.records[number].id));
        }
        related_ids.sort_unstable();
        related_ids.dedup();
        Rule {
            name: rule.name,
            status,
            control_configurations: inputs.collect(),
            paths,
            applied_ignore_rules: Vec::new(),
            related_ids,
        }
    }

    fn severity(&self, verdict: &Verdict<'_>) -> ControlSeverity {
        let control = self.outcome.plan.controls[verdict.control];
        ControlSeverity {
            severity: control.severity().name(),
            score_factor: control.base_score,
        }
    }

    /// Role and binding of a subject, and what explains faults.
    fn related(&self, record: &'o Record) -> Vec<RelatedObject<'o>> {
        let mut numbers = parts(record);
        let known = numbers.len();
        let of_faults = record.faults.iter().flat_map(|fault| &fault.related);
        let mut others: Vec<u32> = of_faults.map(|related| related.record).collect();
        others.sort_by_key(|number| &self.outcome.records[*number as usize].id);
        others.dedup();
        others.retain(|number| !numbers[..known].contains(number));
        numbers.extend(others);
        let object = |number: u32| {
            let related = &self.outcome.records[number as usize];
            let (api_group, api_version) = split(&related.api_version);
            RelatedObject {
                namespace: &related.namespace,
                api_group,
                api_version,
                kind: &related.kind,
                name: &related.name,
            }
        };
        numbers.into_iter().map(object).collect()
    }
}

fn status<'v>(verdict: &'v Verdict<'_>) -> ControlStatus<'v> {
    ControlStatus {
        status: verdict.status.status.name(),
        sub_status: verdict.status.sub_status.name(),
        info: verdict.status.info,
    }
}

/// Fields for a place to review and a place to delete do not exist here: upstream
/// loses them, we call them failed.
fn places(fault: &Fault) -> impl Iterator<Item = Path<'_>> {
    let command = (!fault.fix_command.is_empty()).then(|| Path {
        fix_command: &fault.fix_command,
        ..Path::default()
    });
    let paths = fault.paths.iter().map(|path| match path.kind {
        PathKind::Fix => Path {
            fix_path: &path.path,
            fix_path_value: &path.value,
            ..Path::default()
        },
        PathKind::Failed | PathKind::Review | PathKind::Delete => Path {
            failed_path: &path.path,
            ..Path::default()
        },
    });
    paths.chain(command)
}
