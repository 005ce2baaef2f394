//! `results`: for every resource its controls, for every control its rules.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use kubescape_engine::{
    FaultPath, Outcome, PathKind, Record, RuleNumber, Status, SubStatus, Verdict,
};
use serde::Serialize;

use super::exceptions::{self, Exception};
use super::summary::StatusInfo;

#[derive(Serialize)]
struct ControlResult<'o> {
    #[serde(rename = "controlID")]
    id: &'o str,
    name: &'o str,
    status: StatusInfo<'o>,
    rules: Vec<RuleResult<'o>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleResult<'o> {
    name: &'o str,
    status: &'static str,
    sub_status: &'static str,
    /// The inputs that the rule read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    control_configurations: BTreeMap<&'o str, &'o [String]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paths: Vec<Path<'o>>,
    /// What accepts what the rule found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exception: Vec<Exception<'o>>,
    #[serde(rename = "relatedResourcesIDs", skip_serializing_if = "Vec::is_empty")]
    related_ids: Vec<&'o str>,
}

impl ControlResult<'_> {
    fn shorten(&mut self, most: usize) {
        let all: usize = self.rules.iter().map(|rule| rule.paths.len()).sum();
        let mut lost = false;
        for rule in &mut self.rules {
            lost |= rule.paths.len() > most || rule.related_ids.len() > most;
            rule.paths.truncate(most);
            rule.related_ids.truncate(most);
        }
        if lost {
            let left: usize = self.rules.iter().map(|rule| rule.paths.len()).sum();
            self.status.add_info(&format!(
                "only {left} of {all} paths are shown: one message takes no more"
            ));
        }
    }
}

/// Exactly one of the paths is set; `fixPath` is always there, as Go writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "names of the wire")]
struct Path<'o> {
    #[serde(rename = "resourceID")]
    resource_id: &'o str,
    #[serde(skip_serializing_if = "str::is_empty")]
    failed_path: &'o str,
    #[serde(skip_serializing_if = "str::is_empty")]
    review_path: &'o str,
    #[serde(skip_serializing_if = "str::is_empty")]
    delete_path: &'o str,
    fix_path: FixPath<'o>,
    #[serde(skip_serializing_if = "str::is_empty")]
    fix_command: &'o str,
}

#[derive(Default, Serialize)]
struct FixPath<'o> {
    path: &'o str,
    value: &'o str,
}

/// Writes one resource's controls after another.
pub(super) struct Writer<'o> {
    outcome: &'o Outcome,
    /// Controls without a fault read the same for every resource of a kind.
    plain: HashMap<(usize, Vec<RuleNumber>), Vec<u8>>,
}

impl<'o> Writer<'o> {
    pub(super) fn new(outcome: &'o Outcome) -> Self {
        Self {
            outcome,
            plain: HashMap::new(),
        }
    }

    /// `resourceID` and `controls`, as fields of an object that is open.
    pub(super) fn fields(&mut self, number: usize, out: &mut dyn Write) -> io::Result<()> {
        let record = &self.outcome.records[number];
        out.write_all(br#""resourceID":"#)?;
        serde_json::to_writer(&mut *out, &record.id)?;
        out.write_all(br#","controls":["#)?;
        for (place, verdict) in self.outcome.verdicts(record).iter().enumerate() {
            if place > 0 {
                out.write_all(b",")?;
            }
            self.control(record, verdict, out)?;
        }
        out.write_all(b"]")
    }

    /// The same with at most so many paths, and so many related resources, of each
    /// rule; controls that lose some say so.
    pub(super) fn short_fields(
        &self,
        number: usize,
        most: usize,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let record = &self.outcome.records[number];
        let mut controls = Vec::new();
        for verdict in &self.outcome.verdicts(record) {
            let mut result = self.result(record, verdict);
            result.shorten(most);
            controls.push(result);
        }
        out.write_all(br#""resourceID":"#)?;
        serde_json::to_writer(&mut *out, &record.id)?;
        out.write_all(br#","controls":"#)?;
        serde_json::to_writer(&mut *out, &controls)?;
        Ok(())
    }

    fn control(
        &mut self,
        record: &'o Record,
        verdict: &Verdict<'o>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let rules = &self.outcome.plan.rules_of[verdict.control];
        let at_fault = record
            .faults
            .iter()
            .any(|fault| rules.contains(&fault.rule));
        if at_fault {
            return Ok(serde_json::to_writer(out, &self.result(record, verdict))?);
        }
        let judged = rules
            .iter()
            .copied()
            .filter(|rule| record.rules.contains(rule))
            .collect();
        let key = (verdict.control, judged);
        if let Some(text) = self.plain.get(&key) {
            return out.write_all(text);
        }
        let text = serde_json::to_vec(&self.result(record, verdict))?;
        out.write_all(&text)?;
        self.plain.insert(key, text);
        Ok(())
    }

    fn result(&self, record: &'o Record, verdict: &Verdict<'o>) -> ControlResult<'o> {
        let control = self.outcome.plan.controls[verdict.control];
        let rules = self.outcome.rules_of(record, verdict.control).into_iter();
        let status = verdict.status;
        ControlResult {
            id: control.id,
            name: control.name,
            status: StatusInfo::new(status.status, status.sub_status, status.info),
            rules: rules
                .map(|(rule, info)| {
                    let mut result = self.rule(record, rule, info.status, info.sub_status.name());
                    if info.sub_status == SubStatus::WithExceptions {
                        let excuse = self.outcome.excuse_of(record, verdict.control, rule);
                        result.exception = exceptions::of(&excuse);
                    }
                    result
                })
                .collect(),
        }
    }

    fn rule(
        &self,
        record: &'o Record,
        rule: RuleNumber,
        status: Status,
        sub_status: &'static str,
    ) -> RuleResult<'o> {
        let mut paths = Vec::new();
        let mut related_ids = Vec::new();
        for fault in record.faults.iter().filter(|fault| fault.rule == rule) {
            paths.extend(fault.paths.iter().map(|path| path_of(&record.id, path)));
            if !fault.fix_command.is_empty() {
                paths.push(Path {
                    fix_command: &fault.fix_command,
                    ..empty_path(&record.id)
                });
            }
            for related in &fault.related {
                let id = &*self.outcome.records[related.record as usize].id;
                related_ids.push(id);
                paths.extend(related.paths.iter().map(|path| path_of(id, path)));
            }
        }
        related_ids.sort_unstable();
        related_ids.dedup();
        let plan = &self.outcome.plan;
        let rule = plan.rules[usize::from(rule)];
        let inputs = rule
            .inputs
            .iter()
            .map(|name| (*name, plan.inputs.list(name)));
        RuleResult {
            name: rule.name,
            status: status.name(),
            sub_status,
            control_configurations: inputs.collect(),
            paths,
            exception: Vec::new(),
            related_ids,
        }
    }
}

fn empty_path(resource_id: &str) -> Path<'_> {
    Path {
        resource_id,
        failed_path: "",
        review_path: "",
        delete_path: "",
        fix_path: FixPath::default(),
        fix_command: "",
    }
}

fn path_of<'o>(resource_id: &'o str, path: &'o FaultPath) -> Path<'o> {
    let empty = empty_path(resource_id);
    match path.kind {
        PathKind::Failed => Path {
            failed_path: &path.path,
            ..empty
        },
        PathKind::Review => Path {
            review_path: &path.path,
            ..empty
        },
        PathKind::Delete => Path {
            delete_path: &path.path,
            ..empty
        },
        PathKind::Fix => Path {
            fix_path: FixPath {
                path: &path.path,
                value: &path.value,
            },
            ..empty
        },
    }
}
