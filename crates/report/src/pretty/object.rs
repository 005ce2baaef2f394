//! One object that fails one control.

use std::fmt::Write as _;
use std::io;
use std::rc::Rc;

use kubescape_collect::Position;
use kubescape_engine::{PathKind, RelatedFault};

use super::Report;
use super::excerpt::{Excerpt, Shown, digits_of};
use super::page::{Line, Page, Tone};
use crate::faults::{Mark, faults_of, marks_of, messages_of, name_of, title_of};
use crate::place::{Whereabouts, whereabouts};
use crate::source::{Document, is_placeholder};
use crate::text::{cleaned, cut, cut_middle, width, wrap};

/// More marks of one object than these are only named.
const MARKS: usize = 8;

/// What was shown of an object.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    /// The report shows all that is to be changed.
    pub(super) how: bool,
}

/// The marks in one document.
struct Group<'s> {
    record: usize,
    document: Option<Rc<Document<'s>>>,
    marks: Vec<Mark<'s>>,
}

/// Writes where and why a record fails a control.
pub(super) fn write(
    report: &mut Report<'_>,
    number: usize,
    control: usize,
    page: &mut Page<'_>,
) -> io::Result<Said> {
    let outcome = &report.scan.outcome;
    let marks = marks_of(outcome, number, control);
    let mut said = Said {
        how: marks
            .iter()
            .any(|mark| matches!(mark.kind, PathKind::Fix | PathKind::Delete))
            && !marks.iter().any(is_placeholder),
    };
    let mut groups = groups(report, number, marks);
    let also = take_others(&mut groups, report.style.verbose);
    let mut digits = 3;
    let mut excerpts = Vec::new();
    for group in &groups {
        let excerpt = group.excerpt();
        digits = excerpt
            .as_ref()
            .map_or(digits, |excerpt| digits.max(digits_of(excerpt.last_line())));
        excerpts.push(excerpt);
    }
    let mut wishes = Vec::new();
    for (place, (group, excerpt)) in groups.iter().zip(&excerpts).enumerate() {
        let title = match place {
            0 => title_of(outcome, number),
            _ => name_of(&outcome.records[group.record]),
        };
        let at = group.start();
        let location = location(report, group.record, at);
        let arrow = if place == 0 { "-->" } else { ":::" };
        heading(arrow, &location, &title, page)?;
        if let Some(excerpt) = excerpt {
            excerpt.write(digits, page)?;
            wishes.extend(excerpt.wishes.iter().copied());
        } else {
            wishes.extend(group.marks.iter().copied());
        }
    }
    for (word, text) in wish_lines(&wishes) {
        note(word, &text, digits, page)?;
    }
    also_line(&also, digits, page)?;
    said.how |= explain(report, number, control, digits, page)?;
    Ok(said)
}

/// The marks by the document that they are in; at least one group.
fn groups<'s>(report: &mut Report<'s>, number: usize, marks: Vec<Mark<'s>>) -> Vec<Group<'s>> {
    let mut groups: Vec<Group<'s>> = Vec::new();
    for mark in marks {
        match groups.iter_mut().find(|group| group.record == mark.record) {
            Some(group) => group.marks.push(mark),
            None => groups.push(Group {
                record: mark.record,
                document: report.texts.document(mark.record),
                marks: vec![mark],
            }),
        }
    }
    if groups.is_empty() {
        let record = match report.scan.outcome.records[number].origin {
            kubescape_engine::Origin::Subject { binding, .. } => binding as usize,
            _ => number,
        };
        groups.push(Group {
            record,
            document: report.texts.document(record),
            marks: Vec::new(),
        });
    }
    groups
}

/// Leaves in each group what is beside its first mark, the places in one
/// container, say, and takes out the rest.
fn take_others<'s>(groups: &mut [Group<'s>], verbose: bool) -> Vec<Mark<'s>> {
    let mut others = Vec::new();
    for group in groups {
        let Some(document) = &group.document else {
            continue;
        };
        let item = |mark: &Mark<'_>| {
            let located = document.located(mark.record, mark.path)?;
            Some(located.item.map(|item| item.value.start))
        };
        let Some(first) = group.marks.first().map(item) else {
            continue;
        };
        let mut kept = 0;
        let mut keep = |mark: &Mark<'s>| {
            let beside = item(mark) == first && kept < MARKS;
            kept += usize::from(beside);
            beside || verbose
        };
        let (stay, go) = group.marks.drain(..).partition(|mark| keep(mark));
        group.marks = stay;
        others.extend::<Vec<_>>(go);
    }
    others
}

impl<'s> Group<'s> {
    /// The marks that point at something.
    fn shown<'d>(&'d self) -> Vec<Shown<'d, 's>> {
        let Some(document) = &self.document else {
            return Vec::new();
        };
        let shown = |mark: &Mark<'s>| {
            let located = document.located(mark.record, mark.path)?;
            // A place of which nothing exists points at nothing.
            let exists = mark.kind == PathKind::Fix
                || located.rest.is_empty()
                || located.place.key.is_some()
                || located.item.is_some();
            let shown = Shown {
                mark: *mark,
                located,
            };
            (exists && !mark.path.is_empty()).then_some(shown)
        };
        self.marks.iter().filter_map(shown).collect()
    }

    /// The first place that something is said of.
    fn start(&self) -> Option<Position> {
        let object = || self.document.as_ref()?.start_of(self.record);
        let starts = self
            .shown()
            .into_iter()
            .map(|shown| shown.located.place.whole().start);
        starts.min().or_else(object)
    }

    fn excerpt<'d>(&'d self) -> Option<Excerpt<'d, 's>> {
        let document = self
            .document
            .as_deref()
            .filter(|document| document.is_showable())?;
        let shown = self.shown();
        (!shown.is_empty()).then(|| Excerpt::new(document, &shown))
    }
}

