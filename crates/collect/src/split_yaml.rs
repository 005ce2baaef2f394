//! A YAML stream → its documents, cut at the lines that mark them.
//!
//! `---` and `...` at the start of a line separate documents wherever they
//! stand: the specification forbids them inside quoted and block scalars too.

mod list;

use std::io;
use std::ops::ControlFlow;

use memchr::memchr;

use crate::documents::{Cut, Sink};
use crate::window::Window;

/// The document that is being read. Its first byte is the window's, unless it
/// has grown too large to be kept.
#[derive(Default)]
struct State {
    index: u32,
    /// How far the window was looked at.
    at: usize,
    /// Whether `at` is inside a line.
    inside: bool,
    /// Whether the next `---` starts another document: there was one already,
    /// or content. Directives and comments belong to what follows them.
    opened: bool,
    /// Whether there is anything but comments, directives and markers.
    content: bool,
    /// The first line of a document too large to be kept.
    dropped: Option<u64>,
    /// Whether it is known to be no large list.
    other: bool,
}

/// Cuts all of `window`.
pub(crate) fn split(window: &mut Window<'_>, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut state = State::default();
    loop {
        if split_list(window, &mut state, sink)?.is_break() {
            return Ok(());
        }
        if state.inside && !end_of_line(window, &mut state) {
            // The window ends inside the line.
            keep_bounded(window, &mut state, sink);
            if window.more()? {
                continue;
            }
            break;
        }
        // Four bytes tell a marker from content.
        if window.bytes().len() < state.at + 4 && !window.ended() {
            keep_bounded(window, &mut state, sink);
            window.more()?;
            continue;
        }
        if state.at == window.bytes().len() {
            break;
        }
        match marker(&window.bytes()[state.at..]) {
            Some(b'-') => {
                if state.opened && !cut(window, &mut state, sink) {
                    return Ok(());
                }
                state.opened = true;
                state.at += 3;
                state.inside = true;
                if !look_for_content(window, &mut state, sink)? {
                    break;
                }
            }
            Some(_) => {
                // The marker line still belongs to the document it ends.
                state.at += 3;
                rest_of_line(window, &mut state, sink)?;
                if !cut(window, &mut state, sink) {
                    return Ok(());
                }
            }
            None if state.content => state.inside = true,
            None => {
                let directive = !state.opened && window.bytes()[state.at] == b'%';
                state.inside = true;
                if !directive && !look_for_content(window, &mut state, sink)? {
                    break;
                }
            }
        }
    }
    state.at = window.bytes().len();
    if split_list(window, &mut state, sink)?.is_break() {
        return Ok(());
    }
    state.at = window.bytes().len();
    cut(window, &mut state, sink);
    Ok(())
}

/// Hands over a large list item by item, if that is what the document is; then
/// the next one begins.
fn split_list(
    window: &mut Window<'_>,
    state: &mut State,
    sink: &mut Sink<'_>,
) -> io::Result<ControlFlow<()>> {
    let limit = sink.limits.document_bytes;
    if state.other || state.dropped.is_some() || state.at <= limit / list::PART {
        return Ok(ControlFlow::Continue(()));
    }
    match list::look(window.bytes(), limit.min(list::HEAD)) {
        list::Look::Unknown => Ok(ControlFlow::Continue(())),
        list::Look::Other => {
            state.other = true;
            Ok(ControlFlow::Continue(()))
        }
        list::Look::List(shape) => {
            let flow = list::split(window, state.index, &shape, sink)?;
            *state = State {
                index: state.index + 1,
                ..State::default()
            };
            Ok(flow)
        }
    }
}

/// The character of the marker that `line` starts with.
fn marker(line: &[u8]) -> Option<u8> {
    let marked = line.starts_with(b"---") || line.starts_with(b"...");
    let ended = matches!(line.get(3), None | Some(b' ' | b'\t' | b'\r' | b'\n'));
    (marked && ended).then_some(line[0])
}

/// Moves on to the start of the next line that could matter; `false` when the
/// window ends before.
fn end_of_line(window: &Window<'_>, state: &mut State) -> bool {
    let bytes = window.bytes();
    while let Some(length) = memchr(b'\n', &bytes[state.at..]) {
        state.at += length + 1;
        // Once there is content, only markers matter.
        if !state.content || matches!(bytes.get(state.at), None | Some(b'-' | b'.')) {
            state.inside = false;
            return true;
        }
    }
    state.at = bytes.len();
    false
}

/// Moves on to the start of the next line, or to the end of the stream.
fn rest_of_line(window: &mut Window<'_>, state: &mut State, sink: &Sink<'_>) -> io::Result<()> {
    loop {
        if let Some(length) = memchr(b'\n', &window.bytes()[state.at..]) {
            state.at += length + 1;
            return Ok(());
        }
        state.at = window.bytes().len();
        keep_bounded(window, state, sink);
        if !window.more()? {
            return Ok(());
        }
    }
}

/// Sets `content` if the rest of the line has any; `false` when the stream
/// ends before that is known.
fn look_for_content(
    window: &mut Window<'_>,
    state: &mut State,
    sink: &Sink<'_>,
) -> io::Result<bool> {
    loop {
        let rest = &window.bytes()[state.at..];
        let solid = rest
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        if let Some(blanks) = solid {
            if !matches!(rest[blanks], b'#' | b'\n') {
                state.content = true;
                state.opened = true;
            }
            state.at += blanks;
            return Ok(true);
        }
        state.at += rest.len();
        keep_bounded(window, state, sink);
        if !window.more()? {
            return Ok(false);
        }
    }
}

/// Lets go of a document that is larger than the limit, however long it is.
fn keep_bounded(window: &mut Window<'_>, state: &mut State, sink: &Sink<'_>) {
    if state.at <= sink.limits.document_bytes && state.dropped.is_none() {
        return;
    }
    // Nobody misses that many comments.
    if state.content {
        state.dropped.get_or_insert(window.line);
    }
    window.pass(state.at);
    state.at = 0;
}

/// Hands over the document that ends here; `false` when no more is wanted.
fn cut(window: &mut Window<'_>, state: &mut State, sink: &mut Sink<'_>) -> bool {
    let flow = if let Some(line) = state.dropped {
        sink.too_large(state.index, line)
    } else if state.content {
        sink.document(&Cut {
            bytes: &window.bytes()[..state.at],
            index: state.index,
            item: None,
            offset: window.offset,
            line: window.line,
            column: 1,
            inherited: None,
        })
    } else {
        ControlFlow::Continue(())
    };
    window.pass(state.at);
    *state = State {
        index: state.index + u32::from(state.opened),
        ..State::default()
    };
    flow.is_continue()
}
