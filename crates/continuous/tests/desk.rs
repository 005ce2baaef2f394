//! What happens in a cluster, and which results that changes.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use std::collections::BTreeMap;

use kubescape_collect::{Event, Kind, KindId, Kinds};
use kubescape_continuous::Desk;
use kubescape_engine::{Gap, Lack};
use kubescape_posture::ResultObject;
use serde_json::{Value as Json, json};

fn cluster() -> Cluster {
    let (desk, kinds) = common::desk("all");
    Cluster { desk, kinds }
}

/// What is followed: each kind as one list.
fn list(kinds: &Kinds, group: &str, kind: &str) -> KindId {
    kinds.id(Kind {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        namespaced: true,
        ..Kind::default()
    })
}

/// A desk and how it hears of things.
struct Cluster {
    desk: Desk,
    kinds: Kinds,
}

impl Cluster {
    fn put(&mut self, kind: (&str, &str), text: &str) -> bool {
        let kind = list(&self.kinds, kind.0, kind.1);
        self.desk.take(Event::Put {
            kind,
            text: text.into(),
        })
    }

    fn gone(&mut self, kind: (&str, &str), name: &str) -> bool {
        let kind = list(&self.kinds, kind.0, kind.1);
        self.desk.take(Event::Gone {
            kind,
            namespace: "shop".into(),
            name: name.into(),
        })
    }

    fn listing(&mut self, kind: (&str, &str)) {
        let kind = list(&self.kinds, kind.0, kind.1);
        self.desk.take(Event::Listing { kind });
    }

    fn same(&mut self, kind: (&str, &str), name: &str) {
        let kind = list(&self.kinds, kind.0, kind.1);
        self.desk.take(Event::Same {
            kind,
            namespace: "shop".into(),
            name: name.into(),
        });
    }

    fn listed(&mut self, kind: (&str, &str)) -> bool {
        let kind = list(&self.kinds, kind.0, kind.1);
        self.desk.take(Event::Listed { kind })
    }

    fn gap(&mut self, kind: (&str, &str), gap: Option<Gap>) {
        let kind = list(&self.kinds, kind.0, kind.1);
        self.desk.take(Event::Gap { kind, gap });
    }
}

const DEPLOYMENT: (&str, &str) = ("apps", "Deployment");
const SERVICE: (&str, &str) = ("", "Service");
const POD: (&str, &str) = ("", "Pod");

fn deployment(name: &str, privileged: bool) -> String {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": "x:1", "securityContext": {"privileged": privileged}}]}}},
    })
    .to_string()
}

fn service(name: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"type": "LoadBalancer", "selector": {"app": name}, "ports": [{"port": 80}]},
    })
    .to_string()
}

/// A store that is told of what a desk says.
#[derive(Default)]
struct Stored(BTreeMap<(String, String), Json>);

impl Stored {
    /// Settles and stores; gives the names that were written and deleted.
    fn settle(&mut self, cluster: &mut Cluster) -> (Vec<String>, Vec<String>) {
        let desk = &mut cluster.desk;
        let turn = desk.settle();
        let gone: Vec<_> = turn.gone.iter().map(|key| key.name.to_string()).collect();
        for key in turn.gone {
            self.0.retain(|(name, _), _| **name != *key.name);
        }
        let results = desk.results(&turn.changed, "2026-11-24T10:00:00Z");
        let summaries = |result: &&ResultObject| result.resource.plural().ends_with("summaries");
        let mut written: Vec<_> = results
            .iter()
            .filter(summaries)
            .map(|result| result.name.to_string())
            .collect();
        written.sort();
        for result in results {
            let place = (result.name.to_string(), result.resource.plural().to_owned());
            self.0.insert(
                place,
                serde_json::to_value(result.document().unwrap()).unwrap(),
            );
        }
        (written, gone)
    }

    fn status(&self, name: &str, control: &str) -> &str {
        let place = (
            name.to_owned(),
            "workloadconfigurationscansummaries".to_owned(),
        );
        self.0[&place]["spec"]["controls"][control]["status"]["status"]
            .as_str()
            .unwrap()
    }
}

#[test]
fn a_changed_workload_has_its_result_written_and_no_other() {
    let (mut cluster, mut stored) = (cluster(), Stored::default());
    cluster.put(DEPLOYMENT, &deployment("cart", true));
    cluster.put(DEPLOYMENT, &deployment("mailer", false));
    assert_eq!(
        stored.settle(&mut cluster).0,
        ["deployment-cart", "deployment-mailer"]
    );
    assert_eq!(stored.status("deployment-cart", "C-0057"), "failed");

    assert!(cluster.put(DEPLOYMENT, &deployment("cart", false)));
    assert_eq!(
        stored.settle(&mut cluster),
        (vec!["deployment-cart".to_owned()], vec![])
    );
    assert_eq!(stored.status("deployment-cart", "C-0057"), "passed");

    assert!(!cluster.put(DEPLOYMENT, &deployment("cart", false)));
    assert_eq!(stored.settle(&mut cluster), (vec![], vec![]));
}

