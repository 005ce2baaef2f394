//! Objects with what fails in each.

use std::io;

use kubescape_engine::{Origin, Status};

use super::page::{Line, Page, Tone};
use super::{Report, object};
use crate::faults::{marks_of, sort_worst_first, title_of};
use crate::place::whereabouts;
use crate::text::{count, cut, width};

pub(super) fn write(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let outcome = &report.scan.outcome;
    for (number, record) in outcome.records.iter().enumerate() {
        if record.hidden || record.faults.is_empty() {
            continue;
        }
        let verdicts = outcome.verdicts(record);
        let of_status = |status| {
            verdicts
                .iter()
                .filter(move |verdict| verdict.status.status == status)
        };
        let mut failed: Vec<usize> = of_status(Status::Failed)
            .map(|verdict| verdict.control)
            .collect();
        if failed.is_empty() {
            continue;
        }
        sort_worst_first(&mut failed, outcome);
        object::heading(
            "-->",
            &location(report, number),
            &title_of(outcome, number),
            page,
        )?;
        let names = failed
            .iter()
            .map(|control| width(outcome.plan.controls[*control].name));
        let column = (20 + names.max().unwrap_or(0).min(page.width() / 2 - 16)).min(page.width());
        for control in &failed {
            let definition = outcome.plan.controls[*control];
            let line = Line::new()
                .plain("  ")
                .add(
                    Tone::Of(definition.severity()),
                    definition.severity().name(),
                )
                .to(12)
                .add(Tone::Strong, definition.id)
                .to(20)
                .plain(cut(definition.name, column - 20))
                .to(column + 2);
            page.line(&line.add(Tone::Faint, paths(report, number, *control)))?;
        }
        let sums = format!(
            "{} of {} failed",
            failed.len(),
            count(verdicts.len(), "control")
        );
        page.line(&Line::new().to(12).add(Tone::Faint, sums))?;
        page.blank()?;
    }
    Ok(())
}

fn location(report: &Report<'_>, number: usize) -> String {
    let number = match report.scan.outcome.records[number].origin {
        Origin::Subject { binding, .. } => binding as usize,
        _ => number,
    };
    whereabouts(report.scan, number).map_or_else(String::new, |place| place.text())
}

fn paths(report: &Report<'_>, number: usize, control: usize) -> String {
    let marks = marks_of(&report.scan.outcome, number, control);
    let mut paths: Vec<&str> = marks
        .iter()
        .map(|mark| object::short(mark.path))
        .filter(|path| !path.is_empty())
        .collect();
    paths.dedup();
    paths.join(", ")
}
