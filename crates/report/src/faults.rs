//! Which objects fail which control, and the places that the faults name.

use kubescape_engine::{Fault, FaultPath, Origin, Outcome, PathKind, Record, Severity, Status};

/// The failing objects of every control.
pub(crate) struct Failures {
    by_control: Vec<Vec<u32>>,
}

impl Failures {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let mut by_control = vec![Vec::new(); outcome.plan.controls.len()];
        for (number, record) in (0..).zip(&outcome.records) {
            if record.hidden || record.faults.is_empty() {
                continue;
            }
            for verdict in outcome.verdicts(record) {
                if verdict.status.status == Status::Failed {
                    by_control[verdict.control].push(number);
                }
            }
        }
        Self { by_control }
    }

    /// Numbers of the records that fail a control, in input order.
    pub(crate) fn records(&self, control: usize) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.by_control[control]
            .iter()
            .map(|number| *number as usize)
    }

    /// The controls that something fails, worst first, then by ID.
    pub(crate) fn controls(&self, outcome: &Outcome) -> Vec<usize> {
        let mut failing: Vec<usize> = (0..self.by_control.len())
            .filter(|control| !self.by_control[*control].is_empty())
            .collect();
        sort_worst_first(&mut failing, outcome);
        failing
    }
}

/// Worst severity first, then by ID.
pub(crate) fn sort_worst_first(controls: &mut [usize], outcome: &Outcome) {
    let of = |control: &usize| outcome.plan.controls[*control];
    controls.sort_by(|a, b| {
        let by_severity = of(b).severity().cmp(&of(a).severity());
        by_severity.then_with(|| of(a).id.cmp(of(b).id))
    });
}

/// The severities that occur in results of this plan, worst first.
pub(crate) fn severities() -> impl Iterator<Item = Severity> {
    Severity::WORST_FIRST.into_iter()
}

/// What the rules of a control found in a resource, and no exception accepts.
pub(crate) fn faults_of<'s>(
    outcome: &'s Outcome,
    record: &'s Record,
    control: usize,
) -> impl Iterator<Item = &'s Fault> {
    let rules = &outcome.plan.rules_of[control];
    let faults = record.faults.iter().map(|fault| &**fault);
    faults.filter(move |fault| {
        rules.contains(&fault.rule) && !outcome.is_excepted(record, control, fault.rule)
    })
}

/// A place that a fault names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark<'s> {
    /// The record whose text has the place.
    pub(crate) record: usize,
    /// Where in that object.
    pub(crate) path: &'s str,
    /// What to do there.
    pub(crate) kind: PathKind,
    /// What to put there.
    pub(crate) value: &'s str,
}

impl<'s> Mark<'s> {
    /// The place that a path of the record names. The places of a subject lie
    /// in the binding or the role; the subject itself has no text.
    pub(crate) fn new(outcome: &'s Outcome, number: usize, path: &'s FaultPath) -> Option<Self> {
        let mark = Self {
            record: number,
            path: &path.path,
            kind: path.kind,
            value: &path.value,
        };
        let origin = outcome.records.get(number)?.origin;
        let Origin::Subject { binding, role, .. } = origin else {
            return Some(mark);
        };
        let within = |prefix| {
            let rest = mark.path.strip_prefix(prefix)?;
            Some(rest.strip_prefix('.').unwrap_or(rest))
        };
        let (record, path) = within("relatedObjects[0]")
            .map(|path| (binding, path))
            .or_else(|| within("relatedObjects[1]").map(|path| (role, path)))?;
        Some(Self {
            record: record as usize,
            path,
            ..mark
        })
    }
}

/// The places that the control's faults name in the resource itself, each
/// once; a place that gets a value is not also named as being at fault.
pub(crate) fn marks_of(outcome: &Outcome, number: usize, control: usize) -> Vec<Mark<'_>> {
    let mut marks: Vec<Mark<'_>> = Vec::new();
    let record = &outcome.records[number];
    for fault in faults_of(outcome, record, control) {
        for path in &fault.paths {
            let mark = Mark::new(outcome, number, path);
            marks.extend(mark.filter(|mark| !marks.contains(mark)));
        }
    }
    let repairs: Vec<_> = marks
        .iter()
        .filter(|mark| matches!(mark.kind, PathKind::Fix | PathKind::Delete))
        .map(|mark| (mark.record, mark.path))
        .collect();
    marks.retain(|mark| {
        let repairs_itself = matches!(mark.kind, PathKind::Fix | PathKind::Delete);
        repairs_itself || !repairs.contains(&(mark.record, mark.path))
    });
    marks
}

/// `Deployment shop/cart`.
pub(crate) fn name_of(record: &Record) -> String {
    let kind = if record.kind.is_empty() {
        "object"
    } else {
        &record.kind
    };
    match (&*record.namespace, &*record.name) {
        ("", "") => kind.to_owned(),
        ("", name) => format!("{kind} {name}"),
        (namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}

/// [`name_of`], for a subject with what gives it its role.
pub(crate) fn title_of(outcome: &Outcome, number: usize) -> String {
    let record = &outcome.records[number];
    let name = name_of(record);
    let Origin::Subject { binding, role, .. } = record.origin else {
        return name;
    };
    let named = |number: u32| {
        outcome
            .records
            .get(number as usize)
            .map_or_else(String::new, name_of)
    };
    format!("{name} via {} → {}", named(binding), named(role))
}

/// The sentences of a control's faults in a resource, each once.
pub(crate) fn messages_of<'s>(
    outcome: &'s Outcome,
    record: &'s Record,
    control: usize,
) -> Vec<&'s str> {
    let mut messages: Vec<&str> = Vec::new();
    for fault in faults_of(outcome, record, control) {
        if !fault.message.is_empty() && !messages.contains(&&*fault.message) {
            messages.push(&fault.message);
        }
    }
    messages
}

/// The first sentence of a Markdown text, on one line.
pub(crate) fn first_sentence(text: &str) -> String {
    let paragraph = text.trim().split("\n\n").next().unwrap_or("");
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    // "e.g. " and "1.22 " do not end a sentence: a capital has to follow.
    let mut from = 0;
    while let Some(stop) = line[from..].find(". ") {
        let end = from + stop + 1;
        let next = line[end + 1..].chars().next();
        let abbreviates = line[..end].ends_with("e.g.") || line[..end].ends_with("i.e.");
        if next.is_some_and(|char| !char.is_lowercase()) && !abbreviates {
            return line[..end].to_owned();
        }
        from = end + 1;
    }
    line
}
