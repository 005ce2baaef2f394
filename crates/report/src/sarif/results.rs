//! A result for every object that fails a control.

use std::fmt::Write as _;
use std::io::{self, Write};

use kubescape_collect::Input;
use kubescape_engine::{Origin, PathKind, Status};
use kubescape_scan::Scan;
use serde_json::{Value as Json, json};

use super::fixes::replacements;
use super::location::{artifact, marked, region_at};
use super::rules::level;
use crate::faults::{Mark, faults_of, marks_of, messages_of, name_of, title_of};
use crate::source::Texts;

/// Code hosts show one or a few places; the message tells how many there are.
const PLACES: usize = 10;

/// Paths that a message names.
const NAMED: usize = 4;

pub(super) fn write(scan: &Scan, failing: &[usize], out: &mut dyn Write) -> io::Result<()> {
    let outcome = &scan.outcome;
    let mut rule_index = vec![None; outcome.controls.len()];
    for (index, control) in failing.iter().enumerate() {
        rule_index[*control] = Some(index);
    }
    let mut results = Results {
        scan,
        texts: Texts::new(scan),
    };
    let mut first = true;
    for (number, record) in outcome.records.iter().enumerate() {
        if record.hidden || record.faults.is_empty() {
            continue;
        }
        for verdict in outcome.verdicts(record) {
            if verdict.status.status != Status::Failed {
                continue;
            }
            if let Some(index) = rule_index[verdict.control] {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                let result = results.result(number, verdict.control, index);
                serde_json::to_writer(&mut *out, &result)?;
            }
        }
    }
    Ok(())
}

struct Results<'s> {
    scan: &'s Scan,
    texts: Texts<'s>,
}

