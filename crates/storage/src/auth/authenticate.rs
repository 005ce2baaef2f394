//! From a certificate, headers and a token to a user.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use super::cache::{Cache, KEPT};
use super::user::User;
use super::{Access, Reviewer, Verdict};

/// What the cluster says of its front proxy, in the ConfigMap
/// `kube-system/extension-apiserver-authentication`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontProxy {
    /// Names of certificates that may speak for users; none given is any that
    /// the front proxy's authority signed.
    pub allowed_names: Vec<String>,
    /// Headers with the user's name; the first that is there counts.
    pub user_headers: Vec<String>,
    /// Headers with the user's uid.
    pub uid_headers: Vec<String>,
    /// Headers with groups.
    pub group_headers: Vec<String>,
    /// What the headers with more begin with.
    pub extra_prefixes: Vec<String>,
}

impl Default for FrontProxy {
    /// The names that Kubernetes uses by default.
    fn default() -> Self {
        let one = |text: &str| vec![text.to_owned()];
        Self {
            allowed_names: Vec::new(),
            user_headers: one("X-Remote-User"),
            uid_headers: one("X-Remote-Uid"),
            group_headers: one("X-Remote-Group"),
            extra_prefixes: one("X-Remote-Extra-"),
        }
    }
}

/// What the connection has proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nothing: no certificate was shown.
    Nobody,
    /// A certificate was shown that is worth nothing, and why.
    Unverified(String),
    /// It owns this certificate.
    Certificate {
        /// The common name: the user.
        name: String,
        /// The organisations: the groups.
        groups: Vec<String>,
        /// Whether the authority of front proxies signed it.
        front_proxy: bool,
        /// Whether the authority of clients signed it.
        client: bool,
    },
}

/// Who was found to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A user whom kube-apiserver has authorised already.
    Proxied(User),
    /// A user who came directly.
    Direct(User),
    /// Nobody known.
    Anonymous,
}

impl Asked {
    /// The same user asking for something else than what the request says, and what
    /// kube-apiserver therefore has not authorised.
    pub(crate) fn for_more(&self) -> Self {
        match self {
            Self::Proxied(user) => Self::Direct(user.clone()),
            other => other.clone(),
        }
    }
}

/// Finds out who asks, and whether that may be.
pub struct Authentication {
    front_proxy: arc_swap::ArcSwap<FrontProxy>,
    reviewer: Option<Arc<dyn Reviewer>>,
    /// `None`: nobody's.
    tokens: Cache<[u8; 32], Option<User>>,
    verdicts: Cache<(User, Access), Verdict>,
    /// Set when the front proxy is known: before, nobody can speak for others.
    ready: AtomicBool,
}

/// A token that no review is worth asking for.
const LONGEST_TOKEN: usize = 64 << 10;

impl Authentication {
    /// Without a reviewer, only members of `system:masters` and the front proxy
    /// are let in: so runs the standalone server.
    pub fn new(front_proxy: FrontProxy, reviewer: Option<Arc<dyn Reviewer>>) -> Self {
        Self {
            front_proxy: arc_swap::ArcSwap::from_pointee(front_proxy),
            reviewer,
            tokens: Cache::new(KEPT),
            verdicts: Cache::new(KEPT),
            ready: AtomicBool::new(false),
        }
    }

    /// Takes in what the cluster says of its front proxy now.
    pub fn set_front_proxy(&self, front_proxy: FrontProxy) {
        self.front_proxy.store(Arc::new(front_proxy));
        self.ready.store(true, Ordering::Release);
    }

    /// Whether the cluster's front proxy is known; always so without a cluster.
    /// Before, a certificate that seems worth nothing may be the front proxy's.
    pub fn is_ready(&self) -> bool {
        self.reviewer.is_none() || self.ready.load(Ordering::Acquire)
    }

    /// Who asks. `Err` is a 401 with the reason for the log: a bad proof is not
    /// the same as none.
    pub(crate) async fn who(&self, caller: &Caller, headers: &HeaderMap) -> Result<Asked, String> {
        match caller {
            Caller::Unverified(why) => Err(format!("the client certificate is not valid: {why}")),
            Caller::Certificate {
                name,
                groups,
                front_proxy,
                client,
            } => {
                if *front_proxy && self.may_speak(name) {
                    return self.proxied(headers);
                }
                if !client {
                    return Err(format!("the certificate {name:?} may not speak for users"));
                }
                if name.is_empty() {
                    return Err("the client certificate has no common name".to_owned());
                }
                Ok(Asked::Direct(User {
                    name: name.clone(),
                    groups: with_authenticated(groups.clone()),
                    ..User::default()
                }))
            }
            Caller::Nobody => match bearer(headers)? {
                Some(token) => self.bearer(token).await,
                None => Ok(Asked::Anonymous),
            },
        }
    }

