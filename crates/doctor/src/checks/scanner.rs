//! The scanner answers through the API server, is ready, and follows the cluster.

use kubescape_explain::{Phase, Progress};

use crate::api::Answer;
use crate::examine::Clinic;
use crate::finding::Said;

pub(crate) async fn check(clinic: &Clinic) -> Said {
    let proxy = proxy(&clinic.options.namespace);
    let (ready, progress) = (
        format!("{proxy}/readyz?verbose"),
        format!("{proxy}/v1/progress"),
    );
    let asked = futures_util::join!(clinic.api.get(&ready), clinic.api.get(&progress));
    match asked {
        (Ok(ready), Ok(progress)) => judge(&ready, &progress),
        (Err(why), _) | (_, Err(why)) => Said::fail(format!("no answer: {why}"), SEE),
    }
}

const SEE: &str = "see that the pod of the scanner runs: `kubectl get pods -l app=kubescape`";

/// Where the scanner's service is reached through the API server.
pub fn proxy(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/services/kubescape:8080/proxy")
}

fn judge(ready: &Answer, progress: &Answer) -> Said {
    match ready.code {
        403 => return Said::skipped(format!("it may not be asked: {}", ready.words())),
        404 => return Said::skipped("there is no service of the scanner: see --namespace"),
        503 => return Said::fail(ready.words(), SEE),
        500 => {
            let said = ready.body.as_str().unwrap_or_default();
            let failing: Vec<&str> = said
                .lines()
                .filter(|line| line.starts_with("[-]"))
                .map(|line| line.trim_start_matches("[-]"))
                .collect();
            let found = format!("it is not ready: {}", failing.join("; "));
            return Said::fail(
                found,
                "see its log; each reason above names what is missing",
            );
        }
        _ if !ready.is_success() => return Said::fail(ready.words(), SEE),
        _ => {}
    }
    match serde_json::from_value::<Progress>(progress.body.clone()) {
        Ok(progress) if progress_is_known(&progress) => follows(&progress),
        _ if progress.code == 404 => Said::warn(
            "ready; continuous scanning is off: results are as old as the last scan",
            "turn it on with \"continuousPostureScan\": true in clusterData.json",
        ),
        _ => Said::warn(
            format!(
                "ready; how far it is could not be seen: {}",
                progress.words()
            ),
            "see its log",
        ),
    }
}

fn progress_is_known(progress: &Progress) -> bool {
    progress.phase != Phase::Connecting || !progress.message.is_empty()
}

fn follows(progress: &Progress) -> Said {
    let line = progress.line();
    if progress.phase == Phase::Connecting {
        return Said::fail(line, "see that the scanner may reach the API server");
    }
    match progress.gaps.len() {
        0 => Said::ok(line),
        count => Said::warn(
            format!(
                "{line}; {count} reasons why something is not read, the first: {}",
                progress.gaps[0]
            ),
            "give the scanner's account what the check rights names; GET /v1/progress has all reasons",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    fn following(gaps: &[&str]) -> Answer {
        let progress = Progress {
            phase: Phase::Following,
            objects: 12,
            gaps: gaps.iter().map(|gap| (*gap).to_owned()).collect(),
            ..Progress::default()
        };
        answer(200, serde_json::to_value(progress).unwrap())
    }

    #[test]
    fn a_scanner_is_ready_and_follows() {
        let ready = answer(200, json!("ok"));
        assert_eq!(judge(&ready, &following(&[])).state, State::Ok);
        let partial = judge(&ready, &following(&["pods: forbidden"]));
        assert_eq!(partial.state, State::Warn);
        assert!(partial.found.contains("pods: forbidden"));
        let off = answer(404, json!({"type": "error", "response": "off"}));
        assert!(judge(&ready, &off).found.contains("is off"));
    }

    #[test]
    fn what_is_not_ready_says_why() {
        let page = "[+]ping ok\n[-]continuous failed: no cluster\nreadyz check failed";
        let said = judge(&answer(500, json!(page)), &following(&[]));
        assert_eq!(said.state, State::Fail);
        assert!(said.found.contains("continuous failed: no cluster"));
        for (code, state) in [
            (403, State::Skipped),
            (404, State::Skipped),
            (503, State::Fail),
        ] {
            assert_eq!(
                judge(&answer(code, json!({})), &following(&[])).state,
                state
            );
        }
    }
}
