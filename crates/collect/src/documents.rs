//! A stream → its documents, in bounded memory.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use serde::de::IgnoredAny;

use crate::find::{Input, Source, describe};
use crate::problem::{Code, Problem};
use crate::window::{CHUNK, Window, place_after};
use crate::{split_json, split_yaml};

/// How much may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A larger document (or item of a JSON list) is passed over with a problem.
    pub document_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 16 << 20,
        }
    }
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// What the header of a typed list (`kind: PodList`) says about its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// `apiVersion` of the items.
    pub api_version: String,
    /// `kind` of the items.
    pub kind: String,
}

/// One document, not yet parsed: a part of a YAML stream, a JSON value, or an
/// item of a JSON list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDocument {
    /// [`Source::index`] of its file.
    pub source: u32,
    /// Which document of the file it is, counted from 0; the items of one JSON
    /// list share it.
    pub index: u32,
    /// Which item of the JSON list it is, counted from 0.
    pub item: Option<u32>,
    /// Where its first byte is in the file.
    pub offset: u64,
    /// The line of its first byte, counted from 1.
    pub line: u64,
    /// The column of its first byte in characters, counted from 1.
    pub column: u64,
    /// How it is written.
    pub format: Format,
    /// The document itself. An item of a YAML list has a blank where its dash was,
    /// so that its columns stay.
    pub text: String,
    /// What it inherits from the list it is an item of.
    pub inherited: Option<Inherited>,
}

impl RawDocument {
    /// A place in [`RawDocument::text`] → the place in the file; lines and
    /// columns count from 1.
    pub fn place_in_file(&self, line: u64, column: u64) -> (u64, u64) {
        let column = if line == 1 {
            column + self.column - 1
        } else {
            column
        };
        (line + self.line - 1, column)
    }
}

/// Reads a source document by document, from first to last, and hands each to
/// `each`, which may stop it. What cannot be read is handed over as a problem;
/// the rest of the file still follows when it can be told apart.
///
/// Memory stays within a few times [`Limits::document_bytes`] however long the
/// file is, and within kilobytes when its documents are small.
pub fn read_documents(
    source: &Source,
    limits: Limits,
    each: &mut dyn FnMut(Result<RawDocument, Problem>) -> ControlFlow<()>,
) {
    match &source.input {
        Input::Stdin => read_stream(source, &mut io::stdin().lock(), limits, each),
        Input::Cluster => {}
        Input::File(path) | Input::Pipe(path) => match File::open(path) {
            Ok(mut file) => read_stream(source, &mut file, limits, each),
            Err(error) => {
                let problem = Problem::new(Code::Unreadable, &source.name, describe(&error));
                let _ = each(Err(problem));
            }
        },
    }
}

/// [`read_documents`] for bytes that come from somewhere else; of `source`
/// only name and number matter.
pub fn read_stream(
    source: &Source,
    input: &mut dyn Read,
    limits: Limits,
    each: &mut dyn FnMut(Result<RawDocument, Problem>) -> ControlFlow<()>,
) {
    let window = Window::new(input, CHUNK);
    read_window(source, window, limits, each);
}

/// [`read_stream`] with a choice of how much is read at once.
pub(crate) fn read_window(
    source: &Source,
    mut window: Window<'_>,
    limits: Limits,
    each: &mut dyn FnMut(Result<RawDocument, Problem>) -> ControlFlow<()>,
) {
    let mut sink = Sink::new(source, limits, each);
    if let Err(error) = read(&mut window, &mut sink) {
        let problem = Problem::new(Code::Unreadable, &source.name, describe(&error));
        let problem = match window.offset {
            0 => problem,
            _ => problem.at(window.line, None),
        };
        let _ = (sink.each)(Err(problem));
    }
}

/// As many bytes decide whether a file is text.
const SNIFFED: usize = 1024;

fn read(window: &mut Window<'_>, sink: &mut Sink<'_>) -> io::Result<()> {
    while window.bytes().len() < SNIFFED && window.more()? {}
    let head = &window.bytes()[..window.bytes().len().min(SNIFFED)];
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        let _ = sink.problem(Code::NotUtf8, "the file is UTF-16, not UTF-8");
        return Ok(());
    }
    if head.contains(&0) {
        let _ = sink.problem(Code::Binary, "a binary file");
        return Ok(());
    }
    window.pass_mark();
    sink.format = format(window, sink)?;
    match sink.format {
        Format::Yaml => split_yaml::split(window, sink),
        Format::Json => split_json::split(window, sink),
    }
}

/// JSON when the name says so. Any other text that starts like JSON may still
/// be YAML in flow style or a template: it is JSON if all of it reads as such,
/// or, when it is too long to tell, if it goes on like JSON.
fn format(window: &mut Window<'_>, sink: &Sink<'_>) -> io::Result<Format> {
    if Path::new(&sink.source.name)
        .extension()
        .is_some_and(|end| end == "json")
    {
        return Ok(Format::Json);
    }
    let mut solid = window
        .bytes()
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace());
    let first = solid.next().copied();
    if !matches!(first, Some(b'{' | b'[')) {
        return Ok(Format::Yaml);
    }
    let goes_on = match solid.next() {
        Some(b'"' | b'}' | b']') | None => true,
        Some(b'{' | b'[') => first == Some(b'['),
        Some(_) => false,
    };
    while window.bytes().len() <= sink.limits.document_bytes && window.more()? {}
    let json = if window.ended() {
        serde_json::Deserializer::from_slice(window.bytes())
            .into_iter::<IgnoredAny>()
            .all(|value| value.is_ok())
    } else {
        goes_on
    };
    Ok(if json { Format::Json } else { Format::Yaml })
}

