//! Requests that nobody should send. (issue: bad input)

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::StreamBody;
use kubescape_storage::Settings;
use serde_json::{Value, json};

use crate::golden;
use crate::harness::{World, admin, whole, world, world_with};
use crate::objects::{SBOMS, SERVERS, SUMMARIES, summary};

/// Announces any size and must never be read.
struct Announced(u64);

impl Body for Announced {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        panic!("it was read")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

async fn send<B>(world: &World, path: &str, body: B) -> crate::harness::Answer
where
    B: Body<Data = Bytes, Error = std::io::Error> + Send,
{
    let request = world
        .ask("POST", path)
        .header("content-type", "application/json")
        .request(body);
    whole(world.server.answer(request, &admin()).await).await
}

fn pieces(
    pieces: Vec<Result<Bytes, std::io::Error>>,
) -> impl Body<Data = Bytes, Error = std::io::Error> + Send {
    StreamBody::new(stream::iter(
        pieces.into_iter().map(|piece| piece.map(Frame::data)),
    ))
}

#[tokio::test]
async fn a_body_too_large_is_refused_unread_or_as_soon_as_it_is() {
    let world = world();
    let answer = send(&world, SBOMS, Announced(2 << 30)).await;
    answer.failed(413, "RequestEntityTooLarge");
    golden::answer("status/too-large", &answer);
    let named = Settings {
        max_light_body: 1 << 20,
        ..Settings::default()
    };
    let world = world_with(named, |_| {}, None);
    send(&world, SUMMARIES, Announced((1 << 20) + 1))
        .await
        .failed(413, "RequestEntityTooLarge");
    // Not announced: counted as it comes, and the rest is not asked for.
    let mut endless: Vec<_> = (0..17)
        .map(|_| Ok(Bytes::from(vec![b' '; 64 << 10])))
        .collect();
    endless.push(Err(std::io::Error::other("it was read on")));
    send(&world, SUMMARIES, pieces(endless))
        .await
        .failed(413, "RequestEntityTooLarge");
}

#[tokio::test]
async fn a_body_that_ends_early_or_stops_coming_changes_nothing() {
    let world = world_with(
        Settings {
            patience: Duration::from_millis(30),
            ..Settings::default()
        },
        |_| {},
        None,
    );
    let before = world.version().await;
    let text = summary("a", 1).to_string();
    let half = Bytes::from(text[..text.len() / 2].to_owned());
    let cut = pieces(vec![
        Ok(half.clone()),
        Err(std::io::Error::other("connection reset")),
    ]);
    let answer = send(&world, SUMMARIES, cut).await;
    answer.failed(400, "BadRequest");
    golden::answer("status/broken-body", &answer);
    let short = send(&world, SUMMARIES, pieces(vec![Ok(half.clone())])).await;
    short.failed(400, "BadRequest");
    golden::answer("status/bad-json", &short);
    let stuck = StreamBody::new(futures_util::StreamExt::chain(
        stream::iter([Ok(Frame::data(half))]),
        stream::pending(),
    ));
    let answer = send(&world, SUMMARIES, stuck).await;
    answer.failed(408, "Timeout");
    assert_eq!(world.version().await, before);
}

#[tokio::test]
async fn hostile_texts_are_bad_requests() {
    let world = world();
    let before = world.version().await;
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let texts: Vec<Vec<u8>> = vec![
        deep.clone().into_bytes(),
        format!("{{\"spec\":{deep}}}").into_bytes(),
        b"\xff\xfe{}".to_vec(),
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}{}".to_vec(),
        b"{\"metadata\":{\"name\":\"\\ud800\"}}".to_vec(),
        b"{\"metadata\":{\"name\":1e99}}".to_vec(),
    ];
    for text in texts {
        for (method, content) in [
            ("POST", "application/json"),
            ("POST", "application/yaml"),
            ("PATCH", "application/merge-patch+json"),
            ("PATCH", "application/json-patch+json"),
            ("PATCH", "application/strategic-merge-patch+json"),
            ("PATCH", "application/apply-patch+yaml"),
        ] {
            let path = if method == "POST" {
                SUMMARIES.to_owned()
            } else {
                format!("{SUMMARIES}/a?fieldManager=x")
            };
            let ask = world.ask(method, &path).header("content-type", content);
            let answer = ask.body(text.clone()).await_answer().await;
            assert!(
                (400..500).contains(&answer.code),
                "{method} {content} {}: {}",
                String::from_utf8_lossy(&text[..text.len().min(50)]),
                answer.text
            );
            assert_eq!(answer.json()["kind"], "Status");
        }
    }
    assert_eq!(world.version().await, before);
}

