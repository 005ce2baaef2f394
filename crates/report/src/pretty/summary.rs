//! What every view ends with: sums, frameworks, what was not judged, and what
//! the result rests on.

use std::io;

use kubescape_engine::{Outcome, Scope, SeverityCounts, Status, SubStatus};

use super::control::percent;
use super::page::{Line, Page, Tone};
use super::{Report, View};
use crate::faults::severities;
use crate::text::{count, cut, width, wrap};

/// Where the right side of the summary starts.
const COLUMN: usize = 14;

/// Problems of one sort shown without `--verbose`.
const PROBLEMS: usize = 20;

pub(super) fn write(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    if report.scan.outcome.total.counts.failed > 0 || report.style.view == View::Control {
        page.line(&Line::new().add(Tone::Faint, "─".repeat(page.width())))?;
    }
    sums(report, page)?;
    coverage(report, page)?;
    // A share of nothing would look like a success.
    if report.scan.outcome.total.counts.all() > 0 {
        frameworks(report, page)?;
    }
    if report.scan.objects_seen > 0 {
        skipped(report, page)?;
    }
    super::exceptions::write(report, page)?;
    problems(report, page)?;
    unread(report, page)?;
    last_lines(report, page)
}

fn sums(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let outcome = &report.scan.outcome;
    let of_status = |status| {
        outcome
            .controls
            .iter()
            .filter(|result| result.status == status)
            .count()
    };
    let failed = of_status(Status::Failed);
    if failed == 0 {
        return nothing_failed(report, of_status(Status::Passed), page);
    }
    let counts = outcome.total.counts;
    let line = severity_line("Controls", outcome.failed_controls);
    sum_line(
        line,
        &format!("{failed} of {} failed", outcome.controls.len()),
        page,
    )?;
    let line = severity_line("Findings", outcome.failed_resources);
    let objects = count(counts.all() as usize, "object");
    sum_line(
        line,
        &format!("{} of {objects} failed", counts.failed),
        page,
    )?;
    page.blank()
}

fn nothing_failed(report: &Report<'_>, passed: usize, page: &mut Page<'_>) -> io::Result<()> {
    let scan = report.scan;
    let objects = scan.outcome.total.counts.all();
    let (tone, text) = if objects == 0 {
        (
            Tone::Warning,
            "Nothing was judged: the input has no object that a control reads.".to_owned(),
        )
    } else if scan.is_partial() {
        let text = "Nothing failed in what could be read; the rest of the input is listed below.";
        (Tone::Warning, text.to_owned())
    } else {
        let text = format!(
            "✓ Nothing failed: {} passed on {}.",
            count(passed, "control"),
            count(objects as usize, "object")
        );
        (Tone::Added, text)
    };
    for line in wrap(&text, page.width()) {
        page.line(&Line::new().add(tone, line))?;
    }
    page.blank()
}

/// `Controls      Critical 2 · High 10 · Medium 5`.
fn severity_line(what: &str, counts: SeverityCounts) -> Line {
    let mut line = Line::new().add(Tone::Strong, what).to(COLUMN);
    let mut between = "";
    for severity in severities().filter(|severity| counts.of(*severity) > 0) {
        let text = format!("{} {}", severity.name(), counts.of(severity));
        line = line.add(Tone::Faint, between).add(Tone::Of(severity), text);
        between = " · ";
    }
    line
}

/// A line with a sum at its right end, or below it where there is no room.
fn sum_line(line: Line, sum: &str, page: &mut Page<'_>) -> io::Result<()> {
    if line.width() + 2 + width(sum) > page.width() {
        page.line(&line)?;
        return page.line(&Line::new().to(COLUMN).plain(sum));
    }
    page.line(&line.to(page.width() - width(sum)).plain(sum))
}

