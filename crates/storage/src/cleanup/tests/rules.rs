//! The table of the reference, line by line.

use std::collections::BTreeSet;

use super::*;
use crate::cleanup::rule::{Kept, RULES, Reason, Rule, Verdict, judge};

fn rule(resource: &str) -> Option<Rule> {
    let mut rules = RULES.iter();
    rules.find(|one| one.0 == resource).map(|one| one.1)
}

fn stale(why: Reason) -> Verdict {
    Verdict::Stale { why, fresh: false }
}

const IN_USE: Verdict = Verdict::Keep(Kept::InUse);

/// The shop has the Deployment `cart`, its ReplicaSet and a pod.
fn shop() -> Facts {
    let mut facts = empty_cluster();
    facts.see(
        Kind::Deployment,
        &sighting("shop", "cart", &["cart", "log"]),
    );
    facts.see(Kind::CronJob, &sighting("shop", "backup", &["dump"]));
    facts.see(Kind::Service, &sighting("shop", "cart", &[]));
    facts.see(Kind::Pod, &cart_pod());
    let mut old = sighting("shop", "cart-4c", &["cart"]);
    old.tokens = vec![template_token("shop", "4c")];
    facts.see(Kind::ReplicaSet, &old);
    facts.sweep_begins();
    facts.sweep_ends();
    facts
}

#[test]
fn each_resource_that_is_stored_has_its_rule_or_is_never_touched() {
    let never = ["collapseconfigurations", "knownservers"];
    for resource in kubescape_api::RESOURCES {
        let expected = !resource.computed && !never.contains(&resource.plural);
        assert_eq!(
            rule(resource.plural).is_some(),
            expected,
            "{}",
            resource.plural
        );
    }
    let all = RULES.iter().map(|one| one.0).collect::<BTreeSet<_>>();
    assert_eq!(all.len(), RULES.len());
    for resource in all {
        assert!(
            kubescape_api::Resource::by_plural(resource).is_some(),
            "{resource}"
        );
    }
}

#[test]
fn what_is_about_a_workload_goes_with_it() {
    let facts = shop();
    let gone = stale(Reason::Workload);
    let other = Verdict::Keep(Kept::OtherKind);
    for (wlid, expected) in [
        ("namespace-shop/deployment-cart", &IN_USE),
        ("namespace-shop/cronjob-backup", &IN_USE),
        ("namespace-shop/service-cart", &IN_USE),
        ("namespace-shop/pod-cart-1", &IN_USE),
        ("namespace-shop/deployment-cart-api", &gone),
        ("namespace-blog/deployment-cart", &gone),
        ("namespace-shop/statefulset-cart", &gone),
        ("namespace-shop/configmap-cart", &gone),
        ("namespace-shop/endpointslice-cart", &gone),
        ("namespace-shop/persistentvolumeclaim-cart", &gone),
        ("namespace-shop/rollout-cart", &other),
        ("namespace-shop/replicationcontroller-cart", &other),
        ("namespace-shop/node-n1", &Verdict::Keep(Kept::Host)),
    ] {
        for resource in [
            "applicationactivities",
            "applicationprofiles",
            "applicationprofilesummaries",
            "networkneighborses",
            "workloadconfigurationscans",
            "workloadconfigurationscansummaries",
            // Without a hash these, too.
            "containerprofiles",
            "networkneighborhoods",
            "seccompprofiles",
            "vulnerabilitymanifestsummaries",
        ] {
            let judged = judge(rule(resource).unwrap(), &with_wlid(wlid), &facts);
            assert_eq!(judged, *expected, "{resource} {wlid}");
        }
    }
}