#[tokio::test]
async fn names_are_single_segments() {
    let world = world();
    for (at, name) in ["a%2Fb", "..", "%2e%2e", ".", "a%25b", "%FF", "a%2F..%2Fb"]
        .iter()
        .enumerate()
    {
        let answer = world.get(&format!("{SUMMARIES}/{name}")).await;
        answer.failed(400, "BadRequest");
        golden::answer(&format!("status/name-{at}"), &answer);
        let body = world
            .put(&format!("{SUMMARIES}/{name}"), &summary("a", 1))
            .await;
        body.failed(400, "BadRequest");
    }
    world
        .get(&format!("{SUMMARIES}/a/b"))
        .await
        .failed(404, "NotFound");
    world
        .get(&format!("{SUMMARIES}/a/status"))
        .await
        .failed(404, "NotFound");
    for name in ["a/b", "..", "a%b", "-", "", "a\u{0}"] {
        let answer = world.post(SUMMARIES, &summary(name, 1)).await;
        assert!(
            matches!(answer.code, 400 | 422),
            "{name:?}: {}",
            answer.text
        );
    }
    world
        .post(
            "namespaces/SHOP/workloadconfigurationscansummaries",
            &summary("a", 1),
        )
        .await
        .failed(422, "Invalid");
}

#[tokio::test]
async fn methods_that_nobody_has_are_said_to_be_so() {
    let world = world();
    for (method, path) in [
        ("OPTIONS", SUMMARIES),
        ("TRACE", SUMMARIES),
        ("BREW", SERVERS),
        ("PUT", SUMMARIES),
        ("PATCH", SUMMARIES),
    ] {
        let ask = world
            .ask(method, path)
            .header("content-type", "application/merge-patch+json");
        let answer = ask.body("{}").await_answer().await;
        answer.failed(405, "MethodNotAllowed");
        golden::answer(&format!("status/method-{}", method.to_lowercase()), &answer);
    }
    world
        .post(&format!("{SUMMARIES}/a"), &summary("a", 1))
        .await
        .failed(405, "MethodNotAllowed");
}

#[tokio::test]
async fn odd_queries_are_bad_requests_or_nothing() {
    let world = world();
    for query in [
        "limit=x",
        "timeoutSeconds=x",
        "labelSelector=%FF%00",
        "labelSelector=a+in+(",
        "continue=%00",
        "resourceVersion=-1",
        "resourceVersion=99999999999999999999999",
    ] {
        let answer = world.get(&format!("{SUMMARIES}?{query}")).await;
        assert_eq!(answer.code, 400, "{query}: {}", answer.text);
    }
    for query in ["limit=-5", "x=y", "&&&", "=", "%", "pretty=true"] {
        assert_eq!(
            world.get(&format!("{SUMMARIES}?{query}")).await.code,
            200,
            "{query}"
        );
    }
}

/// A token is only ever data: whatever it says, nothing breaks.
#[tokio::test]
async fn forged_tokens_are_harmless() {
    use base64::Engine as _;
    let world = world();
    for at in 0..5 {
        world
            .post(SUMMARIES, &summary(&format!("s-{at}"), 1))
            .await
            .fine();
    }
    let now = world.version().await;
    let forged = [
        json!({"rv": u64::MAX, "ns": "", "n": ""}),
        json!({"rv": 0, "ns": "", "n": ""}),
        json!({"rv": now, "ns": "\u{10ffff}", "n": "z"}),
        json!({"rv": now, "ns": "shop", "n": "s-2", "r": u64::MAX}),
        json!({"rv": now, "ns": "shop", "n": "s-2", "r": 0}),
        json!({"rv": now, "ns": "'; DROP TABLE objects; --", "n": "%"}),
        json!({"rv": -1, "ns": "", "n": ""}),
    ];
    for token in forged {
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(token.to_string());
        let answer = world
            .get(&format!("{SUMMARIES}?limit=1&continue={text}"))
            .await;
        assert!(
            matches!(answer.code, 200 | 400 | 410),
            "{token}: {}",
            answer.text
        );
        let _: Value = answer.json();
    }
}
