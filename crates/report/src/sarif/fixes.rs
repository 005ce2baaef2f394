//! Fix paths as replacements of text.

use kubescape_collect::{Position, Span};
use kubescape_engine::PathKind;
use serde_json::{Value as Json, json};

use super::location::region;
use crate::edit::{Change, Wish, changes};
use crate::faults::Mark;
use crate::source::{Document, is_placeholder};

/// Replacements that repair what the marks of one document name, when all of
/// it is known and can be written.
pub(super) fn replacements(document: &Document<'_>, marks: &[Mark<'_>]) -> Option<Vec<Json>> {
    let mut wishes = Vec::new();
    for mark in marks.iter().filter(|mark| mark.kind == PathKind::Fix) {
        if is_placeholder(mark) {
            return None;
        }
        let located = document.located(mark.record, mark.path)?;
        wishes.push(Wish {
            located,
            value: mark.value,
        });
    }
    if wishes.is_empty() {
        return None;
    }
    let changes = changes(document, &wishes)
        .into_iter()
        .map(|(_, change)| change);
    let mut merged: Vec<Change> = Vec::new();
    for change in changes.collect::<Option<Vec<_>>>()? {
        match (merged.last_mut(), change) {
            // Two insertions at one place would have no order.
            (
                Some(Change::Lines { after, lines, .. }),
                Change::Lines {
                    after: other,
                    lines: more,
                    ..
                },
            ) if *after == other => {
                lines.extend(more);
            }
            (_, change) => merged.push(change),
        }
    }
    Some(
        merged
            .into_iter()
            .map(|change| replacement(document, change))
            .collect(),
    )
}

fn replacement(document: &Document<'_>, change: Change) -> Json {
    let at = |start, end, text: String| {
        json!({
            "deletedRegion": region(Span { start, end }),
            "insertedContent": {"text": text},
        })
    };
    let line_break = document.line_break();
    match change {
        Change::Lines { after, lines, .. } => {
            // At the end of the line: the last one may have no line break.
            let column = document.end_of_line(after);
            let place = Position {
                line: after,
                column,
            };
            at(
                place,
                place,
                format!("{line_break}{}", lines.join(line_break)),
            )
        }
        Change::Inline { at: place, text } => at(place, place, text),
        Change::Replace { span, lines } => at(span.start, span.end, lines.join(line_break)),
    }
}
