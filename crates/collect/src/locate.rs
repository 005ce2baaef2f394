//! Paths → lines and columns of a document's text.

use kubescape_engine::{Part, Path};
use kubescape_yaml::events::{Event, Marker, Parser, ScalarStyle, Span as Marks, StructureStyle};

use crate::documents::RawDocument;

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, counted from 1.
    pub line: u64,
    /// Column in characters, counted from 1.
    pub column: u64,
}

/// From one place up to, and without, another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// The character behind the last one.
    pub end: Position,
}

/// Where the end of a path is, or the deepest part of it that exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How many parts of the path exist; 0 is the document itself.
    pub found: usize,
    /// The key of the last existing part; none for an item of an array and
    /// for the document itself.
    pub key: Option<Span>,
    /// Its value.
    pub value: Span,
}

impl Place {
    /// From the key (or the value, without one) to the end of the value.
    pub fn whole(&self) -> Span {
        Span {
            start: self.key.map_or(self.value.start, |key| key.start),
            end: self.value.end,
        }
    }
}

/// Finds where paths lead in a document, in one pass. The answers are in the
/// order of the paths; positions are those of the file. Of a document that
/// cannot be read, what comes before the fault is found.
///
/// An alias is not followed: a path through one ends at the alias.
pub fn locate(document: &RawDocument, paths: &[Path<'_>]) -> Vec<Place> {
    let mut locator = Locator {
        document,
        paths,
        places: vec![Place::default(); paths.len()],
        open: Vec::new(),
        last_end: Position { line: 1, column: 1 },
        ended: false,
    };
    let mut parser = Parser::new_from_str(&document.text);
    while let Some(Ok((event, marks))) = parser.next_event() {
        locator.take(&event, &marks);
        if locator.ended {
            break;
        }
    }
    // Whatever a fault left open ends where the fault is.
    while !locator.open.is_empty() {
        locator.close(None);
    }
    locator.places
}

/// A collection that has not ended.
struct Open {
    /// The paths that lead to it or through it.
    paths: Vec<usize>,
    mapping: bool,
    /// Whether it is a key itself.
    is_key: bool,
    /// The number of the next item.
    next: u32,
    /// The key that waits for its value: its span, and the paths that lead
    /// through it.
    key: Option<(Span, Vec<usize>)>,
}

struct Locator<'a> {
    document: &'a RawDocument,
    paths: &'a [Path<'a>],
    places: Vec<Place>,
    open: Vec<Open>,
    /// Where the last token with content ended: a block collection has no end
    /// of its own.
    last_end: Position,
    ended: bool,
}

impl Locator<'_> {
    fn take(&mut self, event: &Event<'_>, marks: &Marks) {
        match event {
            Event::Scalar(text, style, ..) => {
                let span = self.scalar(text, *style, marks);
                if let Some(open) = self.open.last_mut()
                    && open.mapping
                    && open.key.is_none()
                {
                    let depth = self.open.len() - 1;
                    self.key(text, span, depth);
                } else {
                    let paths = self.child(span.start);
                    self.end(&paths, span.end);
                }
            }
            Event::Alias(_) => {
                let span = self.span(marks);
                self.last_end = span.end;
                if let Some(open) = self.open.last_mut()
                    && open.mapping
                    && open.key.is_none()
                {
                    open.key = Some((span, Vec::new()));
                } else {
                    let paths = self.child(span.start);
                    self.end(&paths, span.end);
                }
            }
            Event::SequenceStart(style, ..) => self.begin(false, *style, marks),
            Event::MappingStart(style, ..) => self.begin(true, *style, marks),
            Event::SequenceEnd | Event::MappingEnd => {
                // Only flow collections end with a character of their own.
                let end = (marks.start != marks.end).then(|| self.position(&marks.end));
                self.close(end);
            }
            Event::DocumentEnd => self.ended = true,
            _ => {}
        }
    }

    fn begin(&mut self, mapping: bool, style: StructureStyle, marks: &Marks) {
        let start = self.position(&marks.start);
        if style == StructureStyle::Flow {
            self.last_end = self.position(&marks.end);
        }
        let is_key = self
            .open
            .last()
            .is_some_and(|open| open.mapping && open.key.is_none());
        let paths = if is_key {
            Vec::new()
        } else {
            self.child(start)
        };
        self.open.push(Open {
            paths,
            mapping,
            is_key,
            next: 0,
            key: None,
        });
    }

    fn close(&mut self, end: Option<Position>) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let end = end.unwrap_or(self.last_end);
        self.last_end = end;
        self.end(&open.paths, end);
        if open.is_key
            && let Some(parent) = self.open.last_mut()
        {
            // No path leads through a key that is a collection.
            parent.key = Some((Span { start: end, end }, Vec::new()));
        }
    }

    /// A key of the collection at `depth` of the open ones.
    fn key(&mut self, text: &str, span: Span, depth: usize) {
        let leads_on = |path: &usize| match self.paths[*path].parts().get(depth) {
            Some(Part::Key(key)) => key == text,
            // `labels[8080]` looks like an index but is a key here.
            Some(Part::Index(index)) => index.to_string() == text,
            None => false,
        };
        if let Some(open) = self.open.last_mut() {
            let paths = open.paths.iter().copied().filter(leads_on).collect();
            open.key = Some((span, paths));
        }
    }

    /// A value begins: the paths that lead to it now end here.
    fn child(&mut self, start: Position) -> Vec<usize> {
        let depth = self.open.len();
        let (key, paths) = match self.open.last_mut() {
            None => (None, (0..self.paths.len()).collect()),
            Some(open) if open.mapping => match open.key.take() {
                Some((span, paths)) => (Some(span), paths),
                None => (None, Vec::new()),
            },
            Some(open) => {
                let wanted = Part::Index(open.next);
                open.next = open.next.saturating_add(1);
                let parts = |path: &usize| self.paths[*path].parts().get(depth - 1);
                let leads_on = |path: &usize| parts(path) == Some(&wanted);
                (None, open.paths.iter().copied().filter(leads_on).collect())
            }
        };
        for path in &paths {
            self.places[*path] = Place {
                found: depth,
                key,
                value: Span { start, end: start },
            };
        }
        paths
    }

    /// A value ends: the paths that lead no further have their end.
    fn end(&mut self, paths: &[usize], end: Position) {
        let depth = self.open.len();
        for path in paths {
            let place = &mut self.places[*path];
            if place.found == depth {
                place.value.end = end;
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, marks: &Marks) -> Span {
        let mut span = self.span(marks);
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            // The parser ends a block scalar where the next token starts.
            span.end = self.block_end(marks, span);
        }
        if !text.is_empty() && marks.start != marks.end {
            self.last_end = span.end;
        }
        span
    }

    /// The end of the last line of a block scalar that is not blank.
    fn block_end(&self, marks: &Marks, span: Span) -> Position {
        let Some(text) = marks
            .byte_range()
            .and_then(|range| self.document.text.get(range))
        else {
            return span.end;
        };
        let solid = text.trim_end();
        let lines = solid.matches('\n').count() as u64;
        let last = solid.rsplit('\n').next().unwrap_or("");
        let start = if lines == 0 { span.start.column } else { 1 };
        Position {
            line: span.start.line + lines,
            column: start + last.chars().count() as u64,
        }
    }

    fn span(&self, marks: &Marks) -> Span {
        Span {
            start: self.position(&marks.start),
            end: self.position(&marks.end),
        }
    }

    fn position(&self, mark: &Marker) -> Position {
        let (line, column) = self
            .document
            .place_in_file(mark.line() as u64, mark.col() as u64 + 1);
        Position { line, column }
    }
}
