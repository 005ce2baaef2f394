//! A table of all controls.

use std::io;

use kubescape_engine::Status;

use super::Report;
use super::page::{Line, Page, Tone};
use crate::faults::sort_worst_first;
use crate::text::{cut, width};

pub(super) fn write(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let outcome = &report.scan.outcome;
    let mut controls: Vec<usize> = (0..outcome.controls.len()).collect();
    sort_worst_first(&mut controls, outcome);
    let names = controls
        .iter()
        .map(|control| width(outcome.plan.controls[*control].name));
    // Severity and ID on the left, four numbers on the right.
    let room = page.width().saturating_sub(18 + 4 * 9 + 5);
    let name = names.max().unwrap_or(0).min(room).max(4);
    let columns = [18 + name, 27 + name, 36 + name, 45 + name, 58 + name];
    let head = ["Failed", "Skipped", "Passed", "Compliance"];
    let line = Line::new()
        .add(Tone::Faint, "Severity")
        .to(10)
        .add(Tone::Faint, "ID")
        .to(18);
    page.line(&numbers(
        line.add(Tone::Faint, "Control"),
        &columns[1..],
        &head,
        Tone::Faint,
    ))?;
    for control in controls {
        let (definition, result) = (outcome.plan.controls[control], &outcome.controls[control]);
        let failed = result.status == Status::Failed;
        let severity = definition.severity();
        let tone = if failed {
            Tone::Of(severity)
        } else {
            Tone::Faint
        };
        let line = Line::new()
            .add(tone, severity.name())
            .to(10)
            .add(
                if failed { Tone::Strong } else { Tone::Plain },
                definition.id,
            )
            .to(18)
            .plain(cut(definition.name, name));
        let number = |number: u32| {
            if number == 0 {
                "-".to_owned()
            } else {
                number.to_string()
            }
        };
        let counts = result.counts;
        let compliance = match result.status {
            Status::Skipped if counts.all() == 0 => "skipped".to_owned(),
            Status::Passed if counts.all() == 0 => "no objects".to_owned(),
            _ => percent(result.compliance),
        };
        let cells = [
            number(counts.failed),
            number(counts.skipped),
            number(counts.passed),
            compliance,
        ];
        page.line(&numbers(line, &columns[1..], &cells, Tone::Plain))?;
    }
    page.blank()
}

/// Adds cells that end at columns.
fn numbers(mut line: Line, ends: &[usize], cells: &[impl AsRef<str>], tone: Tone) -> Line {
    for (end, cell) in ends.iter().zip(cells) {
        let cell = cell.as_ref();
        line = line.to(end.saturating_sub(width(cell))).add(tone, cell);
    }
    line
}

/// `71 %`; what is not quite everything or nothing never reads as if it were.
pub(super) fn percent(share: f32) -> String {
    let rounded = match share {
        share if share > 99.0 && share < 100.0 => 99.0,
        share if share > 0.0 && share < 1.0 => 1.0,
        share => share.round(),
    };
    format!("{rounded:.0} %")
}
