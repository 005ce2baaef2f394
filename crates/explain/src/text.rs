//! An explanation for people.

use std::fmt::Write as _;

use crate::explanation::Explanation;
use crate::facts::Controls;

/// More failed or skipped controls are only counted.
const SHOWN: usize = 20;

impl Explanation {
    /// Lines for people: what, why, what to do.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to memory cannot fail.
        let _ = write!(text, "{}", self.object);
        if !self.object.api_version.is_empty() {
            let _ = write!(text, " ({})", self.object.api_version);
        }
        let _ = writeln!(text, "\n{}\n", self.verdict.headline());
        self.write_facts(&mut text);
        text.push_str("Why\n");
        for reason in &self.reasons {
            let _ = writeln!(text, "  {reason}");
        }
        if !self.remedy.is_empty() {
            let _ = writeln!(text, "\nWhat to do\n  {}", self.remedy);
        }
        if !self.unknown.is_empty() {
            text.push_str("\nNot known\n");
            for unknown in &self.unknown {
                let _ = writeln!(text, "  {unknown}");
            }
        }
        if let Some(controls) = &self.controls {
            write_controls(controls, &mut text);
        }
        text
    }

    fn write_facts(&self, text: &mut String) {
        let versions = match (&self.engine_version, &self.library_version) {
            (Some(engine), Some(library)) => {
                Some(format!("kubescape {engine}, controls {library}"))
            }
            (Some(engine), None) => Some(format!("kubescape {engine}")),
            (None, Some(library)) => Some(format!("controls {library}")),
            (None, None) => None,
        };
        let now = self
            .present_digest
            .as_ref()
            .filter(|digest| self.input_digest.as_ref() != Some(digest));
        let controls = self.controls.as_ref().map(|controls| {
            let Controls {
                failed,
                passed,
                skipped,
            } = controls;
            let (failed, skipped) = (failed.len(), skipped.len());
            format!("{failed} failed · {passed} passed · {skipped} skipped")
        });
        let facts = [
            ("Result", self.result.clone()),
            ("Since", self.since.clone()),
            ("Judged by", versions),
            ("Input", self.input_digest.clone()),
            ("Input now", now.cloned()),
            ("Controls", controls),
        ];
        let before = text.len();
        for (name, fact) in facts {
            if let Some(fact) = fact {
                let _ = writeln!(text, "{name:<10} {fact}");
            }
        }
        if text.len() > before {
            text.push('\n');
        }
    }
}

fn write_controls(controls: &Controls, text: &mut String) {
    if !controls.failed.is_empty() {
        text.push_str("\nFailed controls\n");
        for control in controls.failed.iter().take(SHOWN) {
            let (severity, id, name) = (&control.severity, &control.id, &control.name);
            let _ = writeln!(text, "  {severity:<8} {id}  {name}");
        }
        write_more(controls.failed.len(), text);
    }
    if !controls.skipped.is_empty() {
        text.push_str("\nSkipped controls\n");
        for control in controls.skipped.iter().take(SHOWN) {
            let line = format!("  {}  {}", control.id, control.reason);
            let _ = writeln!(text, "{}", line.trim_end());
        }
        write_more(controls.skipped.len(), text);
    }
}

fn write_more(all: usize, text: &mut String) {
    if let Some(more @ 1..) = all.checked_sub(SHOWN) {
        let _ = writeln!(text, "  and {more} more");
    }
}