#[test]
fn what_does_not_say_whose_it_is_stays() {
    let facts = empty_cluster();
    let bare = Stored::default();
    let unreadable = Stored {
        wlid: Some("deployment/cart".to_owned()),
        instance_id: Some("cart".to_owned()),
        image_id: Some(String::new()),
        ..Stored::default()
    };
    let mut whole_cluster = with_wlid("");
    whole_cluster.wlid = Some("wlid://cluster-prod".to_owned());
    for (resource, rule) in RULES {
        let judged = judge(*rule, &bare, &facts);
        assert_eq!(judged, Verdict::Keep(Kept::NoAnnotation), "{resource}");
        let judged = judge(*rule, &unreadable, &facts);
        assert!(matches!(judged, Verdict::Keep(_)), "{resource}");
        let judged = judge(*rule, &whole_cluster, &facts);
        assert!(matches!(judged, Verdict::Keep(_)), "{resource}");
    }
}

#[test]
fn what_people_wrote_stays() {
    let facts = empty_cluster();
    let mut gone = with_wlid("namespace-shop/deployment-cart");
    gone.image_id = Some("x@sha256:1".to_owned());
    gone.instance_id = Some(CART_INSTANCE.to_owned());
    let marked = Stored {
        managed_by: Some("User".to_owned()),
        ..gone.clone()
    };
    let named = Stored {
        name: "ug-deployment-cart".to_owned(),
        ..gone.clone()
    };
    for (resource, rule) in RULES {
        let judged = judge(*rule, &gone, &facts);
        assert!(matches!(judged, Verdict::Stale { .. }), "{resource}");
        for stored in [&marked, &named] {
            let judged = judge(*rule, stored, &facts);
            assert_eq!(judged, Verdict::Keep(Kept::UserManaged), "{resource}");
        }
    }
}

#[test]
fn kinds_of_other_groups_and_nodes_are_not_taken_for_ours() {
    let facts = empty_cluster();
    let mut knative = with_wlid("namespace-shop/service-cart");
    knative.api_group = Some("serving.knative.dev".to_owned());
    let judged = judge(Rule::Workload, &knative, &facts);
    assert_eq!(judged, Verdict::Keep(Kept::OtherKind));
    knative.api_group = Some(String::new());
    let judged = judge(Rule::Workload, &knative, &facts);
    assert_eq!(judged, stale(Reason::Workload));
    let mut host = with_wlid("namespace-host/deployment-cart");
    host.workload_kind = Some("Host".to_owned());
    let judged = judge(Rule::Template, &host, &facts);
    assert_eq!(judged, Verdict::Keep(Kept::Host));
}

#[test]
fn a_summary_of_vulnerabilities_needs_its_container() {
    let facts = shop();
    for (wlid, container, expected) in [
        ("deployment-cart", "cart", IN_USE),
        ("deployment-cart", "log", IN_USE),
        ("deployment-cart", "old", stale(Reason::Container)),
        ("deployment-cart", "", IN_USE),
        ("deployment-gone", "cart", stale(Reason::Workload)),
        // Upstream deletes those of pods and CronJobs always.
        ("pod-cart-1", "cart", IN_USE),
        ("cronjob-backup", "dump", IN_USE),
        ("cronjob-backup", "old", stale(Reason::Container)),
        // Nothing says that a Service has containers.
        ("service-cart", "cart", IN_USE),
    ] {
        let mut stored = with_wlid(&format!("namespace-shop/{wlid}"));
        stored.container = Some(container.to_owned());
        let judged = judge(Rule::Container, &stored, &facts);
        assert_eq!(judged, expected, "{wlid} {container}");
    }
}

#[test]
fn what_is_about_an_image_stays_while_a_pod_has_it() {
    let facts = shop();
    for (image, expected) in [
        ("reg.example/cart@sha256:1", IN_USE),
        ("reg.example/cart@sha256:2", stale(Reason::Image)),
        ("cart", stale(Reason::Image)),
    ] {
        let stored = Stored {
            image_id: Some(image.to_owned()),
            ..Stored::default()
        };
        for resource in [
            "openvulnerabilityexchangecontainers",
            "sbomspdxv2p3s",
            "sbomsummaries",
            "vulnerabilitymanifests",
        ] {
            let judged = judge(rule(resource).unwrap(), &stored, &facts);
            assert_eq!(judged, expected, "{resource} {image}");
        }
    }
}

