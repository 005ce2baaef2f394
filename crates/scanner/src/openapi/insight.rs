//! The shapes of what `/v1/explain` and `/v1/progress` answer. Pure.

use serde_json::{Value, json};

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

fn number(about: &str) -> Value {
    json!({"type": "integer", "description": about})
}

fn truth(about: &str) -> Value {
    json!({"type": "boolean", "description": about})
}

fn texts(about: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": about})
}

/// `Explanation`.
pub(super) fn explanation() -> Value {
    let object = json!({
        "type": "object",
        "required": ["kind", "name"],
        "properties": {
            "apiVersion": text("As the cluster spells it."),
            "kind": text("As the cluster spells it."),
            "namespace": text("Without one: left out."),
            "name": text("Its name."),
        },
    });
    json!({
        "type": "object",
        "required": ["object", "verdict", "reasons"],
        "properties": {
            "object": object,
            "verdict": {
                "type": "string",
                "enum": VERDICTS,
                "description": "How it is with the result, in a word. More may come.",
            },
            "owner": {
                "type": "object",
                "description": "With ownedByParent: who is judged instead.",
                "properties": {
                    "apiVersion": text("Of the owner."),
                    "kind": text("Of the owner."),
                    "name": text("Of the owner."),
                },
            },
            "error": text("With refused: what the storage said."),
            "reasons": texts("Why, as sentences; the first is the main one."),
            "remedy": text("What to do; left out when nothing is."),
            "result": text("Namespace and name of the stored result."),
            "since": text("Since when it says what it says, RFC 3339."),
            "engineVersion": text("Version of the program that judged."),
            "libraryVersion": text("Version of its library of controls."),
            "inputDigest": text("Of the object that the stored result is about."),
            "presentDigest": text("Of the object as it is now."),
            "controls": controls(),
            "unknown": texts("What could not be found out."),
        },
    })
}

/// All verdicts.
pub(super) const VERDICTS: [&str; 15] = [
    "current",
    "stale",
    "partial",
    "notYet",
    "noSuchKind",
    "namespaceExcluded",
    "ownedByParent",
    "forbidden",
    "unreadable",
    "waiting",
    "refused",
    "gone",
    "noSuchObject",
    "notJudged",
    "unknown",
];

fn controls() -> Value {
    json!({
        "type": "object",
        "description": "What controls say of the object.",
        "properties": {
            "failed": {"type": "array", "items": {"type": "object", "properties": {
                "controlID": text("As in C-0016."),
                "name": text("Its name."),
                "severity": text("Critical, High, Medium, Low or Unknown."),
            }}},
            "passed": number("How many passed."),
            "skipped": {"type": "array", "items": {"type": "object", "properties": {
                "controlID": text("As in C-0016."),
                "reason": text("Why it could not say."),
            }}},
        },
    })
}

/// `Progress`.
pub(super) fn progress() -> Value {
    json!({
        "type": "object",
        "properties": {
            "phase": {
                "type": "string",
                "enum": ["connecting", "reading", "lap", "following"],
                "description": "Where continuous scanning stands.",
            },
            "message": text("Why it has not begun; left out when it has."),
            "objects": number("Objects that are known."),
            "synced": truth("Whether every kind has been read once."),
            "toWrite": number("Resources whose results the lap has still to give away."),
            "pendingResults": number("Results that wait to be stored."),
            "settled": truth("Whether all that is known is stored."),
            "events": number("Events so far."),
            "results": number("Resources whose results were given away so far."),
            "gaps": texts("What cannot be read, with reasons."),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_explain::Verdict;

    #[test]
    fn every_documented_verdict_is_one() {
        for name in VERDICTS {
            let said = json!({
                "verdict": name, "error": "",
                "owner": {"apiVersion": "", "kind": "", "name": ""},
            });
            assert!(serde_json::from_value::<Verdict>(said).is_ok(), "{name}");
        }
    }
}
