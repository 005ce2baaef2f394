//! One document with the places that reports point at.

use std::collections::HashMap;
use std::ops::Range;

use kubescape_collect::{Format, Inherited, Place, Position, RawDocument, Span, locate, parse};
use kubescape_engine::{Arena, Part, Path, REDACTED};
use kubescape_scan::Scan;

use super::secrets::secret_paths;
use crate::text::{clean, width};

/// Where a path leads in the text.
#[derive(Clone, Debug)]
pub(crate) struct Located<'s> {
    /// The end of the path, or the deepest part of it that exists.
    pub(crate) place: Place,
    /// What does not exist yet.
    pub(crate) rest: Vec<Part<'s>>,
    /// The outermost item of an array that the path leads through: the
    /// container, say.
    pub(crate) item: Option<Place>,
}

/// A document of the input.
pub(crate) struct Document<'s> {
    raw: RawDocument,
    /// The lines of the text, without their ends.
    lines: Vec<Range<usize>>,
    places: HashMap<usize, HashMap<&'s str, Located<'s>>>,
    /// What no excerpt may show, in order.
    secrets: Vec<Span>,
    /// A secret stands behind an alias, so that its text may be anywhere.
    opaque: bool,
}

/// A line as it may be shown.
pub(crate) struct Line {
    pub(crate) text: String,
    /// For each character of the file's line, and its end, the column of the
    /// shown text, in cells from 0.
    cells: Vec<usize>,
}

impl Line {
    /// Where a column of the file (in characters, from 1) is shown.
    pub(crate) fn cell(&self, column: u64) -> usize {
        let index = usize::try_from(column)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        let last = self.cells.last().copied().unwrap_or_default();
        self.cells.get(index).copied().unwrap_or(last)
    }
}