/// `path:line:column` as far as it is known.
fn location(report: &Report<'_>, record: usize, at: Option<Position>) -> String {
    match (whereabouts(report.scan, record), at) {
        (Some(Whereabouts::File { name, .. }), Some(at)) => {
            format!("{name}:{}:{}", at.line, at.column)
        }
        (Some(place), _) => place.text(),
        (None, _) => String::new(),
    }
}

/// `--> path:1:2  Deployment shop/cart`, the place whole as long as it fits,
/// so that it can be clicked.
pub(super) fn heading(
    arrow: &str,
    location: &str,
    title: &str,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let room = page.width() - 6;
    let line = Line::new().plain("  ").add(Tone::Path, arrow).plain(" ");
    if location.is_empty() {
        return page.line(&line.add(Tone::Strong, title));
    }
    let location = cut_middle(&cleaned(location), room);
    let line = line.plain(&location);
    if width(&location) + 2 + width(title) <= room {
        return page.line(
            &line
                .plain("  ")
                .add(Tone::Strong, cut(title, room - width(&location) - 2)),
        );
    }
    page.line(&line)?;
    page.line(&Line::new().to(6).add(Tone::Strong, title))
}

/// `= word: text`, on as many lines as it takes.
pub(super) fn note(word: &str, text: &str, digits: usize, page: &mut Page<'_>) -> io::Result<()> {
    let indent = digits + 3;
    let lead = format!("{word}: ");
    let hang = indent + 2 + width(&lead);
    for (number, line) in wrap(&cleaned(text), page.width().saturating_sub(hang))
        .iter()
        .enumerate()
    {
        let start = Line::new().to(indent);
        let start = match number {
            0 => start.add(Tone::Faint, "= ").add(Tone::Strong, &lead),
            _ => start.to(hang),
        };
        page.line(&start.plain(line))?;
    }
    Ok(())
}

/// What no excerpt shows, in words.
fn wish_lines(marks: &[Mark<'_>]) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let mut paths = Vec::new();
    for mark in marks.iter().filter(|mark| !mark.path.is_empty()) {
        match mark.kind {
            PathKind::Fix => lines.push(("set", format!("{} to {}", mark.path, mark.value))),
            PathKind::Delete => lines.push(("remove", mark.path.to_owned())),
            PathKind::Failed | PathKind::Review => paths.push(mark.path),
        }
    }
    if !paths.is_empty() {
        lines.push(("at", paths.join(", ")));
    }
    lines
}

fn also_line(also: &[Mark<'_>], digits: usize, page: &mut Page<'_>) -> io::Result<()> {
    if also.is_empty() {
        return Ok(());
    }
    let mut names: Vec<_> = also.iter().map(|mark| short(mark.path)).collect();
    names.dedup();
    let rest = names.len().saturating_sub(6);
    names.truncate(6);
    let mut text = names.join(", ");
    if rest > 0 {
        let _ = write!(text, " and {rest} more");
    }
    note("also", &text, digits, page)
}

/// A path without what leads to a pod's specification.
pub(super) fn short(path: &str) -> &str {
    let prefixes = [
        "spec.jobTemplate.spec.template.spec.",
        "spec.template.spec.",
        "spec.",
    ];
    let containers = [
        "containers[",
        "initContainers[",
        "ephemeralContainers[",
        "volumes[",
    ];
    for prefix in prefixes {
        if let Some(rest) = path.strip_prefix(prefix)
            && (prefix != "spec." || containers.iter().any(|list| rest.starts_with(list)))
        {
            return rest;
        }
    }
    path
}

/// What the faults say in words; whether they say what to do.
fn explain(
    report: &mut Report<'_>,
    number: usize,
    control: usize,
    digits: usize,
    page: &mut Page<'_>,
) -> io::Result<bool> {
    let outcome = &report.scan.outcome;
    let record = &outcome.records[number];
    for message in messages_of(outcome, record, control) {
        note("note", message, digits, page)?;
    }
    let mut because: Vec<String> = Vec::new();
    let mut commands: Vec<&str> = Vec::new();
    for fault in faults_of(outcome, record, control) {
        for related in &fault.related {
            let text = related_text(report, related);
            if !because.contains(&text) {
                because.push(text);
            }
        }
        if !fault.fix_command.is_empty() && !commands.contains(&&*fault.fix_command) {
            commands.push(&fault.fix_command);
        }
    }
    for text in because {
        note("because", &text, digits, page)?;
    }
    for command in &commands {
        note("run", command, digits, page)?;
    }
    Ok(!commands.is_empty())
}

/// `Service shop/cart (service.yaml:3:1), spec.type`.
fn related_text(report: &mut Report<'_>, related: &RelatedFault) -> String {
    let number = related.record as usize;
    let Some(record) = report.scan.outcome.records.get(number) else {
        return String::new();
    };
    let mut text = name_of(record);
    let mut paths: Vec<&str> = related.paths.iter().map(|path| &*path.path).collect();
    paths.dedup();
    let document = report.texts.document(number);
    let at = document.and_then(|document| {
        let first = document.located(number, paths.first().copied().unwrap_or(""))?;
        Some(first.place.whole().start)
    });
    let location = location(report, number, at);
    // Writing to memory cannot fail.
    if !location.is_empty() {
        let _ = write!(text, " ({location})");
    }
    if !paths.is_empty() {
        let _ = write!(text, ", {}", paths.join(", "));
    }
    text
}
