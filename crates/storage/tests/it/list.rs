//! LIST. (storage reference, section 6)

use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use kubescape_store::Store as _;
use serde_json::{Value, json};

use crate::golden;
use crate::harness::{World, names, version_of, world};
use crate::objects::{SBOMS, SERVERS, SUMMARIES, labelled, sbom, server, summary};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json";
const METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

async fn fill(world: &World, count: usize) {
    let posts = (0..count).map(|at| async move {
        let team = json!({"team": if at % 2 == 0 { "red" } else { "blue" }});
        let object = labelled(summary(&format!("s-{at:04}"), at as u64), &team);
        world.post(SUMMARIES, &object).await.fine();
    });
    futures_util::stream::iter(posts)
        .buffer_unordered(32)
        .collect::<Vec<()>>()
        .await;
}

async fn get_as(world: &World, path: &str, accept: &str) -> crate::harness::Answer {
    world
        .ask("GET", path)
        .header("accept", accept)
        .await_answer()
        .await
}

#[tokio::test]
async fn lists_come_in_every_shape() {
    let world = world();
    golden::answer("list-empty", &world.get(SUMMARIES).await);
    fill(&world, 2).await;
    // In the order of names, whoever came first.
    assert_eq!(
        names(&world.get(SUMMARIES).await.fine()),
        ["s-0000", "s-0001"]
    );
    world.delete(SUMMARIES).await.fine();
    world
        .post(SUMMARIES, &summary("deployment-b", 1))
        .await
        .fine();
    world
        .post(SUMMARIES, &summary("deployment-a", 1))
        .await
        .fine();
    golden::answer("list", &world.get(SUMMARIES).await);
    golden::answer("list-table", &get_as(&world, SUMMARIES, TABLE).await);
    golden::answer("list-metadata", &get_as(&world, SUMMARIES, METADATA).await);
    for include in ["None", "Object"] {
        let path = format!("{SUMMARIES}?includeObject={include}");
        let name = format!("list-table-{}", include.to_lowercase());
        golden::answer(&name, &get_as(&world, &path, TABLE).await);
    }
    let path = format!("{SUMMARIES}?includeObject=All");
    golden::answer("status/include-object", &get_as(&world, &path, TABLE).await);
    let one = format!("{SUMMARIES}/deployment-a");
    golden::answer("get-table", &get_as(&world, &one, TABLE).await);
    let single = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    golden::answer("get-metadata", &get_as(&world, &one, single).await);
}

#[tokio::test]
async fn light_kinds_are_listed_whole_and_heavy_ones_without_spec() {
    let world = world();
    world.post(SBOMS, &sbom("image", 2)).await.fine();
    world.post(SUMMARIES, &summary("a", 1)).await.fine();
    let heavy = world.get(SBOMS).await;
    golden::answer("list-heavy", &heavy);
    assert!(
        heavy.fine()["items"][0].get("spec").is_none(),
        "left out, and no zeros"
    );
    let full = world
        .get(&format!("{SBOMS}?resourceVersion=fullSpec"))
        .await
        .fine();
    let whole = world.get(&format!("{SBOMS}/image")).await.fine();
    assert_eq!(full["items"][0], whole);
    let light = world.get(SUMMARIES).await.fine();
    assert_eq!(light["items"][0]["spec"]["severities"]["high"], 1);
    let bare = world
        .get(&format!("{SUMMARIES}?resourceVersion=metadata"))
        .await
        .fine();
    assert!(bare["items"][0].get("spec").is_none());
    let answer = world
        .get(&format!("{SUMMARIES}?resourceVersion=specFull"))
        .await;
    answer.failed(400, "BadRequest");
    golden::answer("status/version-no-number", &answer);
}

