//! The authority by which the API server verifies the storage, and the certificate
//! that the storage shows, where that can be seen from here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;
use x509_parser::pem::Pem;

use crate::checks::api_service;
use crate::examine::Clinic;
use crate::finding::Said;

/// With less left somebody should look why nothing was renewed.
const SOON: Duration = Duration::from_hours(14 * 24);

const RENEW: &str = "restart the storage: it renews its authority and the APIService's caBundle; with certificates of your own, renew them";

pub(crate) async fn check(clinic: &Clinic) -> Said {
    match api_service::ask(clinic).await {
        Ok(answer) if answer.is_success() => judge(&answer.body, SystemTime::now()),
        Ok(answer) if answer.code == 404 => Said::skipped("there is no APIService"),
        Ok(answer) => Said::skipped(format!(
            "the APIService may not be read: {}",
            answer.words()
        )),
        Err(why) => Said::skipped(format!("no answer: {why}")),
    }
}

fn judge(api_service: &Json, now: SystemTime) -> Said {
    let spec = &api_service["spec"];
    let Some(bundle) = spec["caBundle"].as_str().filter(|text| !text.is_empty()) else {
        return if spec["insecureSkipTLSVerify"] == true {
            Said::skipped("the API server does not verify the storage's certificate")
        } else {
            Said::fail(
                "the APIService has no caBundle: the API server trusts no certificate of the storage",
                RENEW,
            )
        };
    };
    let Ok(pem) = BASE64_STANDARD.decode(bundle) else {
        return Said::fail("the APIService's caBundle is no base64", RENEW);
    };
    match validity(&pem) {
        Err(problem) => Said::fail(format!("the APIService's caBundle: {problem}"), RENEW),
        Ok(all) => of_validity(&all, now),
    }
}

/// From when to when a certificate is valid, in seconds of the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Validity {
    from: i64,
    until: i64,
}

fn validity(pem: &[u8]) -> Result<Vec<Validity>, String> {
    let mut all = Vec::new();
    for block in Pem::iter_from_buffer(pem) {
        let block = block.map_err(|error| format!("it is no PEM: {error}"))?;
        let certificate = block
            .parse_x509()
            .map_err(|error| format!("it has something that is no certificate: {error}"))?;
        let validity = certificate.validity();
        all.push(Validity {
            from: validity.not_before.timestamp(),
            until: validity.not_after.timestamp(),
        });
    }
    if all.is_empty() {
        return Err("it has no certificate".to_owned());
    }
    Ok(all)
}

/// One valid authority is enough; rotating leaves old ones beside it.
fn of_validity(all: &[Validity], now: SystemTime) -> Said {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let valid = all.iter().filter(|one| one.from <= now && now <= one.until);
    let Some(longest) = valid.map(|one| one.until).max() else {
        let days = all.iter().map(|one| (now - one.until) / 86_400).min();
        return match days.filter(|days| *days >= 0) {
            Some(days) => Said::fail(
                format!("the authority of the APIService's caBundle expired {days} days ago"),
                RENEW,
            ),
            None => Said::fail(
                "the authority of the APIService's caBundle is not valid yet",
                "set the clocks of this machine and of the cluster by NTP",
            ),
        };
    };
    let left = longest - now;
    let found = format!(
        "the authority of the APIService's caBundle is valid for {} days",
        left / 86_400
    );
    if left < i64::try_from(SOON.as_secs()).unwrap_or(i64::MAX) {
        Said::warn(found, RENEW)
    } else {
        Said::ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use kubescape_runtime::tls::OwnCa;
    use serde_json::json;

    const DAY: Duration = Duration::from_hours(24);

    fn with(bundle: &str) -> Json {
        json!({"spec": {"caBundle": BASE64_STANDARD.encode(bundle)}})
    }

    #[test]
    fn an_authority_is_valid_expires_and_has_expired() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let ca = OwnCa::open_or_create(&folder.path().join("ca.pem"), now).unwrap();
        let service = with(&ca.bundle_pem());
        assert_eq!(judge(&service, now).state, State::Ok);
        let all = validity(ca.bundle_pem().as_bytes()).unwrap();
        let until = UNIX_EPOCH + Duration::from_secs(all[0].until.unsigned_abs());
        assert_eq!(judge(&service, until - DAY).state, State::Warn);
        let expired = judge(&service, until + 3 * DAY);
        assert_eq!(expired.state, State::Fail);
        assert!(
            expired.found.contains("expired 3 days ago"),
            "{}",
            expired.found
        );
        let early = judge(&service, UNIX_EPOCH);
        assert!(early.found.contains("not valid yet"), "{}", early.found);
    }

    #[test]
    fn what_is_no_authority_is_said() {
        let now = SystemTime::now();
        for bundle in [
            "",
            "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
        ] {
            assert_eq!(judge(&with(bundle), now).state, State::Fail, "{bundle}");
        }
        let text = judge(&json!({"spec": {"caBundle": "?"}}), now);
        assert!(text.found.contains("base64"));
        assert_eq!(judge(&json!({"spec": {}}), now).state, State::Fail);
        let unverified = json!({"spec": {"insecureSkipTLSVerify": true}});
        assert_eq!(judge(&unverified, now).state, State::Skipped);
    }
}
