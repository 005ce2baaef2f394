//! From facts to a verdict. What keeps an object from being judged at all comes
//! first; then whether it is there; then how its result fares.

use crate::explanation::{Explanation, Verdict};
use crate::facts::{Delivery, Facts, Judged, KindState, Presence, Stored, StoredResult};
use crate::object::ObjectRef;
use crate::remedy::remedy;

/// What is to be said of an object's result.
pub fn explain(object: ObjectRef, facts: Facts) -> Explanation {
    let (verdict, mut reasons) = decide(&object, &facts);
    if let Some(kept) = kept(&verdict, &facts) {
        reasons.push(kept);
    }
    let remedy = remedy(&verdict, &object, &facts);
    let Facts {
        judged,
        stored,
        unknown,
        ..
    } = facts;
    let judged = judged.unwrap_or_default();
    let stored = match stored {
        Stored::Result(result) => Some(*result),
        Stored::Nothing | Stored::Unknown(_) => None,
    };
    let result = stored.as_ref();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let known = |stored: fn(&StoredResult) -> &str, judged: &str| {
        let stored = result.and_then(|result| text(stored(result)));
        stored.or_else(|| text(judged))
    };
    Explanation {
        result: result.map(|result| format!("{}/{}", result.namespace, result.name)),
        since: result.and_then(|result| text(&result.since)),
        engine_version: known(|result| &result.engine_version, &judged.engine_version),
        library_version: known(|result| &result.library_version, &judged.library_version),
        input_digest: result.and_then(|result| text(&result.input_digest)),
        present_digest: text(&judged.input_digest),
        controls: judged
            .controls
            .or_else(|| stored.and_then(|result| result.controls)),
        object,
        verdict,
        reasons,
        remedy,
        unknown,
    }
}

type Decision = (Verdict, Vec<String>);

fn decide(object: &ObjectRef, facts: &Facts) -> Decision {
    unjudged(object, facts).unwrap_or_else(|| fares(facts))
}

fn because(verdict: Verdict, reason: impl Into<String>) -> Decision {
    (verdict, vec![reason.into()])
}

/// Why there is nothing to judge, if that is so.
fn unjudged(object: &ObjectRef, facts: &Facts) -> Option<Decision> {
    let ObjectRef {
        kind, namespace, ..
    } = object;
    match &facts.kind {
        KindState::NotJudged => {
            let reason = format!("No control that judges here reads objects of kind {kind}.");
            return Some(because(Verdict::NotJudged, reason));
        }
        KindState::Absent(reason) => {
            return Some(because(Verdict::NoSuchKind, sentence(reason)));
        }
        KindState::Read
        | KindState::LeftOut(_)
        | KindState::Forbidden(_)
        | KindState::Unread(_) => {}
    }
    if !facts.namespace_followed {
        let reason = format!("Objects in the namespace {namespace} are not read.");
        return Some(because(Verdict::NamespaceExcluded, reason));
    }
    match &facts.kind {
        KindState::Forbidden(reason) => {
            return Some(because(Verdict::Forbidden, sentence(reason)));
        }
        KindState::LeftOut(reason) | KindState::Unread(reason) => {
            return Some(because(Verdict::Unreadable, sentence(reason)));
        }
        KindState::Read | KindState::NotJudged | KindState::Absent(_) => {}
    }
    match &facts.presence {
        Presence::There => None,
        Presence::Owned(owner) => {
            let reason = format!(
                "{owner} made it from a template; what is wrong with it is wrong with the template."
            );
            let owner = owner.clone();
            Some(because(Verdict::OwnedByParent { owner }, reason))
        }
        Presence::Missing => Some(missing(facts)),
        Presence::Unknown(why) if !facts.synced => {
            let reason = format!("Reading has not begun: {why}.");
            Some(because(Verdict::NotYet, reason))
        }
        Presence::Unknown(why) => {
            let reason = format!("Whether the object is there could not be seen: {why}.");
            Some(because(Verdict::Unknown, reason))
        }
    }
}

fn missing(facts: &Facts) -> Decision {
    if !facts.synced {
        let reason = "Not everything has been read yet, and the object was not among it so far.";
        return because(Verdict::NotYet, reason);
    }
    match &facts.stored {
        Stored::Result(_) => {
            let reason = "The object is not there any more.";
            because(Verdict::Gone, reason)
        }
        Stored::Nothing => because(Verdict::NoSuchObject, "There is no object of that name."),
        Stored::Unknown(why) => (
            Verdict::NoSuchObject,
            vec![
                "There is no object of that name.".to_owned(),
                format!("Whether a result of it is still stored could not be seen: {why}."),
            ],
        ),
    }
}

/// How the result of an object fares that is there and read.
fn fares(facts: &Facts) -> Decision {
    if !facts.synced {
        let reason = "Not everything has been read yet; results are made when all that objects are joined to is known.";
        return because(Verdict::NotYet, reason);
    }
    let Some(judged) = &facts.judged else {
        let reason =
            "The object is read for what others are joined to; no control says anything of it.";
        return because(Verdict::NotJudged, reason);
    };
    match &facts.stored {
        Stored::Result(stored) => match difference(judged, stored) {
            None => agrees(judged, stored),
            Some(difference) => differs(facts, Some(difference)),
        },
        Stored::Nothing => differs(facts, None),
        Stored::Unknown(why) => unseen(facts, judged, why),
    }
}

