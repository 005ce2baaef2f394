//! A real control plane that is followed, through what happens to it.

use std::fs;

use kubescape_controls::LIBRARY;
use kubescape_engine::{Inputs, Plan, Scope, Selection};
use kubescape_live::{Access, Pace, Patience, Waits, What};
use kubescape_testcluster::{Cluster as ControlPlane, Part};
use serde_json::json;
use std::time::Duration;

use crate::follower::{DEPLOYMENT, Follower, POD, SECRET};
use crate::real::control_plane;

/// The usual times, but for the longest waits.
fn pace() -> Pace {
    Pace {
        refusals: Waits {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(2),
        },
        rediscovery: Duration::from_millis(500),
        ..Pace::default()
    }
}

fn follow(plane: &ControlPlane, what: What) -> Follower {
    let access = Access {
        kubeconfig: Some(plane.kubeconfig()),
        context: None,
    };
    let what = What {
        pace: pace(),
        ..what
    };
    Follower::start(&access, Patience::default(), what)
}

fn everything() -> What {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(
        &LIBRARY,
        &selection,
        Some(Scope::Cluster),
        Inputs::default(),
    );
    What {
        kinds: plan.unwrap().kinds(),
        ..What::default()
    }
}

fn few() -> What {
    What {
        kinds: vec![DEPLOYMENT, POD, SECRET],
        ..What::default()
    }
}

#[test]
fn a_real_cluster_is_followed_through_what_happens_to_it() {
    let Some(plane) = control_plane() else { return };
    changes_are_seen(&plane);
    what_it_had_is_known(&plane);
    a_restart_of_the_server_replays_nothing(&plane);
    a_compaction_loses_nothing(&plane);
    a_kind_that_is_installed_is_followed(&plane);
    an_account_that_may_see_little_has_gaps(&plane);
}

const CARTS: &str = "deployments.apps";

fn changes_are_seen(plane: &ControlPlane) {
    let mut follower = follow(plane, everything());
    follower.sync();
    plane
        .kubectl(&["create", "deployment", "cart", "--image=nginx"])
        .unwrap();
    follower.wait("the cart", |here| here.names(CARTS) == ["default/cart"]);
    plane
        .kubectl(&["scale", "deployment", "cart", "--replicas=3"])
        .unwrap();
    follower.wait("three carts", |here| {
        here.of(CARTS).unwrap().objects["default/cart"]["spec"]["replicas"] == 3
    });
    let cart = &follower.of(CARTS).unwrap().objects["default/cart"];
    assert!(cart["metadata"]["managedFields"].is_null() && cart["status"].is_null());
    plane
        .kubectl(&["delete", "deployment", "cart", "--cascade=orphan"])
        .unwrap();
    follower.wait("no cart", |here| here.names(CARTS).is_empty());
    assert!(
        follower
            .names("clusterroles.rbac.authorization.k8s.io")
            .len()
            > 20
    );
    assert_eq!(
        follower.names("APIServerInfo.apiserverinfo.kubescape.cloud"),
        ["/version"]
    );
    let progress = follower.follow.progress();
    assert_eq!(progress.listed, progress.kinds);
    println!("{progress:?} {:?}", follower.follow.totals());
}

fn what_it_had_is_known(plane: &ControlPlane) {
    plane
        .kubectl(&[
            "create",
            "secret",
            "generic",
            "key",
            "--from-literal=key=very-secret",
        ])
        .unwrap();
    let mut follower = follow(plane, few());
    follower.sync();
    let secret = &follower.of("secrets").unwrap().objects["default/key"];
    assert!(
        secret["data"].is_null() && secret["kind"] == "Secret",
        "{secret}"
    );
}

fn a_restart_of_the_server_replays_nothing(plane: &ControlPlane) {
    plane
        .kubectl(&["create", "deployment", "cart", "--image=nginx"])
        .unwrap();
    plane.stop(Part::Controllers);
    let mut follower = follow(plane, few());
    follower.sync();
    follower.wait("the cart", |here| here.names(CARTS) == ["default/cart"]);
    let puts = follower.view.puts;
    plane.restart(Part::ApiServer).unwrap();
    // When something happens after the restart
    plane
        .kubectl(&["create", "deployment", "after", "--image=nginx"])
        .unwrap();
    follower.wait("what came after", |here| here.names(CARTS).len() == 2);
    // Then that is all that is told
    let (sames, listings) = (follower.view.sames, follower.view.listings);
    assert_eq!(
        follower.view.puts,
        puts + 1,
        "{sames} told to be the same, {listings} lists"
    );
    println!(
        "{listings} lists, {sames} the same, {:?}",
        follower.follow.totals()
    );
    plane.restart(Part::Controllers).unwrap();
}