/// A document as a splitter sees it.
pub(crate) struct Cut<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) index: u32,
    pub(crate) item: Option<u32>,
    pub(crate) offset: u64,
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) inherited: Option<&'a Inherited>,
}

/// Where splitters put what they cut.
pub(crate) struct Sink<'a> {
    pub(crate) source: &'a Source,
    pub(crate) limits: Limits,
    format: Format,
    each: &'a mut dyn FnMut(Result<RawDocument, Problem>) -> ControlFlow<()>,
    /// The metadata of the list that is being read, when somebody wants it.
    pub(crate) metadata: Option<String>,
    /// Whether somebody does.
    pub(crate) wants_metadata: bool,
}

impl<'a> Sink<'a> {
    fn new(
        source: &'a Source,
        limits: Limits,
        each: &'a mut dyn FnMut(Result<RawDocument, Problem>) -> ControlFlow<()>,
    ) -> Self {
        Self {
            source,
            limits,
            format: Format::Yaml,
            each,
            metadata: None,
            wants_metadata: false,
        }
    }

    /// A sink for one list in JSON whose metadata are wanted.
    pub(crate) fn of_list(
        source: &'a Source,
        limits: Limits,
        each: &'a mut dyn FnMut(Result<RawDocument, Problem>) -> ControlFlow<()>,
    ) -> Self {
        Self {
            format: Format::Json,
            wants_metadata: true,
            ..Self::new(source, limits, each)
        }
    }
}

impl Sink<'_> {
    fn problem(&mut self, code: Code, message: &str) -> ControlFlow<()> {
        (self.each)(Err(Problem::new(code, &self.source.name, message)))
    }

    /// A problem at a place of the file.
    pub(crate) fn problem_at(
        &mut self,
        code: Code,
        message: &str,
        index: u32,
        (line, column): (u64, u64),
    ) -> ControlFlow<()> {
        let problem = Problem::new(code, &self.source.name, message);
        (self.each)(Err(problem.at(line, Some(column)).in_document(index)))
    }

    /// A document that is too large, by its first line.
    pub(crate) fn too_large(&mut self, index: u32, line: u64) -> ControlFlow<()> {
        let limit = self.limits.document_bytes;
        let limit = match limit % (1 << 20) {
            0 => format!("{} MiB", limit >> 20),
            _ => format!("{limit} bytes"),
        };
        let message = format!("the document is larger than {limit}");
        let problem = Problem::new(Code::TooLarge, &self.source.name, message);
        (self.each)(Err(problem.at(line, None).in_document(index)))
    }

    /// A document.
    pub(crate) fn document(&mut self, cut: &Cut<'_>) -> ControlFlow<()> {
        if cut.bytes.len() > self.limits.document_bytes {
            return self.too_large(cut.index, cut.line);
        }
        let text = match std::str::from_utf8(cut.bytes) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let valid = &cut.bytes[..error.valid_up_to()];
                let place = place_after(valid, cut.line, cut.column);
                let message = "bytes that are not UTF-8";
                return self.problem_at(Code::NotUtf8, message, cut.index, place);
            }
        };
        (self.each)(Ok(RawDocument {
            source: self.source.index,
            index: cut.index,
            item: cut.item,
            offset: cut.offset,
            line: cut.line,
            column: cut.column,
            format: self.format,
            text,
            inherited: cut.inherited.cloned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(
        name: &str,
        text: &[u8],
        limit: usize,
        chunk: usize,
    ) -> Vec<Result<RawDocument, Problem>> {
        let source = Source {
            index: 0,
            name: name.to_owned(),
            input: Input::Stdin,
            explicit: true,
        };
        let limits = Limits {
            document_bytes: limit,
        };
        let mut all = Vec::new();
        let mut input = text;
        read_window(
            &source,
            Window::new(&mut input, chunk),
            limits,
            &mut |one| {
                all.push(one);
                ControlFlow::Continue(())
            },
        );
        all
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_much_is_read_at_once(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "---\n", "---", "...", "\n", "\r\n", "- a\n", "# c\n", "%D\n", " ", "a: b\n", "é\n",
                    "items:\n", "kind: List\n", "  a: b\n", "-\n",
                    "{", "}", "[", "]", "\"items\":[", "\"kind\":\"List\"", "\"\\\"\"", ",", "17", "\"\\\\",
                ]),
                0..60,
            ),
            name in "x\\.(yaml|json)",
            chunk in 1_usize..20,
            limit in 1_usize..100,
        ) {
            let text = pieces.concat();
            let whole = read(&name, text.as_bytes(), limit, CHUNK);
            let parts = read(&name, text.as_bytes(), limit, chunk);
            prop_assert_eq!(whole, parts);
        }
    }
}