/// The stored result says what is so.
fn agrees(judged: &Judged, stored: &StoredResult) -> Decision {
    let mut gaps = judged.gaps.clone();
    if gaps.is_empty() && !stored.gaps.is_empty() {
        gaps.push(stored.gaps.clone());
    }
    if gaps.is_empty() {
        let reason = "It was judged as it is now, with all that controls read.";
        return because(Verdict::Current, reason);
    }
    (
        Verdict::Partial,
        gaps.iter().map(|gap| lacks(gap)).collect(),
    )
}

fn lacks(gap: &str) -> String {
    format!(
        "Controls lacked what they read: {}.",
        gap.trim_end_matches('.')
    )
}

/// In what a stored result is not that of the object as it is now.
fn difference(judged: &Judged, stored: &StoredResult) -> Option<String> {
    if let Some(now) = &judged.result_digest
        && *now == stored.result_digest
    {
        return None;
    }
    let parts = [
        (
            "the object has changed since it was judged",
            &judged.input_digest,
            &stored.input_digest,
        ),
        (
            "it was judged by another version of the program",
            &judged.engine_version,
            &stored.engine_version,
        ),
        (
            "it was judged by another version of the controls",
            &judged.library_version,
            &stored.library_version,
        ),
    ];
    // What nobody knows cannot be compared.
    let mut known = parts.iter().filter(|(_, now, _)| !now.is_empty());
    let changed = known.find(|(_, now, then)| now != then);
    if let Some((what, now, then)) = changed {
        let or_none = |text: &str| {
            if text.is_empty() {
                "none".into()
            } else {
                text.to_owned()
            }
        };
        return Some(format!(
            "{what} ({} then, {} now)",
            or_none(then),
            or_none(now)
        ));
    }
    // Without the result's own digest there is nothing more to compare.
    judged.result_digest.as_ref()?;
    Some("what the object is joined to has changed since it was judged".to_owned())
}

/// Something else is stored, or nothing: why, and does the result come?
fn differs(facts: &Facts, difference: Option<String>) -> Decision {
    let stored = difference.map(|difference| sentence(&format!("of what is stored, {difference}")));
    let with = |verdict, reason: String| {
        let reasons = [Some(reason), stored.clone()];
        (verdict, reasons.into_iter().flatten().collect())
    };
    match &facts.delivery {
        Delivery::Refused(error) => {
            let reason = format!(
                "The storage refused the result: {}.",
                error.trim_end_matches('.')
            );
            let error = error.clone();
            with(Verdict::Refused { error }, reason)
        }
        Delivery::Away { seconds, why } => {
            let reason = format!("The storage has not answered for {seconds} s: {why}.");
            with(Verdict::Waiting, reason)
        }
        Delivery::Waiting { pending } => {
            let reason = format!("Its result is among {pending} that wait to be stored.");
            with(Verdict::Waiting, reason)
        }
        Delivery::NotReady => {
            let reason = "What is stored has not been read yet; nothing is written before.";
            with(Verdict::Waiting, reason.to_owned())
        }
        _ if facts.to_write > 0 => {
            let reason = format!(
                "Results of {} resources are still to be given to the storage.",
                facts.to_write
            );
            with(Verdict::Waiting, reason)
        }
        Delivery::Done => settled(
            stored,
            "The storage took its result, but does not have it any more.",
        ),
        Delivery::Idle => settled(stored, "Its result is not stored, and does not wait to be."),
        Delivery::Unknown => settled(stored, "No result of it is stored."),
    }
}

/// Nothing is under way.
fn settled(stored: Option<String>, otherwise: &str) -> Decision {
    match stored {
        Some(reason) => because(Verdict::Stale, reason),
        None => because(Verdict::NotYet, otherwise),
    }
}

/// The storage could not be asked: what does the writer know?
fn unseen(facts: &Facts, judged: &Judged, why: &str) -> Decision {
    let note = format!("What is stored could not be seen just now: {why}.");
    if facts.delivery == Delivery::Unknown {
        return because(Verdict::Unknown, note);
    }
    let (verdict, mut reasons) = if facts.delivery == Delivery::Done {
        let same = StoredResult::default();
        agrees(judged, &same)
    } else {
        differs(facts, None)
    };
    reasons.push(note);
    (verdict, reasons)
}

/// What becomes of a result that is stored although nothing new will be.
fn kept(verdict: &Verdict, facts: &Facts) -> Option<String> {
    let Stored::Result(stored) = &facts.stored else {
        return None;
    };
    let since = match &*stored.since {
        "" => String::new(),
        since => format!(" of {since}"),
    };
    match verdict {
        Verdict::Forbidden | Verdict::Unreadable | Verdict::NotYet => Some(format!(
            "An earlier result{since} is kept: what cannot be seen is not gone."
        )),
        Verdict::NamespaceExcluded
        | Verdict::NoSuchKind
        | Verdict::NotJudged
        | Verdict::OwnedByParent { .. } => Some(format!(
            "A result{since} is stored all the same, from before."
        )),
        _ => None,
    }
}

/// Half a sentence as a whole one.
fn sentence(half: &str) -> String {
    let mut letters = half.trim().trim_end_matches('.').chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
