//! Lines with styles, never wider than the page.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};
use kubescape_engine::Severity;

use crate::text::{cleaned, cut, width};

/// Narrower pages are written as if they had this many columns.
const LEAST: usize = 40;

/// What a part of a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// What it is about.
    Strong,
    /// What is there for orientation.
    Faint,
    /// Goes away.
    Removed,
    /// Comes.
    Added,
    /// Points at something.
    Pointer,
    /// A path in a file.
    Path,
    /// Something is missing or uncertain.
    Warning,
    /// Good to know.
    Note,
    /// Something of this severity.
    Of(Severity),
}

impl Tone {
    fn ansi(self) -> Ansi {
        let color = |color: AnsiColor| Ansi::new().fg_color(Some(color.into()));
        match self {
            Self::Plain => Ansi::new(),
            Self::Strong => Ansi::new().bold(),
            Self::Faint => Ansi::new().dimmed(),
            Self::Removed | Self::Of(Severity::High) => color(AnsiColor::Red),
            Self::Added => color(AnsiColor::Green),
            Self::Pointer | Self::Warning => color(AnsiColor::Yellow).bold(),
            Self::Path => color(AnsiColor::Blue).bold(),
            Self::Note | Self::Of(Severity::Low) => color(AnsiColor::Cyan),
            Self::Of(Severity::Critical) => color(AnsiColor::Red).bold(),
            Self::Of(Severity::Medium) => color(AnsiColor::Yellow),
            Self::Of(Severity::Unknown) => color(AnsiColor::BrightBlack),
        }
    }
}

/// Parts of a line.
#[derive(Clone, Debug, Default)]
pub struct Line(Vec<(Tone, String)>);

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text; whatever a terminal would act on is replaced.
    pub fn add(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.0.push((tone, cleaned(text.as_ref())));
        self
    }

    /// Adds text in no special tone.
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.add(Tone::Plain, text)
    }

    /// Fills up with spaces to a column; one that is already behind it gets
    /// nothing.
    pub fn to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width());
        self.plain(" ".repeat(missing))
    }

    /// How many cells it takes so far.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }
}

/// What text for people is written on.
pub struct Page<'o> {
    out: &'o mut dyn Write,
    color: bool,
    width: usize,
}

impl<'o> Page<'o> {
    /// A page of so many columns; very narrow ones are taken as wider.
    pub fn new(out: &'o mut dyn Write, color: bool, width: usize) -> Self {
        Self {
            out,
            color,
            width: width.max(LEAST),
        }
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Writes an empty line.
    pub fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// Writes a line; what does not fit is cut off.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut left = self.width;
        let mut parts: Vec<(Tone, String)> = Vec::new();
        for (tone, text) in &line.0 {
            let shown = cut(text, left);
            left -= width(&shown);
            let is_cut = shown != *text;
            parts.push((*tone, shown));
            if is_cut {
                break;
            }
        }
        // No spaces at the end of lines.
        while let Some((_, text)) = parts.last_mut() {
            text.truncate(text.trim_end().len());
            if !text.is_empty() {
                break;
            }
            parts.pop();
        }
        for (tone, text) in &parts {
            self.part(*tone, text)?;
        }
        self.blank()
    }

    fn part(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        let style = tone.ansi();
        if self.color && style != Ansi::new() && !text.trim().is_empty() {
            write!(self.out, "{style}{text}{style:#}")
        } else {
            self.out.write_all(text.as_bytes())
        }
    }
}
