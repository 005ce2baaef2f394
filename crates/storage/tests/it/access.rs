//! Who is let in. (storage reference, section 11)

use std::sync::Arc;

use async_trait::async_trait;
use kubescape_storage::{Access, Caller, Reviewer, Settings, User, Verdict};

use crate::golden;
use crate::harness::{Ask, ROOT, world, world_with};
use crate::objects::{SUMMARIES, summary};

/// Lets everybody read in `shop`, and nothing else.
struct Readers;

#[async_trait]
impl Reviewer for Readers {
    async fn whose(&self, token: &str) -> Result<Option<User>, String> {
        let user = User {
            name: token.to_owned(),
            ..User::default()
        };
        Ok((token != "bad").then_some(user))
    }

    async fn may(&self, user: &User, access: &Access) -> Result<Verdict, String> {
        if user.name == "broken" {
            return Err("no answer within 10 s".to_owned());
        }
        Ok(Verdict {
            allowed: access.namespace == "shop"
                && matches!(&*access.verb, "get" | "list" | "watch"),
            reason: if access.name.is_empty() {
                String::new()
            } else {
                "no role fits".to_owned()
            },
        })
    }
}

fn certificate(name: &str, front_proxy: bool, client: bool) -> Caller {
    Caller::Certificate {
        name: name.to_owned(),
        groups: Vec::new(),
        front_proxy,
        client,
    }
}

fn spoofed(ask: Ask<'_>) -> Ask<'_> {
    ask.header("x-remote-user", "admin")
        .header("x-remote-group", "system:masters")
}

#[tokio::test]
async fn nobody_is_anonymous() {
    let world = world_with(Settings::default(), |_| {}, Some(Arc::new(Readers)));
    let ask = |path: &str| world.ask("GET", path).caller(Caller::Nobody);
    let answer = ask(SUMMARIES).await_answer().await;
    answer.failed(401, "Unauthorized");
    golden::answer("status/unauthorized", &answer);
    for path in [
        "/metrics",
        &format!("{SUMMARIES}/a"),
        "namespaces/shop/nothing",
    ] {
        ask(path).await_answer().await.failed(401, "Unauthorized");
    }
    // Headers prove nothing without the front proxy's certificate.
    spoofed(ask(SUMMARIES))
        .await_answer()
        .await
        .failed(401, "Unauthorized");
    let eve = world
        .ask("GET", "namespaces/bank/sbomsyfts")
        .caller(certificate("eve", false, true));
    spoofed(eve).await_answer().await.failed(403, "Forbidden");
    for header in ["Bearer bad", "Basic YTpi", "nonsense"] {
        ask(SUMMARIES)
            .header("authorization", header)
            .await_answer()
            .await
            .failed(401, "Unauthorized");
    }
    let unverified = world
        .ask("GET", SUMMARIES)
        .caller(Caller::Unverified("expired".to_owned()));
    unverified.await_answer().await.failed(401, "Unauthorized");
    assert_eq!(ask("/livez").await_answer().await.code, 200);
    assert_eq!(ask(ROOT).await_answer().await.code, 200);
}

#[tokio::test]
async fn whoever_comes_directly_is_reviewed() {
    let world = world_with(Settings::default(), |_| {}, Some(Arc::new(Readers)));
    let eve = |method: &'static str, path: &str| {
        world
            .ask(method, path)
            .header("authorization", "Bearer eve")
            .caller(Caller::Nobody)
    };
    eve("GET", SUMMARIES).await_answer().await.fine();
    let denied = eve("POST", SUMMARIES)
        .json(&summary("a", 1))
        .await_answer()
        .await;
    denied.failed(403, "Forbidden");
    golden::answer("status/forbidden", &denied);
    golden::answer(
        "status/forbidden-name",
        &eve("DELETE", &format!("{SUMMARIES}/a"))
            .await_answer()
            .await,
    );
    golden::answer(
        "status/forbidden-cluster",
        &eve("GET", "workloadconfigurationscansummaries")
            .await_answer()
            .await,
    );
    golden::answer(
        "status/forbidden-path",
        &eve("GET", "/metrics").await_answer().await,
    );
    let broken = world
        .ask("GET", SUMMARIES)
        .header("authorization", "Bearer broken")
        .caller(Caller::Nobody);
    let answer = broken.await_answer().await;
    answer.failed(500, "InternalError");
    golden::answer("status/internal", &answer);
}

#[tokio::test]
async fn the_front_proxy_has_authorised_already() {
    let world = world_with(Settings::default(), |_| {}, Some(Arc::new(Readers)));
    let proxied = world
        .ask("POST", SUMMARIES)
        .json(&summary("a", 1))
        .caller(certificate("front-proxy-client", true, false));
    proxied
        .header("x-remote-user", "alice")
        .await_answer()
        .await
        .fine();
    // It must say for whom.
    let nameless =
        world
            .ask("GET", SUMMARIES)
            .caller(certificate("front-proxy-client", true, false));
    nameless.await_answer().await.failed(401, "Unauthorized");
}

#[tokio::test]
async fn alone_only_members_of_masters_may() {
    let world = world();
    let bob = world
        .ask("GET", SUMMARIES)
        .caller(certificate("bob", false, true));
    golden::answer("status/forbidden-standalone", &bob.await_answer().await);
}
