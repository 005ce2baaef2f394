//! Failing controls, worst first, with the lines at fault.

use std::io;

use super::page::{Line, Page, Tone};
use super::{Report, object};
use crate::faults::first_sentence;
use crate::text::{count, cut, width};

/// Without `--verbose`, objects shown of each control.
const SHOWN: usize = 3;

pub(super) fn write(report: &mut Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let outcome = &report.scan.outcome;
    for control in report.failures.controls(outcome) {
        let (definition, result) = (outcome.plan.controls[control], &outcome.controls[control]);
        let counts = result.counts;
        let of = count(counts.all() as usize, "object");
        header(
            control_line(definition),
            definition.name,
            &format!("{} of {of} failed", counts.failed),
            page,
        )?;
        let records: Vec<usize> = report.failures.records(control).collect();
        let shown = if report.style.verbose {
            records.len()
        } else {
            SHOWN.min(records.len())
        };
        let mut how = false;
        for number in &records[..shown] {
            how |= object::write(report, *number, control, page)?.how;
        }
        if !how {
            object::note("help", &first_sentence(definition.remediation), 3, page)?;
        }
        let rest = records.len() - shown;
        if rest > 0 {
            let text = format!("… and {} (--verbose shows all)", count(rest, "more object"));
            page.line(&Line::new().to(6).add(Tone::Faint, text))?;
        }
        page.blank()?;
    }
    Ok(())
}

/// `High      C-0016  `.
pub(super) fn control_line(control: &kubescape_engine::Control) -> Line {
    let severity = control.severity();
    Line::new()
        .add(Tone::Of(severity), severity.name())
        .to(10)
        .add(Tone::Strong, control.id)
        .to(18)
}

/// A line with something at its right end.
pub(super) fn header(start: Line, name: &str, right: &str, page: &mut Page<'_>) -> io::Result<()> {
    let room = page
        .width()
        .saturating_sub(start.width() + width(right) + 2);
    let line = start.add(Tone::Strong, cut(name, room));
    let line = line.to(page.width() - width(right)).add(Tone::Faint, right);
    page.line(&line)
}
