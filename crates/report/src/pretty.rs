//! The report for people.

mod control;
mod exceptions;
mod excerpt;
mod object;
mod page;
mod resource;
mod security;
mod summary;

use std::io;

use kubescape_scan::Scan;

use crate::Facts;
use crate::faults::Failures;
use crate::source::Texts;
pub use page::{Line, Page, Tone};

/// What the report is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Failing controls, worst first, with what they found where.
    #[default]
    Security,
    /// Objects with what fails in each.
    Resource,
    /// A table of all controls.
    Control,
}

impl View {
    /// All of them.
    pub const ALL: [View; 3] = [View::Security, View::Resource, View::Control];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Resource => "resource",
            Self::Control => "control",
        }
    }
}

/// How the report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether the reader shows colours.
    pub color: bool,
    /// How many columns the reader has.
    pub width: usize,
    /// What it is ordered by.
    pub view: View,
    /// Whether everything is shown.
    pub verbose: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            view: View::default(),
            verbose: false,
        }
    }
}

/// What all parts of the report read.
struct Report<'s> {
    scan: &'s Scan,
    facts: &'s Facts,
    style: Style,
    failures: Failures,
    texts: Texts<'s>,
}

pub(crate) fn write(
    scan: &Scan,
    facts: &Facts,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(64 << 10, out);
    let mut report = Report {
        scan,
        facts,
        style: *style,
        failures: Failures::of(&scan.outcome),
        texts: Texts::new(scan),
    };
    let page = &mut Page::new(&mut out, style.color, style.width);
    match style.view {
        View::Security => security::write(&mut report, page)?,
        View::Resource => resource::write(&report, page)?,
        View::Control => control::write(&report, page)?,
    }
    summary::write(&report, page)?;
    io::Write::flush(&mut out)
}