#[tokio::test]
async fn pages_show_one_state_while_others_write() {
    let world = world();
    fill(&world, 25).await;
    let first = world.get(&format!("{SUMMARIES}?limit=10")).await.fine();
    assert_eq!(first["metadata"]["remainingItemCount"], 15);
    // Meanwhile: one gone, one new, one changed.
    world.delete(&format!("{SUMMARIES}/s-0012")).await.fine();
    world.post(SUMMARIES, &summary("s-0012a", 1)).await.fine();
    let patch = json!({"spec": {"severities": {"high": 99}}});
    world
        .patch("merge", &format!("{SUMMARIES}/s-0013"), &patch)
        .await
        .fine();
    let mut all = names(&first);
    let mut page = first.clone();
    while let Some(token) = page["metadata"]["continue"].as_str().map(str::to_owned) {
        page = world
            .get(&format!("{SUMMARIES}?limit=10&continue={token}"))
            .await
            .fine();
        assert_eq!(version_of(&page), version_of(&first));
        for item in page["items"].as_array().unwrap() {
            assert_ne!(item["spec"]["severities"]["high"], 99);
        }
        all.extend(names(&page));
    }
    let wanted: Vec<String> = (0..25).map(|at| format!("s-{at:04}")).collect();
    assert_eq!(all, wanted);
    assert!(page["metadata"].get("remainingItemCount").is_none());
    // An exact last page has no empty one after it.
    let exact = world.get(&format!("{SUMMARIES}?limit=25")).await.fine();
    assert!(exact["metadata"].get("continue").is_none());
}

#[tokio::test]
async fn what_remains_is_not_counted_where_a_selector_decides() {
    let world = world();
    fill(&world, 9).await;
    for selector in [
        "labelSelector=team%3Dred",
        "fieldSelector=metadata.name%21%3Ds-0001",
    ] {
        let path = format!("{SUMMARIES}?limit=2&{selector}");
        let page = world.get(&path).await.fine();
        assert!(page["metadata"]["continue"].is_string(), "{selector}");
        assert!(
            page["metadata"].get("remainingItemCount").is_none(),
            "{selector}"
        );
    }
}

#[tokio::test]
async fn versions_are_matched_as_asked() {
    let world = world();
    fill(&world, 1).await;
    let old = world.version().await;
    world.post(SUMMARIES, &summary("t", 1)).await.fine();
    let at = async |query: String| world.get(&format!("{SUMMARIES}?{query}")).await;
    let exact = at(format!("resourceVersion={old}&resourceVersionMatch=Exact"))
        .await
        .fine();
    assert_eq!((names(&exact).len(), version_of(&exact)), (1, old));
    for query in [
        format!("resourceVersion={old}"),
        format!("resourceVersion={old}&resourceVersionMatch=NotOlderThan"),
        "resourceVersion=0".to_owned(),
    ] {
        let fresh = at(query).await.fine();
        assert_eq!((names(&fresh).len(), version_of(&fresh)), (2, old + 1));
    }
    at("resourceVersion=1000".to_owned())
        .await
        .failed(504, "Timeout");
    golden::answer(
        "status/match-without-version",
        &at("resourceVersionMatch=Exact".to_owned()).await,
    );
    golden::answer(
        "status/match-zero",
        &at("resourceVersion=0&resourceVersionMatch=Exact".to_owned()).await,
    );
    golden::answer(
        "status/match-unknown",
        &at("resourceVersion=1&resourceVersionMatch=Near".to_owned()).await,
    );
    golden::answer(
        "status/initial-events-of-list",
        &at("sendInitialEvents=true".to_owned()).await,
    );
    let page = at("limit=1".to_owned()).await.fine();
    let token = page["metadata"]["continue"].as_str().unwrap();
    let both = at(format!("resourceVersion={old}&continue={token}")).await;
    golden::answer("status/continue-with-version", &both);
}

#[tokio::test]
async fn states_that_are_gone_are_said_to_be_gone() {
    let world = world();
    fill(&world, 3).await;
    let old = world.version().await;
    let page = world.get(&format!("{SUMMARIES}?limit=1")).await.fine();
    let token = page["metadata"]["continue"].as_str().unwrap();
    world.post(SUMMARIES, &summary("t", 1)).await.fine();
    world.post(SUMMARIES, &summary("u", 1)).await.fine();
    world.store.compact(world.version().await).await.unwrap();
    let answer = world
        .get(&format!("{SUMMARIES}?limit=1&continue={token}"))
        .await;
    answer.failed(410, "Expired");
    golden::answer("status/expired-continue", &answer);
    let answer = world
        .get(&format!(
            "{SUMMARIES}?resourceVersion={old}&resourceVersionMatch=Exact"
        ))
        .await;
    answer.failed(410, "Expired");
    golden::answer("status/expired-version", &answer);
}

