//! TokenReview and SubjectAccessReview.

use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::Semaphore;

use crate::auth::{Access, Reviewer, User, Verdict};

/// How long a review may take. kube-apiserver waits no longer, either.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the cluster's API server.
pub struct KubeReviewer {
    client: Client,
    /// So many questions at once; a flood of tokens waits here and not there.
    turns: Semaphore,
}

/// Reviews under way at once.
const AT_ONCE: usize = 64;

impl KubeReviewer {
    /// Asks with that client, whose user needs the role `system:auth-delegator`.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            turns: Semaphore::new(AT_ONCE),
        }
    }

    async fn ask<K>(&self, question: &K) -> Result<K, String>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::ClusterResourceScope>
            + serde::Serialize
            + serde::de::DeserializeOwned
            + Clone
            + std::fmt::Debug,
    {
        let api: Api<K> = Api::all(self.client.clone());
        let params = PostParams::default();
        let asked = async {
            let _turn = self.turns.acquire().await;
            api.create(&params, question).await
        };
        let kind = K::kind(&());
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(format!("{kind}: {error}")),
            Err(_) => Err(format!("{kind}: no answer within {} s", PATIENCE.as_secs())),
        }
    }
}

#[async_trait]
impl Reviewer for KubeReviewer {
    async fn whose(&self, token: &str) -> Result<Option<User>, String> {
        let question = TokenReview {
            spec: TokenReviewSpec {
                token: Some(token.to_owned()),
                ..TokenReviewSpec::default()
            },
            ..TokenReview::default()
        };
        let status = self.ask(&question).await?.status.unwrap_or_default();
        if status.authenticated != Some(true) {
            return Ok(None);
        }
        Ok(status.user.map(user))
    }

    async fn may(&self, user: &User, access: &Access) -> Result<Verdict, String> {
        let question = SubjectAccessReview {
            spec: review(user, access),
            ..SubjectAccessReview::default()
        };
        let status = self.ask(&question).await?.status.unwrap_or_default();
        Ok(Verdict {
            allowed: status.allowed && status.denied != Some(true),
            reason: status.reason.unwrap_or_default(),
        })
    }
}

fn user(info: UserInfo) -> User {
    User {
        name: info.username.unwrap_or_default(),
        uid: info.uid.unwrap_or_default(),
        groups: info.groups.unwrap_or_default(),
        extra: info.extra.unwrap_or_default(),
    }
}

fn review(user: &User, access: &Access) -> SubjectAccessReviewSpec {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut spec = SubjectAccessReviewSpec {
        user: given(&user.name),
        uid: given(&user.uid),
        groups: Some(user.groups.clone()),
        extra: (!user.extra.is_empty()).then(|| user.extra.clone()),
        ..SubjectAccessReviewSpec::default()
    };
    if access.resource.is_empty() {
        spec.non_resource_attributes = Some(NonResourceAttributes {
            path: Some(access.path.clone()),
            verb: Some(access.verb.clone()),
        });
    } else {
        spec.resource_attributes = Some(ResourceAttributes {
            group: Some(kubescape_api::GROUP.to_owned()),
            version: Some(kubescape_api::VERSION.to_owned()),
            resource: Some(access.resource.clone()),
            verb: Some(access.verb.clone()),
            namespace: given(&access.namespace),
            name: given(&access.name),
            ..ResourceAttributes::default()
        });
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_review_names_group_version_and_place() {
        let access = Access {
            verb: "get".into(),
            resource: "sbomsyfts".into(),
            namespace: "kubescape".into(),
            name: String::new(),
            path: String::new(),
        };
        let alice = User {
            name: "alice".into(),
            extra: BTreeMap::from([("scopes".into(), vec!["view".into()])]),
            ..User::default()
        };
        let spec = review(&alice, &access);
        let attributes = spec.resource_attributes.unwrap();
        assert_eq!(
            attributes.group.as_deref(),
            Some("spdx.softwarecomposition.kubescape.io")
        );
        assert_eq!(attributes.namespace.as_deref(), Some("kubescape"));
        assert_eq!(attributes.name, None);
        assert_eq!(spec.extra.unwrap()["scopes"], ["view"]);
    }
}