#[test]
fn an_image_is_its_digest_whatever_the_runtime_calls_it() {
    let digest = "sha256:".to_owned() + &"ab".repeat(32);
    let mut facts = empty_cluster();
    let mut pod = sighting("shop", "p", &["c"]);
    pod.tokens = vec![image_token(&format!("docker-pullable://reg/cart@{digest}"))];
    facts.see(Kind::Pod, &pod);
    let stored = Stored {
        image_id: Some(format!("reg/cart@{digest}")),
        ..Stored::default()
    };
    assert_eq!(judge(Rule::Image, &stored, &facts), IN_USE);
}

#[test]
fn what_is_about_an_instance_stays_while_it_has_pods() {
    let facts = shop();
    let gone = stale(Reason::Instance);
    let start = "apiVersion-apps/v1/namespace-shop";
    for (id, expected) in [
        (CART_INSTANCE.to_owned(), &IN_USE),
        (format!("{start}/kind-ReplicaSet/name-cart-5d"), &IN_USE),
        (
            format!("{start}/kind-ReplicaSet/name-cart-5d/containerName-x"),
            &gone,
        ),
        // It is there, but has no pods.
        (
            format!("{start}/kind-ReplicaSet/name-cart-4c/containerName-cart"),
            &gone,
        ),
        (
            "apiVersion-v1/namespace-shop/kind-Pod/name-cart-1/containerName-cart".to_owned(),
            &IN_USE,
        ),
        (
            "apiVersion-v1/namespace-shop/kind-Pod/name-cart-2/containerName-cart".to_owned(),
            &gone,
        ),
    ] {
        let stored = Stored {
            instance_id: Some(id.clone()),
            ..Stored::default()
        };
        for resource in ["sbomspdxv2p3filtereds", "vulnerabilitymanifests"] {
            let judged = judge(rule(resource).unwrap(), &stored, &facts);
            assert_eq!(judged, *expected, "{resource} {id}");
        }
    }
}

#[test]
fn an_instance_of_a_job_is_there_while_its_workload_is() {
    let facts = shop();
    let id = "apiVersion-batch/v1/namespace-shop/kind-Job/name-backup-6f9/containerName-dump";
    let mut stored = with_wlid("namespace-shop/cronjob-backup");
    stored.instance_id = Some(id.to_owned());
    assert_eq!(judge(Rule::Instance, &stored, &facts), IN_USE);
    let mut gone = with_wlid("namespace-shop/cronjob-gone");
    gone.instance_id = Some(id.to_owned());
    let judged = judge(Rule::Instance, &gone, &facts);
    assert_eq!(judged, stale(Reason::Instance));
    gone.wlid = None;
    let judged = judge(Rule::Instance, &gone, &facts);
    assert_eq!(judged, Verdict::Keep(Kept::Unclear));
}

#[test]
fn a_manifest_needs_all_that_it_names() {
    let facts = shop();
    let manifest = |image: Option<&str>, instance: Option<&str>| Stored {
        image_id: image.map(str::to_owned),
        instance_id: instance.map(str::to_owned),
        ..Stored::default()
    };
    let image = Some("reg.example/cart@sha256:1");
    let gone = "apiVersion-apps/v1/namespace-shop/kind-ReplicaSet/name-old/containerName-cart";
    for (stored, expected) in [
        (manifest(image, Some(CART_INSTANCE)), IN_USE),
        (manifest(image, None), IN_USE),
        (manifest(image, Some(gone)), stale(Reason::Instance)),
        (
            manifest(Some("x"), Some(CART_INSTANCE)),
            stale(Reason::Image),
        ),
        (
            manifest(Some("x"), Some("?")),
            Verdict::Keep(Kept::Unreadable),
        ),
        (manifest(None, None), Verdict::Keep(Kept::NoAnnotation)),
    ] {
        let judged = judge(Rule::ImageAndInstance, &stored, &facts);
        assert_eq!(judged, expected, "{stored:?}");
    }
}

