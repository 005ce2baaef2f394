//! The cluster's API server hands the group of results on to the storage.

use kubescape_api::{GROUP, VERSION};
use serde_json::Value as Json;

use crate::api::Answer;
use crate::examine::Clinic;
use crate::finding::Said;

pub(crate) async fn check(clinic: &Clinic) -> Said {
    match ask(clinic).await {
        Ok(answer) => judge(&answer),
        Err(why) => Said::fail(
            format!("no answer: {why}"),
            "see that the API server is well",
        ),
    }
}

/// Asks for the registration, for other checks, too.
pub(crate) async fn ask(clinic: &Clinic) -> Result<Answer, String> {
    let path = format!("/apis/apiregistration.k8s.io/v1/apiservices/{VERSION}.{GROUP}");
    clinic.api.get(&path).await
}

fn judge(answer: &Answer) -> Said {
    match answer.code {
        404 => Said::fail(
            format!(
                "there is no APIService {VERSION}.{GROUP}: the cluster does not know of results"
            ),
            "install the platform, or apply its APIService again; `kubescape up` needs none",
        ),
        403 => Said::skipped(format!("it may not be read: {}", answer.words())),
        _ if answer.is_success() => available(&answer.body),
        _ => Said::fail(answer.words(), "see that the API server is well"),
    }
}

fn available(body: &Json) -> Said {
    let conditions = body["status"]["conditions"].as_array();
    let conditions = conditions.map_or(&[][..], Vec::as_slice);
    let Some(condition) = conditions.iter().find(|one| one["type"] == "Available") else {
        return Said::warn(
            "nobody has said yet whether it is available",
            "wait a minute; if that stays so, see that the API server is well",
        );
    };
    let text = |key: &str| condition[key].as_str().unwrap_or_default();
    if condition["status"] == "True" {
        let unverified = body["spec"]["insecureSkipTLSVerify"] == true;
        return if unverified {
            Said::warn(
                "available, but the API server does not verify the storage's certificate",
                "give the APIService a caBundle instead of insecureSkipTLSVerify",
            )
        } else {
            Said::ok("available")
        };
    }
    Said::fail(
        format!("not available: {}: {}", text("reason"), text("message")),
        remedy(text("reason"), text("message")),
    )
}

/// By what the aggregator says.
fn remedy(reason: &str, message: &str) -> &'static str {
    if message.contains("x509") || message.contains("certificate") {
        return "the storage's certificate is not that of the APIService's caBundle, or has expired: restart the storage, which renews it";
    }
    match reason {
        "ServiceNotFound" => "install the platform again: its service of the storage is missing",
        "ServicePortError" => {
            "the service of the storage has another port than the APIService names"
        }
        "MissingEndpoints" | "EndpointsNotFound" => {
            "see why the storage's pod does not run or is not ready: `kubectl describe pods`"
        }
        _ => {
            "see that the API server can reach the storage: its pod, network policies, firewalls between control plane and nodes"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    fn of(status: &str, reason: &str, message: &str, spec: &Json) -> Said {
        let condition =
            json!({"type": "Available", "status": status, "reason": reason, "message": message});
        judge(&answer(
            200,
            json!({"spec": spec, "status": {"conditions": [condition]}}),
        ))
    }

    #[test]
    fn it_has_to_be_there_and_available() {
        assert_eq!(judge(&answer(404, json!({}))).state, State::Fail);
        assert_eq!(judge(&answer(403, json!({}))).state, State::Skipped);
        assert_eq!(judge(&answer(200, json!({}))).state, State::Warn);
        assert_eq!(
            of("True", "Passed", "", &json!({"caBundle": "eA=="})).state,
            State::Ok
        );
        let unverified = of(
            "True",
            "Passed",
            "",
            &json!({"insecureSkipTLSVerify": true}),
        );
        assert_eq!(unverified.state, State::Warn);
    }

    #[test]
    fn the_remedy_follows_from_the_reason() {
        let missing = of("False", "MissingEndpoints", "no endpoints", &json!({}));
        assert_eq!(missing.state, State::Fail);
        assert!(missing.found.contains("no endpoints"));
        assert!(missing.remedy.contains("pod"));
        let expired = of(
            "False",
            "FailedDiscoveryCheck",
            "x509: certificate has expired",
            &json!({}),
        );
        assert!(expired.remedy.contains("renews"), "{}", expired.remedy);
    }
}
