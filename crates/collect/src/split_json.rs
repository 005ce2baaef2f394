//! A JSON stream → its values, and the items of its lists one by one.

mod skip;

use std::io;
use std::ops::ControlFlow;

use skip::Skip;

use crate::documents::{Cut, Inherited, Sink};
use crate::problem::Code;
use crate::window::Window;

/// Why splitting ended early.
enum Stop {
    /// Nobody wants more, or a problem was already reported.
    Done,
    /// The stream failed.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Io(error)
    }
}

/// Cuts all of `window`.
pub(crate) fn split(window: &mut Window<'_>, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut splitter = Splitter {
        window,
        sink,
        at: 0,
        index: 0,
        dropped: None,
    };
    loop {
        match splitter.value() {
            Ok(true) => {}
            Ok(false) | Err(Stop::Done) => return Ok(()),
            Err(Stop::Io(error)) => return Err(error),
        }
    }
}

fn unless_done(flow: ControlFlow<()>) -> Result<(), Stop> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Done),
    }
}

/// The header of what may be a list, as far as it was read.
#[derive(Default)]
struct Header {
    api_version: Option<String>,
    kind: Option<String>,
}

impl Header {
    /// What the items of a typed list inherit.
    fn inherited(&self) -> Option<Inherited> {
        let kind = self.kind.as_deref()?.strip_suffix("List")?;
        (!kind.is_empty()).then(|| Inherited {
            api_version: self.api_version.clone().unwrap_or_default(),
            kind: kind.to_owned(),
        })
    }
}

/// `at` is where reading goes on. What is being kept (a document, or nothing)
/// starts with the window.
struct Splitter<'a, 'r, 's> {
    window: &'a mut Window<'r>,
    sink: &'a mut Sink<'s>,
    at: usize,
    index: u32,
    /// The first line of something too large to be kept.
    dropped: Option<u64>,
}