impl Results<'_> {
    fn result(&mut self, number: usize, control: usize, index: usize) -> Json {
        let outcome = &self.scan.outcome;
        let definition = outcome.plan.controls[control];
        let marks = marks_of(outcome, number, control);
        let mut result = json!({
            "ruleId": definition.id,
            "ruleIndex": index,
            "level": level(definition),
            "message": {"text": message(self.scan, number, control, &marks)},
            "locations": self.locations(number, &marks),
            "partialFingerprints": {"kubescapeFinding/v1": fingerprint(self.scan, number, control, &marks)},
        });
        let related = self.related(number, control);
        if !related.is_empty() {
            result["relatedLocations"] = Json::Array(related);
        }
        if let Some(fix) = self.fix(&marks) {
            result["fixes"] = json!([fix]);
        }
        result
    }

    fn locations(&mut self, number: usize, marks: &[Mark<'_>]) -> Vec<Json> {
        let logical = logical(self.scan, number);
        let mut locations: Vec<Json> = Vec::new();
        for mark in marks {
            let place = self.physical(mark.record, mark.path);
            let location = match place {
                Some(place) => json!({"physicalLocation": place, "logicalLocations": [logical]}),
                None => json!({"logicalLocations": [logical]}),
            };
            if !locations.contains(&location) {
                locations.push(location);
            }
            if locations.len() == PLACES {
                break;
            }
        }
        if locations.is_empty() {
            let record = self.text_of(number);
            locations.push(match self.physical(record, "") {
                Some(place) => json!({"physicalLocation": place, "logicalLocations": [logical]}),
                None => json!({"logicalLocations": [logical]}),
            });
        }
        locations
    }

    /// The record whose text stands for this one.
    fn text_of(&self, number: usize) -> usize {
        match self.scan.outcome.records[number].origin {
            Origin::Subject { binding, .. } => binding as usize,
            _ => number,
        }
    }

    fn physical(&mut self, record: usize, path: &str) -> Option<Json> {
        let place = self.scan.places.get(record)?;
        let source = self.scan.sources.get(place.source as usize)?;
        if matches!(source.input, Input::Stdin | Input::Cluster) {
            return None;
        }
        let document = self.texts.document(record);
        let located = document
            .as_ref()
            .and_then(|document| document.located(record, path));
        let region = match located {
            // Marking a whole object would hide what it is about.
            Some(located) if path.is_empty() => {
                let start = located.place.whole().start;
                region_at(start.line, Some(start.column))
            }
            Some(located) => marked(&located.place, located.rest.is_empty()),
            None => region_at(place.line, None),
        };
        Some(json!({"artifactLocation": artifact(&source.name), "region": region}))
    }

    fn related(&mut self, number: usize, control: usize) -> Vec<Json> {
        let outcome = &self.scan.outcome;
        let record = &outcome.records[number];
        let mut locations: Vec<Json> = Vec::new();
        for fault in faults_of(outcome, record, control) {
            for related in &fault.related {
                let other = related.record as usize;
                let path = related.paths.first().map_or("", |path| &*path.path);
                let Some(place) = self.physical(other, path) else {
                    continue;
                };
                let name = outcome.records.get(other).map_or_else(String::new, name_of);
                let location = json!({"physicalLocation": place, "message": {"text": name}});
                if !locations.contains(&location) && locations.len() < PLACES {
                    locations.push(location);
                }
            }
        }
        locations
    }

    fn fix(&mut self, marks: &[Mark<'_>]) -> Option<Json> {
        let record = marks.first()?.record;
        if marks.iter().any(|mark| mark.record != record) {
            return None;
        }
        let place = self.scan.places.get(record)?;
        let source = self.scan.sources.get(place.source as usize)?;
        if matches!(source.input, Input::Stdin | Input::Cluster) {
            return None;
        }
        let document = self.texts.document(record)?;
        let replacements = replacements(&document, marks)?;
        Some(json!({
            "description": {"text": wishes(marks)},
            "artifactChanges": [{
                "artifactLocation": artifact(&source.name),
                "replacements": replacements,
            }],
        }))
    }
}

fn logical(scan: &Scan, number: usize) -> Json {
    let record = &scan.outcome.records[number];
    json!({"name": &*record.name, "fullyQualifiedName": &*record.id, "kind": "resource"})
}

/// What is wrong, in words: the rule's own, or the places.
fn message(scan: &Scan, number: usize, control: usize, marks: &[Mark<'_>]) -> String {
    let outcome = &scan.outcome;
    let record = &outcome.records[number];
    let definition = outcome.plan.controls[control];
    let mut text = format!("{}: {}", title_of(outcome, number), definition.name);
    let messages = messages_of(outcome, record, control);
    if !messages.is_empty() {
        text.push_str(". ");
        text.push_str(&messages.join(" "));
    }
    let wishes = wishes(marks);
    if !wishes.is_empty() {
        let stop = if text.ends_with('.') { " " } else { ". " };
        text.push_str(stop);
        text.push_str(&wishes);
    }
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// `Set a.b to false; remove c.`
fn wishes(marks: &[Mark<'_>]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for mark in marks.iter().filter(|mark| !mark.path.is_empty()) {
        let path = mark.path;
        let text = match mark.kind {
            PathKind::Fix => format!("set {path} to {}", mark.value),
            PathKind::Delete => format!("remove {path}"),
            PathKind::Review | PathKind::Failed => format!("look at {path}"),
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let rest = texts.len().saturating_sub(NAMED);
    texts.truncate(NAMED);
    let mut text = texts.join("; ");
    if rest > 0 {
        let _ = write!(text, "; and {rest} more");
    }
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
        text.push('.');
    }
    text
}

/// The same finding has the same one in every scan: it depends on control,
/// object and path alone.
fn fingerprint(scan: &Scan, number: usize, control: usize, marks: &[Mark<'_>]) -> String {
    let id = scan.outcome.plan.controls[control].id;
    let resource = &scan.outcome.records[number].id;
    let path = marks.first().map_or("", |mark| mark.path);
    // 128-bit FNV-1a: no secret is at stake, only chance.
    let hash = [id, resource, path].join("\n").bytes().fold(
        0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128,
        |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        },
    );
    format!("{hash:032x}")
}
