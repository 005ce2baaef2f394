//! Discovery, OpenAPI, version and health: at once, always, for everybody.

use kubescape_runtime::{Health, Scope, Shutdown};
use kubescape_storage::{Caller, Server, Settings};

use crate::golden;
use crate::harness::{ROOT, ask, world};
use crate::objects::SUMMARIES;

const GROUP: &str = "/apis/spdx.softwarecomposition.kubescape.io";
const V2: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const V2BETA1: &str = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

#[tokio::test]
async fn every_form_is_as_clients_know_it() {
    let world = world();
    for (name, path, accept) in [
        ("api", "/api", ""),
        ("api-aggregated", "/api", V2),
        ("apis", "/apis", ""),
        ("apis-v2", "/apis", V2),
        ("apis-v2beta1", "/apis", V2BETA1),
        ("group", GROUP, ""),
        ("group-yaml", GROUP, "application/yaml"),
        ("resources", ROOT, ""),
    ] {
        let ask = world.ask("GET", path);
        let ask = if accept.is_empty() {
            ask
        } else {
            ask.header("accept", accept)
        };
        golden::answer(
            &format!("discovery/{name}"),
            &ask.caller(Caller::Nobody).await_answer().await,
        );
    }
    // As kubectl asks, and as controllers do.
    let all = format!("{V2},{V2BETA1},application/json");
    let answer = world
        .ask("GET", "/apis")
        .header("accept", &all)
        .await_answer()
        .await;
    assert_eq!(answer.header("content-type"), V2);
    let protobuf = "application/vnd.kubernetes.protobuf,application/json";
    let answer = world
        .ask("GET", ROOT)
        .header("accept", protobuf)
        .await_answer()
        .await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(world.get("/version").await.fine()["minor"], "34");
    world.get("/apis/other.io/v1").await.failed(404, "NotFound");
    golden::answer(
        "status/unknown-path",
        &world.get(&format!("{ROOT}/pods")).await,
    );
    world.get("/no/such/page").await.failed(404, "NotFound");
}

#[tokio::test]
async fn openapi_is_sent_once_to_each_client() {
    let world = world();
    let index = world.get("/openapi/v3").await.fine();
    let address =
        index["paths"]["apis/spdx.softwarecomposition.kubescape.io/v1beta1"]["serverRelativeURL"]
            .as_str()
            .unwrap()
            .to_owned();
    for path in [
        "/openapi/v2".to_owned(),
        "/openapi/v3".to_owned(),
        address.clone(),
    ] {
        let first = world.get(&path).await;
        first.fine();
        let tag = first.header("etag").to_owned();
        assert!(tag.len() > 60, "{tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
            let again = world
                .ask("GET", &path)
                .header("if-none-match", &known)
                .await_answer()
                .await;
            assert_eq!(
                (again.code, again.text.as_str(), again.header("etag")),
                (304, "", tag.as_str())
            );
        }
        let other = world
            .ask("GET", &path)
            .header("if-none-match", "\"x\"")
            .await_answer()
            .await;
        assert_eq!(other.code, 200);
    }
    assert!(address.contains("?hash="));
    assert!(
        world
            .get(&address)
            .await
            .header("cache-control")
            .contains("immutable")
    );
    let accept = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf,application/json";
    let answer = world
        .ask("GET", "/openapi/v2")
        .header("accept", accept)
        .await_answer()
        .await;
    assert_eq!(answer.header("content-type"), "application/json");
}

/// kube-apiserver asks from the first moment on.
#[tokio::test]
async fn discovery_answers_before_the_store_is_open() {
    let (_trigger, shutdown) = Shutdown::new();
    let health = Health::new(shutdown);
    let ready = health.register("store", Scope::Ready);
    let server = Server::new(health, Settings::default());
    for path in [
        "/apis",
        GROUP,
        ROOT,
        "/openapi/v2",
        "/openapi/v3",
        "/version",
        "/livez",
        "/healthz",
    ] {
        let answer = ask(&server, "GET", path)
            .caller(Caller::Nobody)
            .await_answer()
            .await;
        assert_eq!(answer.code, 200, "{path}");
    }
    assert_eq!(
        ask(&server, "GET", "/readyz").await_answer().await.code,
        500
    );
    let early = ask(&server, "GET", SUMMARIES).await_answer().await;
    early.failed(503, "ServiceUnavailable");
    golden::answer("status/starting", &early);
    ready.ok();
    assert_eq!(
        ask(&server, "GET", "/readyz").await_answer().await.code,
        200
    );
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let world = world();
    world
        .post(SUMMARIES, &crate::objects::summary("a", 1))
        .await
        .fine();
    for path in [
        ROOT.to_owned(),
        SUMMARIES.to_owned(),
        format!("{SUMMARIES}/a"),
        "/openapi/v2".to_owned(),
    ] {
        let (get, head) = (
            world.get(&path).await,
            world.ask("HEAD", &path).await_answer().await,
        );
        assert_eq!((head.code, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
    let none = world
        .ask("HEAD", &format!("{SUMMARIES}/none"))
        .await_answer()
        .await;
    assert_eq!((none.code, none.text.as_str()), (404, ""));
}