impl<'s> Document<'s> {
    /// Parses the text and finds the paths; nothing when it is not (or no
    /// longer) the text that was scanned.
    pub(super) fn new(
        scan: &Scan,
        record: usize,
        mut raw: RawDocument,
        paths: &[(usize, &'s str)],
    ) -> Option<Self> {
        let place = &scan.places[record];
        let identity = &scan.outcome.records[record];
        // An item of a typed list may leave these out.
        raw.inherited = Some(Inherited {
            api_version: identity.api_version.to_string(),
            kind: identity.kind.to_string(),
        });
        let lines = split_lines(&raw.text);
        let arena = Arena::new();
        let parsed = parse(&raw, scan.sources.get(place.source as usize)?, &arena);
        let mut secrets = Vec::new();
        let mut objects = HashMap::new();
        for object in &parsed.objects {
            let prefix = Path::parse(object.prefix.trim_end_matches('.')).ok()?;
            secrets.extend(secret_paths(object.value, &prefix));
            objects.insert(object.prefix, (object.value, prefix));
        }
        let mut wanted = Vec::new();
        for (number, path) in paths {
            let record = &scan.outcome.records[*number];
            let (value, prefix) = objects.get(&*scan.places[*number].prefix)?;
            let metadata = value.at("metadata");
            let same = value.at("kind").str() == &*record.kind
                && metadata.at("name").str() == &*record.name
                && metadata.at("namespace").str() == &*record.namespace;
            if !same {
                return None;
            }
            if let Ok(path_in_object) = Path::parse(path) {
                let mut parts = prefix.0.clone();
                parts.extend(path_in_object.0);
                wanted.push((*number, *path, prefix.0.len(), Path(parts)));
            }
        }
        Some(Self::find(&raw, lines, &wanted, &secrets))
    }

    fn find(
        raw: &RawDocument,
        lines: Vec<Range<usize>>,
        wanted: &[(usize, &'s str, usize, Path<'_>)],
        secrets: &[Path<'_>],
    ) -> Self {
        // Ends of paths, items on the way there, then secrets: one pass.
        let mut all: Vec<Path<'_>> = wanted.iter().map(|(_, _, _, path)| path.clone()).collect();
        let mut items: Vec<Path<'_>> = wanted.iter().filter_map(item_of).collect();
        items.sort_by_cached_key(ToString::to_string);
        items.dedup();
        let numbers: HashMap<Path<'_>, usize> = items.iter().cloned().zip(all.len()..).collect();
        all.extend(items);
        let first_secret = all.len();
        all.extend(secrets.iter().cloned());
        let found = locate(raw, &all);

        let mut places = HashMap::new();
        for (entry, place) in wanted.iter().zip(&found) {
            let (number, path, prefix, whole) = entry;
            let item = item_of(entry).and_then(|item| {
                let place = found[*numbers.get(&item)?];
                (place.found == item.parts().len()).then_some(place)
            });
            let rest = rest_of(path, place.found.saturating_sub(*prefix));
            debug_assert!(place.found <= whole.parts().len());
            let located = Located {
                place: *place,
                rest,
                item,
            };
            places
                .entry(*number)
                .or_insert_with(HashMap::new)
                .insert(*path, located);
        }
        let mut document = Self {
            raw: raw.clone(),
            lines,
            places,
            secrets: Vec::new(),
            opaque: false,
        };
        for (place, path) in found[first_secret..].iter().zip(secrets) {
            document.hide(place, path.parts().len());
        }
        document.secrets.sort_by_key(|span| span.start);
        document
    }

    fn hide(&mut self, place: &Place, length: usize) {
        let is_alias = self.slice(place.value).trim_start().starts_with('*');
        if place.found < length || is_alias {
            self.opaque = true;
        } else {
            self.secrets.push(place.value);
        }
    }

    /// Where a path of a record leads.
    pub(crate) fn located(&self, record: usize, path: &str) -> Option<&Located<'s>> {
        self.places.get(&record)?.get(path)
    }

    /// Where the record's object starts.
    pub(crate) fn start_of(&self, record: usize) -> Option<Position> {
        self.located(record, "")
            .map(|root| root.place.whole().start)
    }

    /// Whether the text may be shown (without its secrets).
    pub(crate) fn is_showable(&self) -> bool {
        !self.opaque
    }

    /// Whether it is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.raw.format == Format::Json
    }

    /// A line of the file, as far as it belongs to the document.
    pub(crate) fn line(&self, number: u64) -> &str {
        let index = number
            .checked_sub(self.raw.line)
            .and_then(|index| usize::try_from(index).ok());
        let range = index.and_then(|index| self.lines.get(index));
        range.map_or("", |range| &self.raw.text[range.clone()])
    }

    /// The column of the first character of a line's text, less 1.
    fn shift(&self, number: u64) -> usize {
        let shift = if number == self.raw.line {
            self.raw.column
        } else {
            1
        };
        usize::try_from(shift)
            .unwrap_or(usize::MAX)
            .saturating_sub(1)
    }

    /// The column behind the last character of a line.
    pub(crate) fn end_of_line(&self, number: u64) -> u64 {
        (self.shift(number) + self.line(number).chars().count()) as u64 + 1
    }

    /// Whether the lines end as on Windows.
    pub(crate) fn line_break(&self) -> &'static str {
        if self.raw.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// The part of a line from one column up to another, in characters from 1.
    pub(crate) fn part(&self, number: u64, from: u64, to: u64) -> &str {
        let line = self.line(number);
        let shift = self.shift(number);
        let byte = |column: u64| {
            let index = usize::try_from(column).unwrap_or(usize::MAX);
            let index = index.saturating_sub(1).saturating_sub(shift);
            line.char_indices()
                .nth(index)
                .map_or(line.len(), |(at, _)| at)
        };
        line.get(byte(from)..byte(to)).unwrap_or("")
    }

    /// The text of a span; of one with several lines only the first.
    pub(crate) fn slice(&self, span: Span) -> &str {
        let end = if span.end.line == span.start.line {
            span.end.column
        } else {
            self.end_of_line(span.start.line)
        };
        self.part(span.start.line, span.start.column, end)
    }

    /// A line without its secrets; none when all of it is inside one, or is a
    /// comment, which may well have secrets of its own.
    pub(crate) fn shown(&self, number: u64) -> Option<Line> {
        if self.line(number).trim_start().starts_with('#') {
            return None;
        }
        let chars: Vec<char> = self.line(number).chars().collect();
        let shift = self.shift(number);
        let index = |column: u64| {
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            column
                .saturating_sub(1)
                .saturating_sub(shift)
                .min(chars.len())
        };
        let mut line = Line {
            text: String::new(),
            cells: vec![0; shift],
        };
        let mut at = 0;
        for span in &self.secrets {
            if span.end.line < number || span.start.line > number || span.start == span.end {
                continue;
            }
            let goes_on = span.end.line > number;
            let end = if goes_on {
                chars.len()
            } else {
                index(span.end.column)
            };
            if span.start.line < number {
                let tail = chars[end..].iter().collect::<String>();
                if goes_on || tail.trim().is_empty() {
                    return None;
                }
                line.push_as("…", end.saturating_sub(at));
            } else {
                line.push(&chars[at..index(span.start.column).max(at)]);
                at = index(span.start.column).max(at);
                line.push_as(REDACTED, end.saturating_sub(at));
            }
            at = at.max(end);
            // A comment behind a secret may well repeat it.
            let tail: String = chars[at..].iter().collect();
            if tail.trim_start().starts_with('#') {
                at = chars.len();
            }
        }
        line.push(&chars[at..]);
        line.cells.push(width(&line.text));
        Some(line)
    }
}

impl Line {
    fn push(&mut self, chars: &[char]) {
        let mut cell = width(&self.text);
        for char in chars {
            self.cells.push(cell);
            let shown = clean(*char);
            self.text.push(shown);
            cell += width(shown.encode_utf8(&mut [0; 4]));
        }
    }

    /// Shows `text` in the place of so many characters.
    fn push_as(&mut self, text: &str, characters: usize) {
        let cell = width(&self.text);
        self.text.push_str(text);
        self.cells.extend(std::iter::repeat_n(cell, characters));
    }
}

/// The outermost item that a path leads through behind its prefix.
fn item_of<'p>((_, _, prefix, path): &(usize, &str, usize, Path<'p>)) -> Option<Path<'p>> {
    let parts = path.parts();
    let last = parts.len().saturating_sub(1);
    let item = (*prefix..last).find(|at| matches!(parts[*at], Part::Index(_)))?;
    Some(Path(parts[..=item].to_vec()))
}

/// The parts of a path behind the first `skip`.
fn rest_of(path: &str, skip: usize) -> Vec<Part<'_>> {
    let path = Path::parse(path).unwrap_or_default();
    path.0.into_iter().skip(skip).collect()
}

fn split_lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let solid = line.trim_end_matches(['\n', '\r']).len();
        lines.push(start..start + solid);
        start += line.len();
    }
    lines
}
