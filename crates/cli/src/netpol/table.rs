//! A simulation for people: a table for each workload, the policies that were
//! considered, and the sums.

use std::io::{self, Write};

use kubescape_netpol::{Direction, JointFlow, JointVerdict};
use kubescape_report::text::{count, cut, cut_middle, width, wrap};
use kubescape_report::{Line, Page, Tone};

use super::json::word;
use super::object::{full_name, short_name};
use super::simulate::{Counts, Simulation, Workload};
use super::words::{at, peer, reason};
use crate::output::{terminal_width, wants_color};

/// Rows that are put into columns together, and as many as are shown of a
/// workload unless all are asked for.
const ROWS: usize = 200;

/// Policies that are named.
const POLICIES: usize = 100;

pub(super) fn write(simulation: &Simulation<'_>, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, wants_color(), terminal_width());
    for workload in simulation.workloads() {
        of_workload(simulation, &workload, all, page)?;
    }
    policies(simulation, page)?;
    sums(simulation, page)
}

fn of_workload(
    simulation: &Simulation<'_>,
    workload: &Workload<'_>,
    all: bool,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut rows = Rows::default();
    let mut written = Ok(());
    let counts = simulation.judge(workload, &mut |flow| {
        if !all && flow.verdict == JointVerdict::Allowed {
            return;
        }
        if rows.buffered.len() == ROWS {
            if !all {
                rows.left_out += 1;
                return;
            }
            if written.is_ok() {
                written = rows.write(workload, page);
            }
        }
        rows.buffered.push(Row::of(flow, workload, simulation));
    });
    written?;
    if counts.all() == 0 {
        let line = Line::new().plain(workload.observation.to_string());
        page.line(&line.plain(": no flow was recorded"))?;
        return page.blank();
    }
    if counts.allowed == counts.all() && !all {
        let flows = flows(counts.all());
        let line = Line::new().add(Tone::Added, format!("✓ nothing blocked of {flows}: "));
        page.line(&line.plain(workload.observation.to_string()))?;
        return page.blank();
    }
    rows.write(workload, page)?;
    if rows.left_out > 0 {
        let text = format!("… and {} more (--all lists them)", rows.left_out);
        page.line(&Line::new().to(2).add(Tone::Faint, text))?;
    }
    page.line(&summed(Line::new().to(2), counts))?;
    page.blank()
}

fn flows(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "flow")
}

/// `Blocked 2 · Undecidable 1 · Allowed 4`.
fn summed(line: Line, counts: Counts) -> Line {
    let parts = [
        ("Blocked", counts.blocked, tone(JointVerdict::Blocked)),
        (
            "Undecidable",
            counts.undecidable,
            tone(JointVerdict::Undecidable),
        ),
        ("Allowed", counts.allowed, tone(JointVerdict::Allowed)),
    ];
    let mut line = line;
    for (number, (name, count, tone)) in parts.into_iter().enumerate() {
        let between = if number > 0 { " · " } else { "" };
        let tone = if count > 0 { tone } else { Tone::Faint };
        line = line
            .add(Tone::Faint, between)
            .add(tone, format!("{name} {count}"));
    }
    line
}

fn tone(verdict: JointVerdict) -> Tone {
    match verdict {
        JointVerdict::Allowed => Tone::Added,
        JointVerdict::Blocked => Tone::Removed,
        JointVerdict::Undecidable => Tone::Pointer,
    }
}

/// The rows of one workload.
#[derive(Default)]
struct Rows {
    buffered: Vec<Row>,
    /// Whether the heading is written already.
    headed: bool,
    left_out: u64,
}

struct Row {
    direction: Direction,
    peer: String,
    at: String,
    verdict: JointVerdict,
    reason: String,
}

/// Widest columns; the verdict gets the rest.
const PEER: usize = 36;
const AT: usize = 30;
/// Cells between columns.
const GAP: usize = 2;
/// Least for the verdict.
const VERDICT: usize = 30;

impl Row {
    fn of(flow: &JointFlow<'_, '_>, workload: &Workload<'_>, simulation: &Simulation<'_>) -> Self {
        Self {
            direction: flow.direction,
            peer: cut_middle(&peer(flow.neighbor), PEER),
            at: cut_middle(&at(flow), AT),
            verdict: flow.verdict,
            reason: reason(flow, |policy| {
                let number = workload.policies[policy];
                short_name(&simulation.input.policies[number].policy.metadata)
            }),
        }
    }
}