/// How much of a cluster was judged. Of files nobody knows what is missing.
fn coverage(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    if report.facts.cluster.is_none() {
        return Ok(());
    }
    let coverage = report.scan.outcome.coverage();
    let line = Line::new().add(Tone::Strong, "Coverage").to(COLUMN);
    let tone = if coverage.judged == coverage.all {
        Tone::Added
    } else {
        Tone::Warning
    };
    let share = percent(coverage.percent());
    let sum = format!(
        "{} of {} had all that they read",
        coverage.judged, coverage.all
    );
    sum_line(line.add(tone, share), &sum, page)?;
    page.blank()
}

fn frameworks(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let outcome = &report.scan.outcome;
    if outcome.frameworks.is_empty() {
        return Ok(());
    }
    let names = outcome
        .plan
        .frameworks
        .iter()
        .map(|(framework, _)| width(framework.name));
    let name = names.max().unwrap_or(0).clamp(COLUMN - 2, page.width() / 3) + 2;
    let summed = outcome.plan.frameworks.iter().zip(&outcome.frameworks);
    for (place, ((framework, numbers), summary)) in summed.enumerate() {
        let failed = numbers
            .iter()
            .filter(|number| outcome.control_in(place, **number).status == Status::Failed)
            .count();
        let controls = format!("{failed} of {} failed", numbers.len());
        let share = percent(summary.compliance);
        let room = page
            .width()
            .saturating_sub(name + 8 + width(&controls) + 2)
            .min(40);
        let (full, rest) = bar(summary.compliance, room);
        let tone = match summary.compliance {
            share if share >= 90.0 => Tone::Added,
            share if share >= 60.0 => Tone::Pointer,
            _ => Tone::Removed,
        };
        let line = Line::new()
            .add(Tone::Strong, cut(framework.name, name - 2))
            .to(name + 5 - width(&share))
            .plain(share)
            .to(name + 7)
            .add(tone, full)
            .add(Tone::Faint, rest);
        page.line(&line.to(page.width() - width(&controls)).plain(controls))?;
    }
    page.blank()
}

/// A bar of so many cells: what is full, and what is not.
fn bar(share: f32, cells: usize) -> (String, String) {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let eighths = (f64::from(share.clamp(0.0, 100.0)) / 100.0 * (cells * 8) as f64) as usize;
    let full = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
    let rest = "░".repeat(cells - width(&full));
    (full, rest)
}

fn skipped(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let outcome = &report.scan.outcome;
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for (result, control) in outcome.controls.iter().zip(&outcome.plan.controls) {
        if result.status != Status::Skipped {
            continue;
        }
        let reason = match (&*result.info, result.sub_status) {
            ("", SubStatus::RequiresReview) => "a person has to review what was found",
            ("", status) if !status.name().is_empty() => status.name(),
            ("", _) => "not judged",
            (info, _) => info,
        };
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, ids)) => ids.push(control.id),
            None => reasons.push((reason.to_owned(), vec![control.id])),
        }
    }
    if let Some(reason) = left_out(outcome) {
        let ids = outcome
            .plan
            .left_out
            .iter()
            .map(|control| control.id)
            .collect();
        reasons.push((reason, ids));
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let number: usize = reasons.iter().map(|(_, ids)| ids.len()).sum();
    let head = format!("{} not judged", count(number, "control"));
    page.line(&Line::new().add(Tone::Strong, head))?;
    for (reason, ids) in reasons {
        for line in wrap(&reason, page.width() - 2) {
            page.line(&Line::new().to(2).plain(line))?;
        }
        for line in wrap(&ids.join(" "), page.width() - 4) {
            page.line(&Line::new().to(4).add(Tone::Faint, line))?;
        }
    }
    page.blank()
}

/// Why controls of the chosen frameworks were not even tried.
fn left_out(outcome: &Outcome) -> Option<String> {
    let reason = match outcome.plan.target {
        Scope::File => {
            "judge clusters, and this looks like manifests: scan the dump of a cluster, or say --scope"
        }
        _ => "judge other clusters or manifests: say --scope if this is one",
    };
    (!outcome.plan.left_out.is_empty()).then(|| reason.to_owned())
}

