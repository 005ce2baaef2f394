//! Rights to read all that controls read, and to store results: of whoever asks, or
//! of a service account.

use std::fmt;

use futures_util::stream::{self, StreamExt as _};
use kubescape_api::GROUP;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_posture::ResultResource;
use serde_json::{Value as Json, json};

use crate::examine::Clinic;
use crate::finding::Said;

/// Reviews that are asked for at once.
const AT_ONCE: usize = 16;
/// More rights that are missing are only counted.
const SHOWN: usize = 12;

/// A right.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Right {
    verb: &'static str,
    group: String,
    resource: String,
    /// Whether the platform works, if slower, without it.
    optional: bool,
}

impl fmt::Display for Right {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.verb, self.resource)?;
        match &*self.group {
            "" => Ok(()),
            group => write!(out, ".{group}"),
        }
    }
}

pub(crate) async fn check(clinic: &Clinic) -> Said {
    let rights = match wanted(clinic).await {
        Ok(rights) => rights,
        Err(why) => return Said::skipped(why),
    };
    let account = clinic.options.service_account.as_ref();
    let asked = rights.into_iter().map(|right| async move {
        let answer = ask(clinic, &right, account).await;
        (right, answer)
    });
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let whose = match account {
        Some((namespace, name)) => format!("service account {namespace}/{name}"),
        None => "this user".to_owned(),
    };
    judge(&whose, &answers)
}

/// All that controls of a cluster read, and all that results need.
async fn wanted(clinic: &Clinic) -> Result<Vec<Right>, String> {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs());
    let kinds = plan
        .map_err(|_| "the library of controls is broken".to_owned())?
        .kinds();
    let connection = clinic.connect().await?;
    let mut rights = Vec::new();
    for (group, resource) in connection.resources(&kinds).await? {
        for verb in ["list", "watch"] {
            let (group, resource) = (group.clone(), resource.clone());
            rights.push(Right {
                verb,
                group,
                resource,
                optional: false,
            });
        }
    }
    rights.extend(writes());
    Ok(rights)
}

fn writes() -> impl Iterator<Item = Right> {
    let right = |verb, resource: &str, optional| Right {
        verb,
        group: GROUP.to_owned(),
        resource: resource.to_owned(),
        optional,
    };
    let of_results = ResultResource::ALL.into_iter().flat_map(move |resource| {
        let verbs = ["list", "create", "patch", "delete"].into_iter();
        verbs.map(move |verb| right(verb, resource.plural(), false))
    });
    of_results.chain([right("create", "configurationscanbatches", true)])
}

/// Whether somebody has a right; `Err` when nobody says.
async fn ask(
    clinic: &Clinic,
    right: &Right,
    account: Option<&(String, String)>,
) -> Result<bool, String> {
    let attributes = json!({"verb": right.verb, "group": right.group, "resource": right.resource});
    let api_version = "authorization.k8s.io/v1";
    let (path, review) = match account {
        None => (
            "selfsubjectaccessreviews",
            json!({
                "apiVersion": api_version, "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": attributes},
            }),
        ),
        Some((namespace, name)) => (
            "subjectaccessreviews",
            json!({
                "apiVersion": api_version, "kind": "SubjectAccessReview",
                "spec": {
                    "resourceAttributes": attributes,
                    "user": format!("system:serviceaccount:{namespace}:{name}"),
                    "groups": [
                        "system:serviceaccounts",
                        format!("system:serviceaccounts:{namespace}"),
                        "system:authenticated",
                    ],
                },
            }),
        ),
    };
    let answer = clinic
        .api
        .post(&format!("/apis/{api_version}/{path}"), &review)
        .await?;
    if !answer.is_success() {
        return Err(answer.words());
    }
    let allowed = |body: &Json| body["status"]["allowed"].as_bool();
    allowed(&answer.body).ok_or_else(|| "the review has no answer".to_owned())
}

fn judge(whose: &str, answers: &[(Right, Result<bool, String>)]) -> Said {
    let unknown = answers.iter().find_map(|(_, answer)| answer.as_ref().err());
    if let Some(why) = unknown {
        return Said::skipped(format!("the API server does not review rights: {why}"));
    }
    let lacks = |optional: bool| {
        let lacking = answers
            .iter()
            .filter(move |(right, answer)| right.optional == optional && *answer == Ok(false));
        lacking
            .map(|(right, _)| right.to_string())
            .collect::<Vec<_>>()
    };
    let (needed, optional) = (lacks(false), lacks(true));
    let all = answers.len();
    if !needed.is_empty() {
        let more = needed.len().saturating_sub(SHOWN);
        let mut found = format!(
            "{whose} lacks {} of {all} rights: {}",
            needed.len(),
            needed[..needed.len() - more].join(", ")
        );
        if more > 0 {
            found.push_str(&format!(", and {more} more"));
        }
        return Said::fail(
            found,
            "add them to its ClusterRole; without a right to read, controls are skipped and results are partial, without one to write nothing is stored",
        );
    }
    if !optional.is_empty() {
        return Said::warn(
            format!(
                "{whose} lacks {}: results are stored one by one",
                optional.join(", ")
            ),
            "add it to its ClusterRole",
        );
    }
    Said::ok(format!("{whose} has all {all} rights"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    fn answers(lacking: &[&str]) -> Vec<(Right, Result<bool, String>)> {
        let each = writes().map(|right| {
            let has = !lacking.contains(&right.to_string().as_str());
            (right, Ok(has))
        });
        each.collect()
    }

    #[test]
    fn what_is_missing_is_named() {
        let fine = judge("this user", &answers(&[]));
        assert_eq!(fine.state, State::Ok);
        assert_eq!(fine.found, "this user has all 9 rights");
        let right = format!("patch workloadconfigurationscans.{GROUP}");
        let lacks = judge("this user", &answers(&[&right]));
        assert_eq!(lacks.state, State::Fail);
        assert!(lacks.found.ends_with(&right), "{}", lacks.found);
        let batches = format!("create configurationscanbatches.{GROUP}");
        assert_eq!(judge("this user", &answers(&[&batches])).state, State::Warn);
    }

    #[test]
    fn without_reviews_nothing_is_known() {
        let mut answers = answers(&[]);
        answers[3].1 = Err("forbidden".to_owned());
        assert_eq!(judge("a", &answers).state, State::Skipped);
    }

    #[test]
    fn very_many_are_counted() {
        let answers: Vec<_> = (0..20)
            .map(|number| {
                let right = Right {
                    verb: "list",
                    group: String::new(),
                    resource: format!("kind{number}"),
                    optional: false,
                };
                (right, Ok(false))
            })
            .collect();
        let said = judge("a", &answers);
        assert!(said.found.contains("lacks 20 of 20"));
        assert!(said.found.ends_with("and 8 more"), "{}", said.found);
    }
}