    /// Whether a certificate of that name may speak for users.
    fn may_speak(&self, certificate: &str) -> bool {
        let allowed = &self.front_proxy.load().allowed_names;
        allowed.is_empty() || allowed.iter().any(|one| one == certificate)
    }

    fn proxied(&self, headers: &HeaderMap) -> Result<Asked, String> {
        let front = self.front_proxy.load();
        let name = first(headers, &front.user_headers)
            .filter(|name| !name.is_empty())
            .ok_or("the front proxy named no user")?;
        let mut user = User {
            name,
            uid: first(headers, &front.uid_headers).unwrap_or_default(),
            groups: all(headers, &front.group_headers),
            ..User::default()
        };
        for (key, value) in headers {
            let prefix = front.extra_prefixes.iter().find(|prefix| {
                let start = key.as_str().get(..prefix.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            });
            if let (Some(prefix), Ok(value)) = (prefix, value.to_str()) {
                let key = percent_decode_str(&key.as_str()[prefix.len()..]);
                let key = key.decode_utf8_lossy().into_owned();
                user.extra.entry(key).or_default().push(value.to_owned());
            }
        }
        Ok(Asked::Proxied(user))
    }

    async fn bearer(&self, token: &str) -> Result<Asked, String> {
        let Some(reviewer) = &self.reviewer else {
            return Err("tokens are not known here".to_owned());
        };
        if token.len() > LONGEST_TOKEN {
            return Err("the token is too long".to_owned());
        }
        // The hash, so that no token stays in memory.
        let hash: [u8; 32] = Sha256::digest(token).into();
        let user = if let Some(user) = self.tokens.get(&hash) {
            user
        } else {
            let user = reviewer.whose(token).await?;
            self.tokens.put(hash, user.clone());
            user
        };
        let user = user.ok_or("the token is nobody's")?;
        Ok(Asked::Direct(user))
    }

    /// Whether that may be. A user whom the front proxy speaks for was
    /// authorised there.
    pub(crate) async fn may(&self, asked: &Asked, access: &Access) -> Result<Verdict, String> {
        let denied = |reason: &str| Verdict {
            allowed: false,
            reason: reason.to_owned(),
        };
        let allowed = Verdict {
            allowed: true,
            reason: String::new(),
        };
        let user = match asked {
            Asked::Proxied(_) => return Ok(allowed),
            Asked::Direct(user) if user.is_master() => return Ok(allowed),
            Asked::Direct(user) => user,
            Asked::Anonymous => return Ok(denied("")),
        };
        let Some(reviewer) = &self.reviewer else {
            return Ok(denied(
                "this server knows no roles: only members of system:masters may",
            ));
        };
        let key = (user.clone(), access.clone());
        if let Some(verdict) = self.verdicts.get(&key) {
            return Ok(verdict);
        }
        let verdict = reviewer.may(user, access).await?;
        self.verdicts.put(key, verdict.clone());
        Ok(verdict)
    }
}

fn with_authenticated(mut groups: Vec<String>) -> Vec<String> {
    const AUTHENTICATED: &str = "system:authenticated";
    if !groups.iter().any(|group| group == AUTHENTICATED) {
        groups.push(AUTHENTICATED.to_owned());
    }
    groups
}

fn first(headers: &HeaderMap, names: &[String]) -> Option<String> {
    let found = names.iter().find_map(|name| headers.get(name))?;
    found.to_str().ok().map(str::to_owned)
}

fn all(headers: &HeaderMap, names: &[String]) -> Vec<String> {
    names
        .iter()
        .flat_map(|name| headers.get_all(name))
        .filter_map(|value| value.to_str().ok())
        .map(str::to_owned)
        .collect()
}

/// The token of `Authorization: Bearer`; another scheme is no proof we know.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, String> {
    let Some(value) = headers.get(http::header::AUTHORIZATION) else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .map_err(|_| "the Authorization header is not text".to_owned())?;
    match text.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim()).filter(|token| !token.is_empty()))
        }
        _ => Err("only Bearer tokens are known".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use std::sync::atomic::AtomicUsize;

    struct Fake(AtomicUsize);

    #[async_trait]
    impl Reviewer for Fake {
        async fn whose(&self, token: &str) -> Result<Option<User>, String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok((token == "good").then(|| User {
                name: "eve".into(),
                ..User::default()
            }))
        }

        async fn may(&self, _: &User, access: &Access) -> Result<Verdict, String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Verdict {
                allowed: access.verb == "get",
                reason: "by role".into(),
            })
        }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (key, value) in pairs {
            headers.append(*key, value.parse().unwrap());
        }
        headers
    }

    fn certificate(name: &str, front_proxy: bool, client: bool) -> Caller {
        Caller::Certificate {
            name: name.into(),
            groups: vec![],
            front_proxy,
            client,
        }
    }

    fn access(verb: &str) -> Access {
        Access {
            verb: verb.into(),
            resource: "sbomsyfts".into(),
            namespace: String::new(),
            name: String::new(),
            path: String::new(),
        }
    }

    fn door() -> (Authentication, Arc<Fake>) {
        let fake = Arc::new(Fake(AtomicUsize::new(0)));
        let front = FrontProxy {
            allowed_names: vec!["front-proxy-client".into()],
            ..FrontProxy::default()
        };
        (Authentication::new(front, Some(fake.clone())), fake)
    }

    #[tokio::test]
    async fn the_front_proxy_speaks_for_users() {
        let (door, fake) = door();
        let caller = certificate("front-proxy-client", true, false);
        let headers = headers(&[
            ("x-remote-user", "alice"),
            ("x-remote-group", "dev"),
            ("x-remote-group", "ops"),
            ("x-remote-extra-scopes%2fa", "view"),
        ]);
        let asked = door.who(&caller, &headers).await.unwrap();
        let Asked::Proxied(user) = &asked else {
            panic!("{asked:?}")
        };
        assert_eq!(user.name, "alice");
        assert_eq!(user.groups, ["dev", "ops"]);
        assert_eq!(user.extra["scopes/a"], ["view"]);
        assert!(door.may(&asked, &access("delete")).await.unwrap().allowed);
        assert_eq!(fake.0.load(Ordering::Relaxed), 0, "nobody was asked");
    }

    #[tokio::test]
    async fn headers_without_that_certificate_are_nothing() {
        let (door, _) = door();
        let spoofed = headers(&[
            ("x-remote-user", "admin"),
            ("x-remote-group", "system:masters"),
        ]);
        let asked = door.who(&Caller::Nobody, &spoofed).await.unwrap();
        assert_eq!(asked, Asked::Anonymous);
        assert!(!door.may(&asked, &access("get")).await.unwrap().allowed);
        let client = certificate("bob", false, true);
        let asked = door.who(&client, &spoofed).await.unwrap();
        assert!(matches!(&asked, Asked::Direct(user) if user.name == "bob"));
        let other = certificate("somebody-else", true, false);
        assert!(door.who(&other, &spoofed).await.is_err());
        // One authority for both: the name decides.
        let both = certificate("bob", true, true);
        let asked = door.who(&both, &spoofed).await.unwrap();
        assert!(matches!(&asked, Asked::Direct(user) if user.name == "bob"));
        let expired = Caller::Unverified("expired".into());
        assert!(door.who(&expired, &spoofed).await.is_err());
    }

    #[test]
    fn a_server_in_a_cluster_waits_for_whom_to_trust() {
        let (door, _) = door();
        assert!(!door.is_ready());
        door.set_front_proxy(FrontProxy::default());
        assert!(door.is_ready());
        assert!(Authentication::new(FrontProxy::default(), None).is_ready());
    }

    #[tokio::test]
    async fn answers_of_the_reviewer_are_kept() {
        let (door, fake) = door();
        let good = headers(&[("authorization", "Bearer good")]);
        for _ in 0..5 {
            let asked = door.who(&Caller::Nobody, &good).await.unwrap();
            assert!(door.may(&asked, &access("get")).await.unwrap().allowed);
            assert!(!door.may(&asked, &access("delete")).await.unwrap().allowed);
        }
        assert_eq!(fake.0.load(Ordering::Relaxed), 3);
        let bad = headers(&[("authorization", "Bearer bad")]);
        assert!(door.who(&Caller::Nobody, &bad).await.is_err());
    }
}