fn problems(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let (notes, warnings): (Vec<_>, Vec<_>) = report
        .scan
        .problems
        .iter()
        .partition(|problem| problem.is_note());
    let verbose = report.style.verbose;
    let mut any = false;
    for (word, tone, problems, limit) in [
        (
            "warning",
            Tone::Warning,
            warnings,
            if verbose { usize::MAX } else { PROBLEMS },
        ),
        (
            "note",
            Tone::Note,
            notes,
            if verbose { usize::MAX } else { 3 },
        ),
    ] {
        for problem in problems.iter().take(limit) {
            any = true;
            let lead = format!("{word}[{}]: ", problem.code);
            let text = crate::text::cleaned(&problem.to_string());
            let lines = wrap(&format!("{lead}{text}"), page.width() - 2);
            for (number, line) in lines.iter().enumerate() {
                let (start, rest) = match line.strip_prefix(lead.trim_end()) {
                    Some(rest) if number == 0 => (Line::new().add(tone, lead.trim_end()), rest),
                    _ if number == 0 => (Line::new(), &**line),
                    _ => (Line::new().to(2), &**line),
                };
                page.line(&start.plain(rest))?;
            }
        }
        let more = problems.len().saturating_sub(limit);
        if more > 0 {
            let text = format!("… and {} more (--verbose shows all)", count(more, word));
            page.line(&Line::new().add(Tone::Faint, text))?;
        }
    }
    if any { page.blank() } else { Ok(()) }
}

fn unread(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let kinds = &report.scan.unread_kinds;
    if kinds.is_empty() {
        return Ok(());
    }
    let named = |(kind, objects): (&String, &usize)| match objects {
        1 => kind.clone(),
        _ => format!("{kind} ({objects})"),
    };
    let names: Vec<_> = kinds.iter().map(named).collect();
    let text = format!("No control of this scan reads {}.", names.join(", "));
    for line in wrap(&crate::text::cleaned(&text), page.width()) {
        page.line(&Line::new().add(Tone::Faint, line))?;
    }
    page.blank()
}

fn last_lines(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let (scan, facts) = (report.scan, report.facts);
    let mut parts = vec![
        count(scan.objects_seen, "object"),
        count(
            scan.sources.len(),
            if facts.cluster.is_some() {
                "list"
            } else {
                "file"
            },
        ),
        count(scan.outcome.controls.len(), "control"),
    ];
    if scan.objects_owned > 0 {
        parts.insert(1, format!("{} through their owners", scan.objects_owned));
    }
    if !facts.took.is_empty() {
        parts.push(facts.took.clone());
    }
    let (tone, verdict) = if scan.is_partial() {
        (
            Tone::Warning,
            "Partial, as not all of the input could be read",
        )
    } else {
        (Tone::Added, "Complete")
    };
    let counted = format!(": {}", parts.join(" · "));
    let line = Line::new().add(tone, verdict);
    if line.width() + width(&counted) > page.width() {
        page.line(&line.plain(":"))?;
        page.line(&Line::new().plain(counted.trim_start_matches(": ")))?;
    } else {
        page.line(&line.plain(counted))?;
    }
    if let Some(cluster) = &facts.cluster {
        let mut parts = vec![format!("cluster {}", cluster.context)];
        if !cluster.git_version.is_empty() {
            parts.push(format!("Kubernetes {}", cluster.git_version));
        }
        if !cluster.provider.is_empty() {
            parts.push(cluster.provider.to_uppercase());
        }
        if let Some(workers) = cluster.worker_nodes {
            parts.push(count(workers, "worker node"));
        }
        if !facts.generated.is_empty() {
            parts.push(facts.generated.clone());
        }
        for line in wrap(&crate::text::cleaned(&parts.join(" · ")), page.width()) {
            page.line(&Line::new().plain(line))?;
        }
    }
    let library = scan.outcome.plan.library_version;
    let digest = scan.digest.get(..12).unwrap_or(&scan.digest);
    let from = format!(
        "kubescape {} · library {library} · input {digest}",
        facts.version
    );
    page.line(&Line::new().add(Tone::Faint, from))
}