#[test]
fn a_profile_goes_with_its_template_or_its_workload() {
    let facts = shop();
    for (wlid, hash, expected) in [
        ("deployment-cart", "5d", IN_USE),
        // Scaled to zero, or kept to roll back.
        ("deployment-cart", "4c", IN_USE),
        ("deployment-cart", "3b", stale(Reason::Template)),
        // Pods outlive a workload that is deleted without them.
        ("deployment-gone", "5d", IN_USE),
        ("deployment-gone", "3b", stale(Reason::Workload)),
        // Hashes of Jobs' pods say nothing.
        ("cronjob-backup", "3b", IN_USE),
        ("job-gone", "5d", stale(Reason::Workload)),
    ] {
        let mut stored = with_wlid(&format!("namespace-shop/{wlid}"));
        stored.template_hash = Some(hash.to_owned());
        for resource in [
            "applicationprofiles",
            "containerprofiles",
            "networkneighborhoods",
            "seccompprofiles",
        ] {
            let judged = judge(rule(resource).unwrap(), &stored, &facts);
            assert_eq!(judged, expected, "{resource} {wlid} {hash}");
        }
    }
}

#[test]
fn what_was_there_since_the_last_sweep_is_stale_afresh() {
    let mut facts = shop();
    facts.lose(Kind::Pod, "shop", "cart-1");
    let stored = Stored {
        image_id: Some("reg.example/cart@sha256:1".to_owned()),
        ..Stored::default()
    };
    let fresh = Verdict::Stale {
        why: Reason::Image,
        fresh: true,
    };
    assert_eq!(judge(Rule::Image, &stored, &facts), fresh);
    // A sweep that fails does not forget.
    facts.sweep_begins();
    facts.sweep_begins();
    assert_eq!(judge(Rule::Image, &stored, &facts), fresh);
    facts.sweep_ends();
    assert_eq!(judge(Rule::Image, &stored, &facts), stale(Reason::Image));
}

#[test]
fn a_list_begun_again_makes_nothing_stale_at_once() {
    let mut facts = shop();
    let stored = with_wlid("namespace-shop/deployment-cart");
    facts.begin(Kind::Deployment);
    let unknown = Verdict::Unknown(BTreeSet::from([Kind::Deployment]));
    assert_eq!(judge(Rule::Workload, &stored, &facts), unknown);
    facts.complete(Kind::Deployment);
    let fresh = Verdict::Stale {
        why: Reason::Workload,
        fresh: true,
    };
    assert_eq!(judge(Rule::Workload, &stored, &facts), fresh);
}

#[test]
fn what_cannot_be_listed_is_unknown_and_says_so() {
    let mut facts = empty_cluster();
    facts.unavailable(Kind::Secret, "forbidden".to_owned());
    facts.unavailable(Kind::Pod, "forbidden".to_owned());
    let secret = with_wlid("namespace-shop/secret-token");
    let unknown = |kind| Verdict::Unknown(BTreeSet::from([kind]));
    assert_eq!(
        judge(Rule::Workload, &secret, &facts),
        unknown(Kind::Secret)
    );
    // Other kinds are judged.
    let deployment = with_wlid("namespace-shop/deployment-cart");
    assert_eq!(
        judge(Rule::Workload, &deployment, &facts),
        stale(Reason::Workload)
    );
    let image = Stored {
        image_id: Some("x".to_owned()),
        ..Stored::default()
    };
    assert_eq!(judge(Rule::Image, &image, &facts), unknown(Kind::Pod));
    let mut profile = deployment;
    profile.template_hash = Some("5d".to_owned());
    assert_eq!(judge(Rule::Template, &profile, &facts), unknown(Kind::Pod));
}
