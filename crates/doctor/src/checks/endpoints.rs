//! The service that the API server asks for results leads somewhere.

use serde_json::Value as Json;

use crate::api::Answer;
use crate::checks::api_service;
use crate::examine::Clinic;
use crate::finding::Said;

pub(crate) async fn check(clinic: &Clinic) -> Said {
    let Some((namespace, name)) = service(clinic).await else {
        return Said::skipped("no APIService names a service that could be read");
    };
    let base = format!("/api/v1/namespaces/{namespace}/services/{name}");
    let service = match clinic.api.get(&base).await {
        Ok(answer) => answer,
        Err(why) => return Said::skipped(format!("no answer: {why}")),
    };
    if let Some(said) = of_service(&service, &namespace, &name) {
        return said;
    }
    let slices = format!(
        "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector=kubernetes.io/service-name%3D{name}"
    );
    match clinic.api.get(&slices).await {
        Ok(answer) => of_slices(&answer, &namespace, &name),
        Err(why) => Said::skipped(format!("no answer: {why}")),
    }
}

async fn service(clinic: &Clinic) -> Option<(String, String)> {
    let answer = api_service::ask(clinic).await.ok()?;
    let service = &answer.body["spec"]["service"];
    let text = |key: &str| Some(service[key].as_str()?.to_owned());
    Some((text("namespace")?, text("name")?))
}

/// What is to be said already.
fn of_service(answer: &Answer, namespace: &str, name: &str) -> Option<Said> {
    match answer.code {
        404 => Some(Said::fail(
            format!("there is no service {namespace}/{name}, which the APIService names"),
            "install the platform again, or correct the APIService",
        )),
        _ if !answer.is_success() => Some(Said::skipped(format!(
            "it may not be read: {}",
            answer.words()
        ))),
        _ if answer.body["spec"]["type"] == "ExternalName" => {
            let to = answer.body["spec"]["externalName"].as_str();
            let to = to.unwrap_or_default();
            Some(Said::ok(format!(
                "{namespace}/{name} leads to {to}, outside of the cluster"
            )))
        }
        _ => None,
    }
}

fn of_slices(answer: &Answer, namespace: &str, name: &str) -> Said {
    if !answer.is_success() {
        return Said::skipped(format!("they may not be read: {}", answer.words()));
    }
    let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let slices = list(&answer.body["items"]);
    let endpoints: Vec<Json> = slices
        .iter()
        .flat_map(|slice| list(&slice["endpoints"]))
        .collect();
    // Nobody said so: it is.
    let ready = endpoints
        .iter()
        .filter(|endpoint| endpoint["conditions"]["ready"] != false)
        .count();
    match (ready, endpoints.len()) {
        (0, 0) => Said::fail(
            format!("the service {namespace}/{name} leads to no pod"),
            "see that the storage is installed and its pod is scheduled: `kubectl get pods`",
        ),
        (0, all) => Said::fail(
            format!("none of {all} pods behind {namespace}/{name} is ready"),
            "see why: `kubectl describe pods` and their logs",
        ),
        (ready, all) => Said::ok(format!("{namespace}/{name}: {ready} of {all} are ready")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    fn slices(ready: &[bool]) -> Said {
        let endpoints: Vec<_> = ready
            .iter()
            .map(|ready| json!({"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}))
            .collect();
        of_slices(
            &answer(200, json!({"items": [{"endpoints": endpoints}]})),
            "ks",
            "storage",
        )
    }

    #[test]
    fn somebody_has_to_be_ready() {
        assert_eq!(slices(&[true, false]).state, State::Ok);
        assert_eq!(slices(&[false]).state, State::Fail);
        assert!(slices(&[]).found.contains("leads to no pod"));
        let forbidden = of_slices(&answer(403, json!({})), "ks", "storage");
        assert_eq!(forbidden.state, State::Skipped);
    }

    #[test]
    fn the_service_has_to_be_there() {
        let gone = of_service(&answer(404, json!({})), "ks", "storage");
        assert_eq!(gone.unwrap().state, State::Fail);
        let outside = json!({"spec": {"type": "ExternalName", "externalName": "localhost"}});
        let outside = of_service(&answer(200, outside), "ks", "storage").unwrap();
        assert_eq!(outside.state, State::Ok);
        assert_eq!(of_service(&answer(200, json!({})), "ks", "storage"), None);
    }
}
