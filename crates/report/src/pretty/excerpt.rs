//! The lines of a document that a finding is about, and what to do with them.

use std::collections::BTreeMap;
use std::io;

use kubescape_collect::{Place, Position, Span};
use kubescape_engine::{Part, Path, PathKind};

use super::page::{Line, Page, Tone};
use crate::edit::{Change, Wish, changes};
use crate::faults::Mark;
use crate::source::{Document, Located};
use crate::text::{cut, head, width};

/// Of more lines that go, only the first and the last are shown.
const SHOW_REMOVED: u64 = 6;

/// Longer lines are not shown twice, before and after a change.
const LONG_LINE: u64 = 120;

/// A mark with its place in the document.
#[derive(Clone, Copy)]
pub(super) struct Shown<'d, 's> {
    pub(super) mark: Mark<'s>,
    pub(super) located: &'d Located<'s>,
}

/// Lines of a document with marks.
pub(super) struct Excerpt<'d, 's> {
    document: &'d Document<'s>,
    lines: BTreeMap<u64, Marks>,
    /// What could not be shown as a change of lines.
    pub(super) wishes: Vec<Mark<'s>>,
}

/// What is said of a line.
#[derive(Default)]
struct Marks {
    removed: bool,
    /// From and to column, and a word about it.
    pointers: Vec<(u64, u64, String)>,
    /// What comes behind it.
    added: Vec<String>,
}

impl<'d, 's> Excerpt<'d, 's> {
    pub(super) fn new(document: &'d Document<'s>, shown: &[Shown<'d, 's>]) -> Self {
        let mut excerpt = Self {
            document,
            lines: BTreeMap::new(),
            wishes: Vec::new(),
        };
        for shown in shown {
            if let Some(item) = shown.located.item {
                excerpt.lines.entry(item.value.start.line).or_default();
            }
        }
        excerpt.fix(shown);
        for shown in shown {
            let place = shown.located.place;
            match shown.mark.kind {
                PathKind::Fix => {}
                PathKind::Delete if shown.located.rest.is_empty() => excerpt.remove(place),
                _ => excerpt.point(shown),
            }
        }
        excerpt
    }

    fn fix(&mut self, shown: &[Shown<'d, 's>]) {
        let is_fix = |shown: &&Shown<'_, '_>| shown.mark.kind == PathKind::Fix;
        let fixes: Vec<_> = shown.iter().filter(is_fix).collect();
        let wishes: Vec<_> = fixes
            .iter()
            .map(|shown| Wish {
                located: shown.located,
                value: shown.mark.value,
            })
            .collect();
        for (numbers, change) in changes(self.document, &wishes) {
            let done = match change {
                Some(Change::Lines {
                    after,
                    parent,
                    lines,
                }) => {
                    let key = fixes[numbers[0]].located.place.key;
                    let first = key.map_or(parent.line, |key| key.start.line);
                    self.lines.entry(first).or_default();
                    self.lines.entry(after).or_default().added.extend(lines);
                    true
                }
                Some(Change::Replace { span, lines }) => self.replace(span, lines),
                Some(Change::Inline { at, text }) => {
                    self.replace(Span { start: at, end: at }, vec![text])
                }
                None => false,
            };
            if !done {
                for number in numbers {
                    self.point(fixes[number]);
                    self.wishes.push(fixes[number].mark);
                }
            }
        }
    }

    /// Shows a line with other text in it, if it is short and has no secret.
    fn replace(&mut self, span: Span, mut lines: Vec<String>) -> bool {
        let line = span.start.line;
        let whole = self.document.line(line);
        let end = self.document.end_of_line(line);
        let shown = self.document.shown(line).map(|line| line.text);
        let marks = self.lines.entry(line).or_default();
        if marks.removed
            || span.end.line != line
            || end > LONG_LINE
            || shown.as_deref() != Some(whole)
        {
            return false;
        }
        if let Some(first) = lines.first_mut() {
            first.insert_str(0, self.document.part(line, 1, span.start.column));
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(self.document.part(line, span.end.column, end));
        }
        marks.removed = true;
        marks.added.extend(lines);
        true
    }

    fn remove(&mut self, place: Place) {
        let span = place.whole();
        let before = self.document.part(span.start.line, 1, span.start.column);
        let end = self.document.end_of_line(span.end.line);
        let after = self.document.part(span.end.line, span.end.column, end);
        let after = after.trim();
        // The dash of an item goes with it, but not with its first key.
        let own_dash = place.key.is_none() && before.trim() == "-";
        let alone =
            (before.trim().is_empty() || own_dash) && (after.is_empty() || after.starts_with('#'));
        if !alone {
            let whole = Place {
                value: span,
                ..place
            };
            return self.point_at(focus(self.document, whole), "remove this");
        }
        let (first, last) = (span.start.line, span.end.line);
        for line in first..=last {
            if last - first < SHOW_REMOVED || line <= first + 1 || line == last {
                self.lines.entry(line).or_default().removed = true;
            }
        }
    }

    fn point(&mut self, shown: &Shown<'_, '_>) {
        let span = focus(self.document, shown.located.place);
        let label = if shown.located.rest.is_empty() || shown.mark.kind == PathKind::Fix {
            String::new()
        } else {
            let missing = Path(shown.located.rest.iter().map(part).collect());
            format!("no {missing} here")
        };
        self.point_at(span, &label);
    }