/// A backup was restored: the client's token is of a future that never came.
#[tokio::test]
async fn a_token_of_another_future_begins_again() {
    let (one, other) = (world(), world());
    fill(&one, 3).await;
    let page = one.get(&format!("{SUMMARIES}?limit=1")).await.fine();
    let token = page["metadata"]["continue"].as_str().unwrap();
    let answer = other
        .get(&format!("{SUMMARIES}?limit=1&continue={token}"))
        .await;
    answer.failed(410, "Expired");
    golden::answer(
        "status/bad-continue",
        &other.get(&format!("{SUMMARIES}?continue=nonsense")).await,
    );
    let long = "A".repeat(60_000);
    other
        .get(&format!("{SUMMARIES}?continue={long}"))
        .await
        .failed(400, "BadRequest");
}

#[tokio::test]
async fn selectors_choose() {
    let world = world();
    fill(&world, 6).await;
    let other = "namespaces/other/workloadconfigurationscansummaries";
    world
        .post(
            other,
            &labelled(summary("s-0000", 1), &json!({"team": "red", "tier": "1"})),
        )
        .await
        .fine();
    let all = "workloadconfigurationscansummaries";
    let count = async |query: &str| names(&world.get(&format!("{all}?{query}")).await.fine()).len();
    assert_eq!(count("").await, 7);
    assert_eq!(count("labelSelector=team%3Dred").await, 4);
    assert_eq!(count("labelSelector=team+in+(red,green),!tier").await, 3);
    assert_eq!(count("labelSelector=team%21%3Dred").await, 3);
    assert_eq!(count("labelSelector=tier%3E0").await, 1);
    assert_eq!(count("fieldSelector=metadata.name%3Ds-0000").await, 2);
    assert_eq!(
        count("fieldSelector=metadata.name%3Ds-0000,metadata.namespace%3Dshop").await,
        1
    );
    assert_eq!(count("fieldSelector=metadata.namespace%21%3Dshop").await, 1);
    assert_eq!(
        count("fieldSelector=metadata.name%3Da,metadata.name%3Db").await,
        0
    );
    let bad = world.get(&format!("{all}?labelSelector=a%3D%3D%3Db")).await;
    golden::answer("status/bad-label-selector", &bad);
    let bad = world.get(&format!("{all}?fieldSelector=spec.x%3Db")).await;
    golden::answer("status/bad-field-selector", &bad);
    // The namespace of the path counts, whatever the selector says.
    let none = world
        .get(&format!(
            "{SUMMARIES}?fieldSelector=metadata.namespace%3Dother"
        ))
        .await
        .fine();
    assert_eq!(names(&none).len(), 0);
}

#[tokio::test]
async fn objects_of_the_cluster_have_no_namespace() {
    let world = world();
    world
        .post(SERVERS, &server("lab", "10.0.0.0/8"))
        .await
        .fine();
    golden::answer("list-cluster", &world.get(SERVERS).await);
    world
        .get("namespaces/shop/knownservers")
        .await
        .failed(404, "NotFound");
    world
        .get("workloadconfigurationscansummaries/a")
        .await
        .failed(404, "NotFound");
}

/// Bodies come piece by piece, each of bounded size, and make one valid list.
#[tokio::test]
async fn a_huge_list_is_streamed() {
    let world = world();
    for at in 0..4 {
        world
            .post(SBOMS, &sbom(&format!("image-{at}"), 9_000))
            .await
            .fine();
    }
    fill(&world, 1_200).await;
    for (path, least, count) in [
        (format!("{SBOMS}?resourceVersion=fullSpec"), 4, 4),
        (SUMMARIES.to_owned(), 3, 1_200),
    ] {
        let response = world.ask("GET", &path).start().await;
        let mut body = response.into_body();
        let (mut pieces, mut text) = (0, Vec::new());
        while let Some(frame) = body.frame().await {
            text.extend_from_slice(frame.unwrap().data_ref().unwrap());
            pieces += 1;
        }
        assert!(pieces >= least, "{path}: {pieces}");
        let list: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(names(&list).len(), count);
    }
}

/// The client goes away in the middle: the lane and the memory come back.
#[tokio::test]
async fn a_list_that_nobody_reads_on_ends() {
    let world = world();
    for at in 0..4 {
        world
            .post(SBOMS, &sbom(&format!("image-{at}"), 9_000))
            .await
            .fine();
    }
    for _ in 0..20 {
        let response = world
            .ask("GET", &format!("{SBOMS}?resourceVersion=fullSpec"))
            .start()
            .await;
        let mut body = response.into_body();
        body.frame().await.unwrap().unwrap();
    }
    let all = world
        .get(&format!("{SBOMS}?resourceVersion=fullSpec"))
        .await
        .fine();
    assert_eq!(names(&all).len(), 4);
}
