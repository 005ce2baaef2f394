//! All kinds of results are served, by a storage of this version.

use kubescape_api::{API_VERSION, Era, RESOURCES};
use kubescape_posture::ResultResource;

use crate::api::Answer;
use crate::examine::Clinic;
use crate::finding::Said;

pub(crate) async fn check(clinic: &Clinic) -> Said {
    match clinic.api.get(&format!("/apis/{API_VERSION}")).await {
        Ok(answer) => judge(&answer),
        Err(why) => Said::fail(format!("no answer: {why}"), "see the check api-service"),
    }
}

fn judge(answer: &Answer) -> Said {
    if answer.code == 404 || answer.code == 503 {
        return Said::fail(
            format!("the cluster serves no {API_VERSION}"),
            "see the checks api-service and endpoints",
        );
    }
    if !answer.is_success() {
        return Said::skipped(format!("they may not be seen: {}", answer.words()));
    }
    let served = answer.body["resources"].as_array();
    let served: Vec<&str> = served
        .into_iter()
        .flatten()
        .filter_map(|resource| resource["name"].as_str())
        .collect();
    let has = |plural: &str| served.contains(&plural);
    let needed = ResultResource::ALL.map(ResultResource::plural);
    let lost: Vec<&str> = needed.into_iter().filter(|plural| !has(plural)).collect();
    if !lost.is_empty() {
        return Said::fail(
            format!("not served: {}", lost.join(", ")),
            "what serves the group is no storage of this platform: see the APIService",
        );
    }
    // What is computed may have been turned off.
    let expected = RESOURCES
        .iter()
        .filter(|resource| !resource.computed && resource.era != Era::Dropped);
    let missing: Vec<&str> = expected
        .map(|resource| resource.plural)
        .filter(|plural| !has(plural))
        .collect();
    let kinds = served.iter().filter(|name| !name.contains('/')).count();
    if missing.is_empty() {
        Said::ok(format!("{kinds} kinds"))
    } else {
        Said::warn(
            format!("{kinds} kinds; not served: {}", missing.join(", ")),
            "the storage is of another version than this program: update the older one",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    fn served(names: &[&str]) -> Said {
        let resources: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
        judge(&answer(200, json!({"resources": resources})))
    }

    #[test]
    fn all_kinds_have_to_be_served() {
        let all: Vec<&str> = RESOURCES.iter().map(|resource| resource.plural).collect();
        assert_eq!(served(&all).state, State::Ok);
        let needed = ResultResource::ALL.map(ResultResource::plural);
        let older = served(&needed);
        assert_eq!(older.state, State::Warn);
        assert!(
            older.found.starts_with("2 kinds; not served: "),
            "{}",
            older.found
        );
        assert_eq!(served(&needed[..1]).state, State::Fail);
        assert_eq!(judge(&answer(404, json!({}))).state, State::Fail);
        assert_eq!(judge(&answer(403, json!({}))).state, State::Skipped);
    }
}
