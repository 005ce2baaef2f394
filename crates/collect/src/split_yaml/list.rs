//! Large lists, as `kubectl get -o yaml` prints them, item by item.
//!
//! A dump of a cluster is one document, and would have to be in memory whole.
//! When it has the plain shape that kubectl writes, with `items:` and the
//! dashes of its items at the start of a line, every line that starts with
//! anything but a space, a comment or nothing ends an item: inside one,
//! everything is indented.

use std::io;
use std::ops::ControlFlow;

use memchr::memchr;

use super::marker;
use crate::documents::{Cut, Inherited, Sink};
use crate::problem::Code;
use crate::window::Window;

/// Lists up to this part of the largest document are parsed as a whole, with
/// aliases from one item to another.
pub(super) const PART: usize = 16;

/// The head of a list ends within so many bytes. Without this, a long document of
/// short lines would be looked at from its start again with everything read of it.
pub(super) const HEAD: usize = 64 << 10;

/// What a document looks like from its first lines.
pub(super) enum Look {
    /// No list, or not in that shape.
    Other,
    /// Too little was read to tell.
    Unknown,
    /// A list.
    List(Shape),
}

/// The head of a list.
pub(super) struct Shape {
    /// Where the dash of the first item is.
    first_item: usize,
    /// What a typed list says about its items.
    inherited: Option<Inherited>,
}

/// Looks at the head of a document, which ends within `limit` bytes or is none
/// of a list.
pub(super) fn look(bytes: &[u8], limit: usize) -> Look {
    let (mut api_version, mut kind) = (String::new(), String::new());
    let mut at = 0;
    loop {
        if at + 2 > limit {
            return Look::Other;
        }
        let Some(length) = memchr(b'\n', &bytes[at..]) else {
            return if bytes.len() > limit {
                Look::Other
            } else {
                Look::Unknown
            };
        };
        let line = &bytes[at..at + length];
        let next = at + length + 1;
        if line.trim_ascii_end() == b"items:" {
            return match bytes.get(next..next + 2) {
                _ if next + 2 > limit => Look::Other,
                None => Look::Unknown,
                Some(start) if is_item(start) => Look::List(Shape {
                    first_item: next,
                    inherited: inherited(api_version, &kind),
                }),
                Some(_) => Look::Other,
            };
        }
        match line.first() {
            Some(b'#' | b' ' | b'\r') | None => {}
            Some(b'-') if at == 0 && line.trim_ascii_end() == b"---" => {}
            Some(first) if first.is_ascii_alphabetic() => {
                if let Some(text) = scalar(line, "apiVersion") {
                    api_version = text;
                } else if let Some(text) = scalar(line, "kind") {
                    kind = text;
                }
            }
            Some(_) => return Look::Other,
        }
        at = next;
    }
}

/// Whether a line that starts like this is an item.
fn is_item(start: &[u8]) -> bool {
    matches!(start, [b'-', b' ' | b'\n' | b'\r', ..])
}

/// The value of a line `key: value`, without quotes.
fn scalar(line: &[u8], key: &str) -> Option<String> {
    let value = line.strip_prefix(key.as_bytes())?.strip_prefix(b":")?;
    let text = std::str::from_utf8(value).ok()?.trim();
    Some(text.trim_matches(['"', '\'']).to_owned())
}

fn inherited(api_version: String, kind: &str) -> Option<Inherited> {
    let kind = kind.strip_suffix("List").filter(|kind| !kind.is_empty())?;
    Some(Inherited {
        api_version,
        kind: kind.to_owned(),
    })
}

/// Cuts the items out and passes over what follows them, up to the end of the
/// document.
pub(super) fn split(
    window: &mut Window<'_>,
    index: u32,
    shape: &Shape,
    sink: &mut Sink<'_>,
) -> io::Result<ControlFlow<()>> {
    window.pass(shape.first_item);
    for number in 0.. {
        let (dropped, end) = end_of_item(window, sink.limits.document_bytes)?;
        let flow = match dropped {
            Some(line) => sink.too_large(index, line),
            None => item(window, end, (index, number), shape, sink),
        };
        window.pass(end);
        if flow.is_break() {
            return Ok(flow);
        }
        while window.bytes().len() < 4 && window.more()? {}
        if !is_item(window.bytes()) {
            break;
        }
    }
    tail(window, index, sink)
}

fn item(
    window: &Window<'_>,
    end: usize,
    (index, number): (u32, u32),
    shape: &Shape,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    // Without its dash, the item is a document whose lines are all indented alike.
    let mut bytes = window.bytes()[..end].to_vec();
    bytes[0] = b' ';
    sink.document(&Cut {
        bytes: &bytes,
        index,
        item: Some(number),
        offset: window.offset,
        line: window.line,
        column: window.column,
        inherited: shape.inherited.as_ref(),
    })
}

/// Where the item that the window starts with ends, and its first line when it
/// was too large to be kept.
fn end_of_item(window: &mut Window<'_>, limit: usize) -> io::Result<(Option<u64>, usize)> {
    let (mut dropped, mut at) = (None, 1);
    loop {
        let Some(length) = memchr(b'\n', &window.bytes()[at..]) else {
            at = window.bytes().len();
            if at > limit || dropped.is_some() {
                dropped.get_or_insert(window.line);
                window.pass(at);
                at = 0;
            }
            if window.more()? {
                continue;
            }
            return Ok((dropped, at));
        };
        let next = at + length + 1;
        if next == window.bytes().len() && window.more()? {
            // Now there is more behind the same line.
            continue;
        }
        at = next;
        let goes_on = matches!(
            window.bytes().get(at),
            Some(b' ' | b'\n' | b'\r' | b'\t' | b'#')
        );
        if !goes_on {
            if at > limit {
                dropped.get_or_insert(window.line);
            }
            return Ok((dropped, at));
        }
    }
}

/// Passes over the keys behind the items, which say at last that it is a list.
fn tail(window: &mut Window<'_>, index: u32, sink: &mut Sink<'_>) -> io::Result<ControlFlow<()>> {
    loop {
        while window.bytes().len() < 4 && window.more()? {}
        if window.bytes().is_empty() || marker(window.bytes()).is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        let end = loop {
            match memchr(b'\n', window.bytes()) {
                Some(end) => break end + 1,
                None if window.bytes().len() <= sink.limits.document_bytes && window.more()? => {}
                None => break window.bytes().len(),
            }
        };
        let line = &window.bytes()[..end];
        let place = (window.line, 1);
        let flow = match scalar(line, "kind") {
            Some(kind) if !kind.ends_with("List") => {
                let message = format!(
                    "its kind is {kind}, but it has the shape of a list; its items were read as objects"
                );
                sink.problem_at(Code::BadYaml, &message, index, place)
            }
            _ if line.starts_with(b"items:") => sink.problem_at(
                Code::DuplicateKey,
                "the key \"items\" is given twice",
                index,
                place,
            ),
            _ => ControlFlow::Continue(()),
        };
        window.pass(end);
        if flow.is_break() {
            return Ok(flow);
        }
    }
}
