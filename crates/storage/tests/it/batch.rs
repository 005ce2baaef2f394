//! Many writes in one request: each as it would be alone.

use std::sync::Arc;

use async_trait::async_trait;
use kubescape_storage::{Access, Caller, Reviewer, Settings, User, Verdict};
use serde_json::{Value, json};

use crate::harness::{Answer, ROOT, World, is, world, world_with};
use crate::objects::{SUMMARIES, summary};

const BATCHES: &str = "configurationscanbatches";

fn item(verb: &str, namespace: &str, name: &str) -> Value {
    let mut item = json!({
        "verb": verb,
        "resource": "workloadconfigurationscansummaries",
        "namespace": namespace,
        "name": name,
    });
    if verb == "patch" {
        let labels = json!({"op": "add", "path": "/metadata/labels", "value": {"a": "b"}});
        item["object"] = json!([labels]);
    } else if verb == "create" {
        item["object"] = summary(name, 1);
        item["object"]["metadata"]["namespace"] = namespace.into();
    }
    item
}

fn codes(answer: &Answer) -> Vec<u64> {
    let items = &answer.fine()["items"];
    let items = items.as_array().unwrap().iter();
    items.map(|item| item["code"].as_u64().unwrap()).collect()
}

async fn send(world: &World, items: &[Value]) -> Answer {
    world.post(BATCHES, &json!({"items": items})).await
}

#[tokio::test]
async fn each_item_has_an_answer_of_its_own() {
    let world = world();
    let mut watch = world.watch(&format!("{SUMMARIES}?watch=true")).await;
    let items = [item("create", "shop", "a"), item("create", "shop", "b")];
    assert_eq!(codes(&send(&world, &items).await), [201, 201]);
    let mut bad = item("create", "shop", "c");
    bad["object"]["spec"] = json!({"severities": 7});
    let mut other = item("create", "shop", "d");
    other["object"]["metadata"]["name"] = "e".into();
    let items = [
        item("create", "shop", "a"),
        bad,
        other,
        item("patch", "shop", "b"),
        item("patch", "shop", "nobody"),
        item("delete", "shop", "nothing"),
    ];
    let answer = send(&world, &items).await;
    let given = codes(&answer);
    assert_eq!((given[0], &given[2..]), (409, &[400, 200, 404, 404][..]));
    assert!((400..500).contains(&given[1]), "{given:?}");
    let first = &answer.json()["items"][0]["status"];
    assert_eq!(first["reason"], "AlreadyExists");
    assert_eq!(first["details"]["name"], "a");
    let items = [item("delete", "shop", "a")];
    assert_eq!(codes(&send(&world, &items).await), [200]);
    // And who watches sees it as if each had come alone.
    for (kind, name) in [
        ("ADDED", "a"),
        ("ADDED", "b"),
        ("MODIFIED", "b"),
        ("DELETED", "a"),
    ] {
        assert_eq!(watch.brief().await, is(kind, name));
    }
}

#[tokio::test]
async fn what_is_no_batch_is_refused_whole() {
    let world = world();
    let mut foreign = item("delete", "shop", "a");
    foreign["resource"] = "knownservers".into();
    let mut nowhere = item("delete", "", "a");
    nowhere["namespace"] = "".into();
    let twice = [item("create", "shop", "a"), item("patch", "shop", "a")];
    let many: Vec<_> = (0..513)
        .map(|n| item("delete", "shop", &format!("n{n}")))
        .collect();
    for (items, says) in [
        (&[foreign][..], "resource has to be one of"),
        (&[nowhere], "namespace and name are needed"),
        (&twice, "a second item about the same object"),
        (&many, "the most is 512"),
    ] {
        let answer = send(&world, items).await;
        let said = answer.failed(400, "BadRequest");
        assert!(said.contains(says), "{said}");
    }
    let answer = world.post(BATCHES, &json!({"items": 7})).await;
    answer.failed(400, "BadRequest");
    let huge = world.ask("POST", BATCHES).body(vec![b' '; (4 << 20) + 1]);
    huge.await_answer()
        .await
        .failed(413, "RequestEntityTooLarge");
    let answer = world.get(BATCHES).await;
    answer.failed(405, "MethodNotAllowed");
    assert!(
        !world.get(ROOT).await.text.contains(BATCHES),
        "not in discovery"
    );
}

/// May send batches, and create summaries in `shop`.
struct Scanner;

#[async_trait]
impl Reviewer for Scanner {
    async fn whose(&self, _: &str) -> Result<Option<User>, String> {
        Ok(None)
    }

    async fn may(&self, user: &User, access: &Access) -> Result<Verdict, String> {
        let batch = access.resource == BATCHES;
        let create = access.namespace == "shop" && access.verb == "create";
        Ok(Verdict {
            allowed: user.name == "scanner" && (batch || create) && access.name.is_empty(),
            reason: String::new(),
        })
    }
}

#[tokio::test]
async fn each_item_needs_the_right_that_it_would_need_alone() {
    let world = world_with(Settings::default(), |_| {}, Some(Arc::new(Scanner)));
    let items = json!({"items": [
        item("create", "shop", "a"),
        item("create", "bank", "a"),
        item("patch", "shop", "b"),
        item("delete", "shop", "c"),
    ]});
    let certificate = |name: &str, front_proxy: bool| Caller::Certificate {
        name: name.to_owned(),
        groups: Vec::new(),
        front_proxy,
        client: !front_proxy,
    };
    // kube-apiserver has only looked at the batch, whoever it speaks for.
    let ask = world.ask("POST", BATCHES).json(&items);
    let ask = ask
        .caller(certificate("front", true))
        .header("x-remote-user", "scanner");
    let answer = ask.await_answer().await;
    assert_eq!(codes(&answer), [201, 403, 403, 403]);
    let said = answer.json()["items"][1]["status"]["message"].to_string();
    assert!(
        said.contains("User \\\"scanner\\\" cannot create resource"),
        "{said}"
    );
    assert!(said.contains("in the namespace \\\"bank\\\""), "{said}");

    let ask = world.ask("POST", BATCHES).json(&items);
    let answer = ask
        .caller(certificate("scanner", false))
        .await_answer()
        .await;
    assert_eq!(codes(&answer), [409, 403, 403, 403]);
    let ask = world.ask("POST", BATCHES).json(&items);
    let answer = ask.caller(certificate("other", false)).await_answer().await;
    answer.failed(403, "Forbidden");
}