fn a_compaction_loses_nothing(plane: &ControlPlane) {
    let mut follower = follow(plane, few());
    follower.sync();
    let relists = follower.follow.totals().relists;
    // Given a store that goes on without news for who follows, and forgets what
    // was when the server restarts
    for name in ["one", "two", "three"] {
        let key = format!("--from-literal=key={name}");
        plane.kubectl(&["create", "configmap", name, &key]).unwrap();
    }
    compact(plane);
    plane.stop(Part::ApiServer);
    plane.restart(Part::ApiServer).unwrap();
    plane.kubectl(&["delete", "deployment", "after"]).unwrap();
    plane
        .kubectl(&["create", "deployment", "later", "--image=nginx"])
        .unwrap();
    follower.wait("both", |here| {
        here.names(CARTS) == ["default/cart", "default/later"]
    });
    let relists = follower.follow.totals().relists - relists;
    assert!(relists > 0, "nothing was forgotten");
    println!("{relists} lists again, {} the same", follower.view.sames);
}

/// Makes etcd forget all versions but the present one.
fn compact(plane: &ControlPlane) {
    let etcd = plane.store_processes()[0];
    let arguments = fs::read(format!("/proc/{etcd}/cmdline")).unwrap();
    let arguments = String::from_utf8(arguments).unwrap();
    let mut words = arguments.split(['\0', '=']);
    words.find(|word| *word == "--listen-client-urls").unwrap();
    let url = words.next().unwrap().to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let post = |path: &str, body: serde_json::Value| {
        let config = kube_config(&url);
        runtime.block_on(async {
            let client = kube::Client::try_from(config).unwrap();
            let request = http::Request::post(path)
                .body(body.to_string().into_bytes())
                .unwrap();
            client.request::<serde_json::Value>(request).await.unwrap()
        })
    };
    let status = post("/v3/maintenance/status", json!({}));
    let revision = status["header"]["revision"].as_str().unwrap();
    post(
        "/v3/kv/compaction",
        json!({"revision": revision, "physical": true}),
    );
}

fn kube_config(url: &str) -> kube::Config {
    kube::Config::new(url.parse().unwrap())
}

fn a_kind_that_is_installed_is_followed(plane: &ControlPlane) {
    const WIDGET: kubescape_engine::KindMatch = kubescape_engine::KindMatch {
        group: "acme.io",
        kind: "Widget",
    };
    let mut what = few();
    what.kinds.push(WIDGET);
    let access = Access {
        kubeconfig: Some(plane.kubeconfig()),
        context: None,
    };
    what.pace = Pace {
        discovery: Duration::from_millis(300),
        ..pace()
    };
    let mut follower = Follower::start(&access, Patience::default(), what);
    follower.sync();
    assert_eq!(
        follower.gap("Widget.acme.io"),
        "the cluster has no Widget.acme.io"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crd.json");
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.acme.io"},
        "spec": {"group": "acme.io", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}});
    fs::write(&path, crd.to_string()).unwrap();
    plane
        .kubectl(&["apply", "-f", path.to_str().unwrap()])
        .unwrap();
    follower.wait("the kind", |here| {
        here.of("widgets.acme.io").is_some() && here.gap("Widget.acme.io").is_empty()
    });
    plane
        .kubectl(&["wait", "--for=condition=established", "crd/widgets.acme.io"])
        .unwrap();
    let widget = json!({"apiVersion": "acme.io/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "default"}});
    fs::write(&path, widget.to_string()).unwrap();
    plane
        .kubectl(&["apply", "-f", path.to_str().unwrap()])
        .unwrap();
    follower.wait("a widget", |here| {
        here.names("widgets.acme.io") == ["default/w"]
    });
    plane
        .kubectl(&["delete", "crd", "widgets.acme.io"])
        .unwrap();
    follower.wait("its end", |here| {
        here.gap("Widget.acme.io") == "the cluster has no Widget.acme.io"
    });
    assert!(follower.names("widgets.acme.io").is_empty());
}

fn an_account_that_may_see_little_has_gaps(plane: &ControlPlane) {
    for arguments in [
        &["create", "serviceaccount", "watcher"][..],
        &[
            "create",
            "clusterrole",
            "watch-carts",
            "--verb=list,watch",
            "--resource=deployments.apps",
        ],
        &[
            "create",
            "clusterrolebinding",
            "watch-carts",
            "--clusterrole=watch-carts",
            "--serviceaccount=default:watcher",
        ],
    ] {
        plane.kubectl(arguments).unwrap();
    }
    let access = Access {
        kubeconfig: Some(plane.account_kubeconfig("default", "watcher").unwrap()),
        context: None,
    };
    let what = What {
        pace: pace(),
        ..few()
    };
    let mut follower = Follower::start(&access, Patience::default(), what);
    follower.sync();
    assert!(
        follower
            .gap("pods")
            .contains("system:serviceaccount:default:watcher")
    );
    assert_eq!((follower.gap(CARTS), follower.names(CARTS).len()), ("", 2));
    // When it is allowed to see more (by a role of its own: `view` is empty until a
    // controller has put it together)
    for arguments in [
        [
            "create",
            "clusterrole",
            "watch-pods",
            "--verb=list,watch",
            "--resource=pods",
        ],
        [
            "create",
            "clusterrolebinding",
            "watch-pods",
            "--clusterrole=watch-pods",
            "--serviceaccount=default:watcher",
        ],
    ] {
        plane.kubectl(&arguments).unwrap();
    }
    follower.wait("pods", |here| here.gap("pods").is_empty());
    assert!(!follower.gap("secrets").is_empty());
}