impl Splitter<'_, '_, '_> {
    /// Cuts the next top-level value; `false` at the end of the stream.
    fn value(&mut self) -> Result<bool, Stop> {
        let first = self.peek()?;
        self.let_go();
        match first {
            None => return Ok(false),
            Some(b'{') => self.object()?,
            Some(b'[') => {
                self.at += 1;
                self.items(None)?;
            }
            Some(_) => {
                self.skip()?;
                self.emit(None, None)?;
            }
        }
        self.let_go();
        self.index = self.index.saturating_add(1);
        Ok(true)
    }

    /// Cuts an object, or its items when it is a list.
    fn object(&mut self) -> Result<(), Stop> {
        let mut header = Header::default();
        let mut list = false;
        self.at += 1;
        if self.peek()? == Some(b'}') {
            self.at += 1;
            return self.emit(None, None);
        }
        loop {
            if self.peek()? != Some(b'"') {
                return Err(self.broken("expected a key in quotes"));
            }
            // Of a list only what is being read must be kept.
            if list {
                self.let_go();
            }
            let key = self.text()?;
            self.expect(b":", "expected `:`")?;
            let first = self.peek()?;
            let is_list = header
                .kind
                .as_ref()
                .is_none_or(|kind| kind.ends_with("List"));
            match (key.as_deref(), first) {
                (Some("items"), Some(b'[')) if is_list && !list && self.dropped.is_none() => {
                    list = true;
                    self.at += 1;
                    self.let_go();
                    self.items(header.inherited().as_ref())?;
                }
                (Some("metadata"), Some(b'{')) if self.sink.wants_metadata => {
                    self.sink.metadata = self.raw()?;
                }
                (Some("kind"), Some(b'"')) => header.kind = self.text()?,
                (Some("apiVersion"), Some(b'"')) => header.api_version = self.text()?,
                _ => self.skip()?,
            }
            if self.expect(b",}", "expected `,` or `}`")? == b'}' {
                break;
            }
        }
        if !list {
            return self.emit(None, None);
        }
        self.dropped = None;
        match header.kind {
            Some(kind) if !kind.ends_with("List") => {
                let message =
                    format!("the kind {kind} comes after \"items\", which were read as objects");
                let place = self.window.place(self.at);
                let flow = self
                    .sink
                    .problem_at(Code::BadJson, &message, self.index, place);
                unless_done(flow)
            }
            _ => Ok(()),
        }
    }

    /// Cuts the items of an array whose `[` has been read.
    fn items(&mut self, inherited: Option<&Inherited>) -> Result<(), Stop> {
        if self.peek()? == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let mut item = 0_u32;
        loop {
            self.peek()?;
            self.let_go();
            self.skip()?;
            self.emit(Some(item), inherited)?;
            item = item.saturating_add(1);
            if self.expect(b",]", "expected `,` or `]`")? == b']' {
                return Ok(());
            }
        }
    }

    /// The next byte that is no white space, left unread.
    fn peek(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            let rest = &self.window.bytes()[self.at..];
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            if let Some(blanks) = rest.iter().position(|byte| !blank(byte)) {
                let byte = rest[blanks];
                self.at += blanks;
                return Ok(Some(byte));
            }
            self.at += rest.len();
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Reads one of `wanted`.
    fn expect(&mut self, wanted: &[u8], message: &str) -> Result<u8, Stop> {
        match self.peek()? {
            Some(byte) if wanted.contains(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            _ => Err(self.broken(message)),
        }
    }

    /// Reads past one value.
    fn skip(&mut self) -> Result<(), Stop> {
        let mut skip = match self.peek()? {
            Some(b',' | b':' | b']' | b'}') => return Err(self.broken("expected a value")),
            _ => Skip::default(),
        };
        loop {
            let (at, done) = skip.on(self.window.bytes(), self.at);
            self.at = at;
            if done {
                return Ok(());
            }
            if !self.more()? {
                return if skip.may_end() {
                    Ok(())
                } else {
                    Err(self.broken("the file ends inside a value"))
                };
            }
        }
    }

    /// Reads a string; `None` if it was too long to be kept or is malformed.
    fn text(&mut self) -> Result<Option<String>, Stop> {
        let text = self.bytes()?;
        Ok(text.and_then(|text| serde_json::from_slice(text).ok()))
    }

    /// Reads a value as it stands there; `None` if it was too long to be kept.
    fn raw(&mut self) -> Result<Option<String>, Stop> {
        let text = self.bytes()?;
        Ok(text.and_then(|text| std::str::from_utf8(text).ok().map(str::to_owned)))
    }

    fn bytes(&mut self) -> Result<Option<&[u8]>, Stop> {
        self.peek()?;
        let before = self.window.offset + self.at as u64;
        self.skip()?;
        let start = before.checked_sub(self.window.offset);
        let start = start.and_then(|start| usize::try_from(start).ok());
        Ok(start.and_then(|start| self.window.bytes().get(start..self.at)))
    }

    /// Reads on, and keeps no more than the limit.
    fn more(&mut self) -> Result<bool, Stop> {
        if self.dropped.is_some() || self.at > self.sink.limits.document_bytes {
            self.dropped.get_or_insert(self.window.line);
            self.window.pass(self.at);
            self.at = 0;
        }
        Ok(self.window.more()?)
    }

    /// Lets go of everything read.
    fn let_go(&mut self) {
        self.window.pass(self.at);
        self.at = 0;
        self.dropped = None;
    }

    /// Hands over what is kept as a document.
    fn emit(&mut self, item: Option<u32>, inherited: Option<&Inherited>) -> Result<(), Stop> {
        let flow = if let Some(line) = self.dropped {
            self.sink.too_large(self.index, line)
        } else {
            self.sink.document(&Cut {
                bytes: &self.window.bytes()[..self.at],
                index: self.index,
                item,
                offset: self.window.offset,
                line: self.window.line,
                column: self.window.column,
                inherited,
            })
        };
        self.let_go();
        unless_done(flow)
    }

    /// Reports malformed JSON here. Where the next value starts is anyone's
    /// guess, so this is the end of the file.
    fn broken(&mut self, message: &str) -> Stop {
        let at_end = self.at == self.window.bytes().len();
        let message = if at_end && self.window.ended() {
            "the file ends inside a value".to_owned()
        } else {
            format!("{message}; what follows was not read")
        };
        let place = self.window.place(self.at);
        let _ = self
            .sink
            .problem_at(Code::BadJson, &message, self.index, place);
        Stop::Done
    }
}
