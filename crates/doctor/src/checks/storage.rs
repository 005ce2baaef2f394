//! The storage answers a list, and has nothing to complain of.

use kubescape_posture::{API_VERSION, ResultResource};

use crate::api::Answer;
use crate::examine::Clinic;
use crate::finding::Said;

pub(crate) async fn check(clinic: &Clinic) -> Said {
    let plural = ResultResource::Summary.plural();
    let path = format!("/apis/{API_VERSION}/{plural}?limit=1");
    match clinic.api.get(&path).await {
        Ok(answer) => judge(&answer),
        Err(why) => Said::fail(format!("no answer: {why}"), "see the check api-service"),
    }
}

fn judge(answer: &Answer) -> Said {
    match answer.code {
        403 => Said::fail(
            answer.words(),
            "give this user `list` on the kinds of spdx.softwarecomposition.kubescape.io",
        ),
        404 => Said::fail(
            "nobody serves results in this cluster",
            "see the check api-service; `kubescape up` serves them with an address of its own, see its kubeconfig",
        ),
        503 => Said::fail(answer.words(), "see the checks api-service and endpoints"),
        _ if answer.is_success() => healthy(answer),
        _ => Said::fail(answer.words(), "see the log of the storage"),
    }
}

fn healthy(answer: &Answer) -> Said {
    let first = answer.body["items"].as_array().map_or(0, Vec::len) as u64;
    let more = answer.body["metadata"]["remainingItemCount"].as_u64();
    let results = first + more.unwrap_or_default();
    let millis = answer.took.as_millis();
    let found = format!("{results} results; answered in {millis} ms");
    if answer.warnings.is_empty() {
        return Said::ok(found);
    }
    let texts: Vec<&str> = answer.warnings.iter().map(|text| words(text)).collect();
    Said::warn(
        format!("{found}; it warns: {}", texts.join("; ")),
        "do what the warning says: docs/storage.md, \"When it gets tight\"",
    )
}

/// Of `299 - "text"`.
fn words(warning: &str) -> &str {
    let text = warning.split_once('"').map_or(warning, |(_, text)| text);
    text.rsplit_once('"').map_or(text, |(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    #[test]
    fn results_are_counted_and_warnings_are_told() {
        let body = json!({"items": [{}], "metadata": {"remainingItemCount": 41}});
        let mut answered = answer(200, body);
        let fine = judge(&answered);
        assert_eq!(fine.state, State::Ok);
        assert!(fine.found.starts_with("42 results"));
        answered.warnings = vec!["299 - \"the storage has no space left\"".to_owned()];
        let full = judge(&answered);
        assert_eq!(full.state, State::Warn);
        assert!(
            full.found
                .ends_with("it warns: the storage has no space left"),
            "{}",
            full.found
        );
    }

    #[test]
    fn each_way_to_fail_has_its_remedy() {
        for (code, remedy) in [
            (403, "`list`"),
            (404, "api-service"),
            (503, "endpoints"),
            (500, "log"),
        ] {
            let said = judge(&answer(code, json!({"message": "no"})));
            assert_eq!(said.state, State::Fail);
            assert!(said.remedy.contains(remedy), "{code}: {}", said.remedy);
        }
    }
}