    fn point_at(&mut self, span: Span, label: &str) {
        let marks = self.lines.entry(span.start.line).or_default();
        let pointer = (span.start.column, span.end.column, label.to_owned());
        if !marks.pointers.contains(&pointer) {
            marks.pointers.push(pointer);
        }
    }

    /// Writes it; the numbers of lines take `digits` columns.
    pub(super) fn write(&self, digits: usize, page: &mut Page<'_>) -> io::Result<()> {
        let mut last = None;
        for (number, marks) in &self.lines {
            if let Some(last) = last
                && *number > last + 1
            {
                let between = last + 1;
                if *number == last + 2 {
                    self.text(between, &Marks::default(), digits, page)?;
                } else {
                    page.line(&Line::new().to(digits + 3).add(Tone::Faint, "…"))?;
                }
            }
            self.text(*number, marks, digits, page)?;
            last = Some(*number);
        }
        Ok(())
    }

    /// The greatest number of a line that is shown.
    pub(super) fn last_line(&self) -> u64 {
        self.lines.last_key_value().map_or(0, |(number, _)| *number)
    }

    fn text(
        &self,
        number: u64,
        marks: &Marks,
        digits: usize,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let gutter = digits + 5;
        let room = page.width().saturating_sub(gutter);
        // A line inside a secret is not shown.
        if let Some(line) = self.document.shown(number) {
            let cells = |(from, to, label): &(u64, u64, String)| Pointer {
                from: line.cell(*from),
                to: line.cell(*to).max(line.cell(*from) + 1),
                label: label.clone(),
            };
            let mut pointers: Vec<Pointer> = marks.pointers.iter().map(cells).collect();
            pointers.sort_by_key(|pointer| pointer.from);
            let first = pointers.first().map(|pointer| (pointer.from, pointer.to));
            let (text, skipped) = window(&line.text, first, room);
            let (sign, tone) = if marks.removed {
                ("-", Tone::Removed)
            } else {
                ("│", Tone::Plain)
            };
            let start = start_of_line(&format!("{number:>digits$}"), sign, tone, digits);
            page.line(&start.add(tone, text))?;
            for row in rows_of(pointers, skipped, room) {
                let mut below = start_of_line("", "│", Tone::Plain, digits);
                for pointer in &row {
                    let carets = "^".repeat(pointer.to - pointer.from);
                    below = below.to(gutter + pointer.from).add(Tone::Pointer, carets);
                }
                let label = row.last().map_or("", |pointer| &pointer.label);
                page.line(&below.plain(" ").add(Tone::Pointer, label))?;
            }
        }
        for added in &marks.added {
            page.line(&start_of_line("", "+", Tone::Added, digits).add(Tone::Added, added))?;
        }
        Ok(())
    }
}

/// Carets below a line, in cells of the text.
struct Pointer {
    from: usize,
    to: usize,
    label: String,
}

/// The pointers that go below one line each: those beside each other that say
/// the same, as far as the shown part of the text has them.
fn rows_of(pointers: Vec<Pointer>, skipped: usize, room: usize) -> Vec<Vec<Pointer>> {
    let mut rows: Vec<Vec<Pointer>> = Vec::new();
    for mut pointer in pointers {
        pointer.from = pointer.from.saturating_sub(skipped);
        pointer.to = pointer.to.saturating_sub(skipped).min(room);
        if pointer.from >= pointer.to {
            continue;
        }
        let fits = |row: &&mut Vec<Pointer>| {
            row.last()
                .is_some_and(|last| last.to < pointer.from && last.label == pointer.label)
        };
        match rows.last_mut().filter(fits) {
            Some(row) => row.push(pointer),
            None => rows.push(vec![pointer]),
        }
    }
    rows
}

fn start_of_line(number: &str, sign: &str, tone: Tone, digits: usize) -> Line {
    let sign_tone = if tone == Tone::Plain {
        Tone::Faint
    } else {
        tone
    };
    Line::new()
        .plain("  ")
        .add(Tone::Faint, format!("{number:>digits$} "))
        .add(sign_tone, sign)
        .plain(" ")
}

fn part<'p>(part: &'p Part<'_>) -> Part<'p> {
    match part {
        Part::Key(key) => Part::Key((&**key).into()),
        Part::Index(index) => Part::Index(*index),
    }
}

/// What to point at: the value when it is on one line, else its key, else the
/// rest of its first line.
fn focus(document: &Document<'_>, place: Place) -> Span {
    let value = place.value;
    if value.start.line == value.end.line && value.start < value.end {
        return value;
    }
    if let Some(key) = place.key {
        return key;
    }
    let line = value.start.line;
    let column = document.end_of_line(line).max(value.start.column + 1);
    let end = Position { line, column };
    let start = value.start;
    Span { start, end }
}

/// The part of a long line around what is pointed at, and how many cells were
/// left out before it.
fn window(text: &str, pointed: Option<(usize, usize)>, room: usize) -> (String, usize) {
    let (from, to) = pointed.unwrap_or_default();
    if width(text) <= room || to < room {
        return (cut(text, room), 0);
    }
    let before = from.saturating_sub(room / 3);
    let skipped = head(text, before);
    // The dots take the place of one more character.
    let rest: String = text[skipped.len()..].chars().skip(1).collect();
    (cut(&format!("…{rest}"), room), width(skipped))
}

/// How many columns the numbers of lines take.
pub(super) fn digits_of(number: u64) -> usize {
    number.to_string().len().max(3)
}
