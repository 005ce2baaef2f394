//! The API server answers this user, and is of a version that is known.

use kubescape_live::ConnectError;
use serde_json::Value as Json;

use crate::api::Answer;
use crate::examine::Clinic;
use crate::finding::Said;

/// The oldest version that this is meant for; tests run on 1.34.
const OLDEST: (u32, u32) = (1, 25);

pub(crate) async fn check(clinic: &Clinic) -> Said {
    match clinic.api.get("/version").await {
        Ok(answer) => judge(&answer),
        Err(why) => Said::fail(
            format!("no answer from the API server: {why}"),
            "check that the cluster runs, and address and authority in the kubeconfig",
        ),
    }
}

/// There is not even a client.
pub(crate) fn unusable(error: &ConnectError) -> Said {
    Said::fail(
        error.to_string(),
        "name a kubeconfig with --kubeconfig or KUBECONFIG, and a context with --kube-context",
    )
}

fn judge(answer: &Answer) -> Said {
    match answer.code {
        401 => Said::fail(
            "the API server does not accept the credentials (401)",
            "log in again, or choose another --kube-context",
        ),
        403 => Said::warn(
            "the API server answers, but does not say its version to this user",
            "bind the user to the ClusterRole system:public-info-viewer",
        ),
        _ if answer.is_success() => version(&answer.body),
        _ => Said::fail(
            answer.words(),
            "check that the kubeconfig leads to a Kubernetes API server",
        ),
    }
}

fn version(body: &Json) -> Said {
    let Some(text) = body["gitVersion"].as_str() else {
        return Said::fail(
            "what answers is no Kubernetes API server",
            "check the address in the kubeconfig",
        );
    };
    let found = format!("Kubernetes {text}");
    // Some providers write `30+`.
    let number = |key: &str| {
        let text = body[key].as_str()?;
        text.trim_end_matches(|letter: char| !letter.is_ascii_digit())
            .parse::<u32>()
            .ok()
    };
    let (Some(major), Some(minor)) = (number("major"), number("minor")) else {
        return Said::warn(found, "nothing can be said of this version");
    };
    if (major, minor) < OLDEST {
        let (major, minor) = OLDEST;
        return Said::warn(
            found,
            format!(
                "it is older than {major}.{minor}, the oldest that this is meant for: update the cluster"
            ),
        );
    }
    Said::ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    #[test]
    fn versions_are_judged() {
        let of = |major: &str, minor: &str| {
            let body = json!({"major": major, "minor": minor, "gitVersion": "v"});
            judge(&answer(200, body)).state
        };
        assert_eq!(of("1", "34"), State::Ok);
        assert_eq!(of("1", "30+"), State::Ok);
        assert_eq!(of("1", "19"), State::Warn);
        assert_eq!(of("", ""), State::Warn);
    }

    #[test]
    fn who_is_not_let_in_hears_what_to_do() {
        let refused = judge(&answer(401, json!({})));
        assert_eq!(refused.state, State::Fail);
        assert!(refused.remedy.contains("log in again"));
        assert_eq!(judge(&answer(403, json!({}))).state, State::Warn);
        assert_eq!(judge(&answer(200, json!("<html>"))).state, State::Fail);
    }
}
