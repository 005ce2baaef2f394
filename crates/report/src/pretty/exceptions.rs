//! What is excepted, and which exceptions somebody should look at.

use std::io;

use kubescape_engine::exceptions::{Audit, Fate};

use super::Report;
use super::page::{Line, Page, Tone};
use crate::text::{cleaned, count, wrap};

/// Exceptions shown without `--verbose`.
const SHOWN: usize = 10;

pub(super) fn write(report: &Report<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let audit = report.scan.outcome.audit();
    if audit.is_empty() {
        return Ok(());
    }
    sum(report, &audit, page)?;
    let odd: Vec<&Audit> = audit.iter().filter(|one| one.wants_attention()).collect();
    let shown = if report.style.verbose {
        odd.len()
    } else {
        SHOWN
    };
    for one in odd.iter().take(shown) {
        // An identifier of an object says little to people; names do.
        let place = cleaned(&format!("{} ({})", one.name, one.source));
        let (tone, word) = match one.fate {
            Fate::Used => (Tone::Note, "partly used"),
            Fate::Unused => (Tone::Note, "unused"),
            Fate::Expired => (Tone::Warning, "expired"),
            Fate::NeverMatches => (Tone::Warning, "never matches"),
        };
        let text = cleaned(&format!(
            "{place}: {}{}",
            one.notes.join("; "),
            remedy(one.fate)
        ));
        for (number, line) in wrap(&text, page.width() - 17).iter().enumerate() {
            let lead = Line::new().to(2);
            let lead = if number == 0 {
                lead.add(tone, word)
            } else {
                lead
            };
            page.line(&lead.to(17).plain(line))?;
        }
    }
    let more = odd.len().saturating_sub(shown);
    if more > 0 {
        let text = format!(
            "… and {} (--verbose shows all)",
            count(more, "more exception")
        );
        page.line(&Line::new().to(2).add(Tone::Faint, text))?;
    }
    page.blank()
}

/// `Exceptions    3 accept findings · 2 unused · 1 expired`.
fn sum(report: &Report<'_>, audit: &[Audit], page: &mut Page<'_>) -> io::Result<()> {
    let counts = &report.scan.outcome.controls;
    let excepted: u32 = counts.iter().map(|result| result.counts.excepted).sum();
    let of = |fate| audit.iter().filter(|one| one.fate == fate).count();
    let findings = count(excepted as usize, "finding");
    let mut text = match of(Fate::Used) {
        0 => "none accepts anything".to_owned(),
        1 => format!("1 accepts {findings}"),
        used => format!("{used} accept {findings}"),
    };
    for (fate, word) in [
        (Fate::Unused, "unused"),
        (Fate::Expired, "expired"),
        (
            Fate::NeverMatches,
            if of(Fate::NeverMatches) == 1 {
                "never matches"
            } else {
                "never match"
            },
        ),
    ] {
        if of(fate) > 0 {
            text = format!("{text} · {} {word}", of(fate));
        }
    }
    let head = Line::new().add(Tone::Strong, "Exceptions").to(14);
    page.line(&head.plain(text))
}

fn remedy(fate: Fate) -> &'static str {
    match fate {
        Fate::Expired => "; renew or remove it",
        Fate::NeverMatches => "; correct or remove it",
        Fate::Used | Fate::Unused => "",
    }
}