#[test]
fn a_service_that_comes_and_goes_changes_the_workload_behind_it() {
    let (mut cluster, mut stored) = (cluster(), Stored::default());
    cluster.put(DEPLOYMENT, &deployment("cart", false));
    cluster.put(DEPLOYMENT, &deployment("mailer", false));
    stored.settle(&mut cluster);
    assert_eq!(stored.status("deployment-cart", "C-0256"), "passed");

    cluster.put(SERVICE, &service("cart"));
    let (written, _) = stored.settle(&mut cluster);
    assert_eq!(written, ["deployment-cart", "service-cart"]);
    assert_eq!(stored.status("deployment-cart", "C-0256"), "failed");

    cluster.gone(SERVICE, "cart");
    let (written, gone) = stored.settle(&mut cluster);
    assert_eq!(
        (written, gone),
        (
            vec!["deployment-cart".to_owned()],
            vec!["service-cart".to_owned()]
        )
    );
    assert_eq!(stored.status("deployment-cart", "C-0256"), "passed");
}

#[test]
fn a_list_that_is_read_again_removes_what_is_not_in_it() {
    let (mut cluster, mut stored) = (cluster(), Stored::default());
    cluster.put(DEPLOYMENT, &deployment("cart", false));
    cluster.put(DEPLOYMENT, &deployment("mailer", false));
    cluster.put(SERVICE, &service("cart"));
    stored.settle(&mut cluster);

    cluster.listing(DEPLOYMENT);
    assert!(!cluster.put(DEPLOYMENT, &deployment("mailer", false)));
    assert!(cluster.listed(DEPLOYMENT));
    assert_eq!(stored.settle(&mut cluster).1, ["deployment-cart"]);
    assert_eq!(cluster.desk.len(), 2);

    cluster.listing(DEPLOYMENT);
    cluster.same(DEPLOYMENT, "mailer");
    assert!(!cluster.listed(DEPLOYMENT));
}

#[test]
fn a_pod_is_judged_until_an_owner_adopts_it() {
    let (mut cluster, mut stored) = (cluster(), Stored::default());
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"containers": [{"name": "main", "image": "x:1"}]}});
    cluster.put(POD, &pod.to_string());
    assert_eq!(stored.settle(&mut cluster).0, ["pod-p"]);

    pod["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r"}]);
    assert!(cluster.put(POD, &pod.to_string()));
    assert_eq!(stored.settle(&mut cluster).1, ["pod-p"]);
    assert!(!cluster.put(POD, &pod.to_string()));
}

#[test]
fn an_object_that_was_deleted_and_made_again_keeps_its_result() {
    let (mut cluster, mut stored) = (cluster(), Stored::default());
    cluster.put(DEPLOYMENT, &deployment("cart", false));
    stored.settle(&mut cluster);
    cluster.gone(DEPLOYMENT, "cart");
    cluster.put(DEPLOYMENT, &deployment("cart", true));
    assert_eq!(
        stored.settle(&mut cluster),
        (vec!["deployment-cart".to_owned()], vec![])
    );
    assert_eq!(stored.status("deployment-cart", "C-0057"), "failed");
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let mut cluster = cluster();
    assert!(!cluster.put(DEPLOYMENT, "{"));
    assert!(!cluster.put(DEPLOYMENT, r#"{"kind":"Deployment","metadata":{}}"#));
    assert!(cluster.put(DEPLOYMENT, &deployment("cart", false)));
    let notices = cluster.desk.take_notices();
    assert_eq!(notices.len(), 2);
    assert!(notices[0].message.contains("no JSON"), "{notices:?}");
    assert!(cluster.desk.take_notices().is_empty());
}

#[test]
fn a_kind_that_cannot_be_read_makes_results_partial_until_it_can() {
    let (mut cluster, mut stored) = (cluster(), Stored::default());
    cluster.put(DEPLOYMENT, &deployment("cart", false));
    stored.settle(&mut cluster);
    let policies = ("networking.k8s.io", "NetworkPolicy");
    let gap = Gap {
        group: "networking.k8s.io".into(),
        kind: "NetworkPolicy".into(),
        lack: Lack::Unread,
        reason: "networkpolicies: forbidden".into(),
    };
    cluster.gap(policies, Some(gap));
    assert_eq!(stored.settle(&mut cluster).0, ["deployment-cart"]);
    assert_eq!(stored.status("deployment-cart", "C-0260"), "skipped");
    cluster.gap(policies, None);
    stored.settle(&mut cluster);
    assert_eq!(stored.status("deployment-cart", "C-0260"), "failed");
}