impl Rows {
    /// Writes what is buffered, in columns as wide as it needs.
    fn write(&mut self, workload: &Workload<'_>, page: &mut Page<'_>) -> io::Result<()> {
        if self.buffered.is_empty() {
            return Ok(());
        }
        let widest = |cell: fn(&Row) -> &str, least: &str| {
            let cells = self.buffered.iter().map(|row| width(cell(row)));
            cells.max().unwrap_or(0).max(width(least))
        };
        let direction = 2;
        let peer = direction + width("Direction") + GAP;
        let room = page.width().saturating_sub(peer + 2 * GAP + VERDICT);
        let at_width = widest(|row| &row.at, "Address, port").min(AT.min(room / 2));
        let peer_width = widest(|row| &row.peer, "Peer").min(room - at_width);
        let at = peer + peer_width + GAP;
        let verdict = at + at_width + GAP;
        if !self.headed {
            self.headed = true;
            let title = Line::new().add(Tone::Strong, workload.observation.to_string());
            page.line(&title)?;
            let head = Line::new().to(direction).add(Tone::Faint, "Direction");
            let head = head.to(peer).add(Tone::Faint, "Peer");
            let head = head.to(at).add(Tone::Faint, "Address, port");
            page.line(&head.to(verdict).add(Tone::Faint, "Verdict"))?;
        }
        for row in self.buffered.drain(..) {
            let line = Line::new().to(direction).plain(row.direction.to_string());
            let line = line.to(peer).plain(cut_middle(&row.peer, peer_width));
            let mut line = line.to(at).plain(cut_middle(&row.at, at_width));
            let text = format!("{}: {}", word(row.verdict), row.reason);
            for (number, part) in wrap(&text, page.width().saturating_sub(verdict))
                .iter()
                .enumerate()
            {
                line = line.to(verdict);
                line = match part.strip_prefix(word(row.verdict)) {
                    Some(rest) if number == 0 => {
                        line.add(tone(row.verdict), word(row.verdict)).plain(rest)
                    }
                    _ => line.plain(part),
                };
                page.line(&line)?;
                line = Line::new();
            }
        }
        Ok(())
    }
}

/// The policies, with how much they matter: one that is for none of the
/// workloads is a typing error more often than not.
fn policies(simulation: &Simulation<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let policies = &simulation.input.policies;
    let uses = simulation.uses.borrow();
    page.line(&Line::new().add(Tone::Strong, "Policies considered"))?;
    for (policy, uses) in policies.iter().zip(&*uses).take(POLICIES) {
        let directions = policy.directions();
        let (tone, used) = match (uses.certain, uses.possible) {
            (0, 0) => (Tone::Warning, "for none of these workloads".to_owned()),
            (0, possible) => {
                let workloads = count(possible, "workload");
                (Tone::Pointer, format!("perhaps for {workloads}"))
            }
            (certain, 0) => (Tone::Plain, format!("for {}", count(certain, "workload"))),
            (certain, possible) => {
                let workloads = count(certain, "workload");
                (
                    Tone::Plain,
                    format!("for {workloads}, perhaps for {possible} more"),
                )
            }
        };
        let name = cut(&full_name(&policy.policy.metadata), page.width() / 2);
        let line = Line::new().to(2).plain(name);
        let line = line.add(Tone::Faint, format!(" ({})", policy.place));
        let line = line.plain(format!(", {}: ", directions.join(" and ")));
        page.line(&line.add(tone, used))?;
    }
    let more = policies.len().saturating_sub(POLICIES);
    if more > 0 {
        let text = format!("… and {more} more (--format json lists them)");
        page.line(&Line::new().to(2).add(Tone::Faint, text))?;
    }
    page.blank()
}

fn sums(simulation: &Simulation<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let input = simulation.input;
    let totals = simulation.totals.get();
    let refused = simulation.refused.borrow().len();
    let of = format!(
        "{} of {} by {}",
        flows(totals.all()),
        count(input.observations.len() - refused, "workload"),
        policy_count(input.policies.len())
    );
    let line = summed(Line::new(), totals);
    let column = page.width().saturating_sub(width(&of));
    if line.width() + GAP > column {
        page.line(&line)?;
        page.line(&Line::new().plain(of))?;
    } else {
        page.line(&line.to(column).plain(of))?;
    }
    if simulation.is_complete() {
        return Ok(());
    }
    let text = "Partial, as not all of the input could be read or judged";
    page.line(&Line::new().add(Tone::Warning, text))
}

fn policy_count(number: usize) -> String {
    match number {
        1 => "1 policy".to_owned(),
        _ => format!("{number} policies"),
    }
}
