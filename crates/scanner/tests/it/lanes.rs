//! Scans side by side, one after the other, joined, cancelled, and gone wrong.

use std::sync::{Arc, Mutex};

use kubescape_report::Facts;
use kubescape_scan::Scan;
use kubescape_scanner::{Observer, ScanRequest};

use crate::work::Fate;
use crate::world::{object, world, world_with};

#[tokio::test]
async fn an_object_does_not_wait_behind_the_cluster() {
    let world = world([Fate::Held, Fate::Done]);
    let full = world.start("{}").await;
    world.work.started(1).await;
    // While the cluster is being scanned …
    let answer = world.post("/v1/scan?wait=true", &object("cart")).await;
    assert_eq!(answer.code, 200);
    assert_eq!(answer.json()["type"], "v1results");
    let status = world.get(&format!("/v1/status?id={full}")).await;
    assert_eq!(status.json()["type"], "busy");
    world.work.release();
    assert_eq!(world.end_of(&full).await.code, 200);
}

#[tokio::test]
async fn a_full_queue_refuses_what_comes_next_and_says_when_to_try_again() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let env = [("KS_SCAN_QUEUE_CAPACITY", "2")];
    let world = world_with([Fate::Held], &env, Vec::new(), folder);
    world.start("{}").await;
    world.work.started(1).await;
    world.start("{}").await;
    world.start("{}").await;
    let answer = world.post("/v1/scan", "{}").await;
    assert_eq!(answer.code, 429);
    assert_eq!(answer.headers["retry-after"], "1");
    assert!(answer.said().contains("too many full scans wait"));
    // The other lane has room.
    assert_eq!(
        world.post("/v1/scan?wait=true", &object("a")).await.code,
        200
    );
    world.work.release();
    let page = world.get("/v1/metrics").await.text;
    assert!(
        page.contains("kubescape_scanner_refused_total{lane=\"full\"} 1"),
        "{page}"
    );
}

#[tokio::test]
async fn equal_objects_that_wait_become_one_scan_but_order_is_kept() {
    // Both threads are busy with other objects.
    let world = world([Fate::Held, Fate::Held]);
    world.start(&object("first")).await;
    world.start(&object("second")).await;
    world.work.started(2).await;
    let deleted = object("cart").replacen('{', r#"{"isDeletedScanObject":true,"#, 1);
    let one = world.start(&object("cart")).await;
    assert_eq!(world.start(&object("cart")).await, one);
    let gone = world.start(&deleted).await;
    // What happened after the deletion must not be told before it.
    let again = world.start(&object("cart")).await;
    assert!(again != one && again != gone);
    assert_eq!(world.start(&object("cart")).await, again);
    world.work.release();
    world.work.release();
    assert_eq!(world.end_of(&again).await.code, 200);
    let carts: Vec<_> = world.work.scanned().into_iter().skip(2).collect();
    assert_eq!(carts, ["cart", "cart deleted", "cart"]);
}

#[tokio::test]
async fn the_same_object_is_never_scanned_twice_at_once() {
    let world = world([Fate::Held]);
    world.start(&object("cart")).await;
    world.work.started(1).await;
    let later = world.start(&object("cart")).await;
    // The second thread takes another one first.
    assert_eq!(
        world.post("/v1/scan?wait=true", &object("web")).await.code,
        200
    );
    assert_eq!(world.work.scanned(), ["cart", "web"]);
    world.work.release();
    assert_eq!(world.end_of(&later).await.code, 200);
}

#[tokio::test]
async fn all_who_wait_for_one_scan_get_its_result() {
    let world = world([Fate::Held, Fate::Held]);
    world.start(&object("first")).await;
    world.start(&object("second")).await;
    world.work.started(2).await;
    let release = async {
        world.work.release();
        world.work.release();
    };
    let body = object("cart");
    let (one, two, ()) = tokio::join!(
        world.post("/v1/scan?wait=true", &body),
        world.post("/v1/scan?wait=true", &body),
        release
    );
    assert_eq!((one.code, two.code), (200, 200));
    assert_eq!(one.id(), two.id());
    assert_eq!(one.text, two.text);
    // Both have it, and nobody asked to keep it.
    assert_eq!(world.end_of(&one.id()).await.code, 204);
}

#[tokio::test]
async fn a_scan_that_waits_or_runs_can_be_cancelled() {
    let world = world([Fate::Held, Fate::Deaf]);
    let running = world.start("{}").await;
    world.work.started(1).await;
    let waiting = world.start("{}").await;
    for id in [&waiting, &running] {
        let answer = world.delete(&format!("/v1/scan?id={id}")).await;
        assert_eq!(answer.code, 200, "{}", answer.text);
    }
    for id in [&waiting, &running] {
        let end = world.end_of(id).await;
        assert_eq!(end.code, 500);
        assert_eq!(end.said(), "the scan was cancelled");
        assert_eq!(world.delete(&format!("/v1/scan?id={id}")).await.code, 404);
    }
    // One that does not listen is cancelled all the same.
    let deaf = world.start("{}").await;
    world.work.started(2).await;
    world.delete("/v1/scan").await;
    assert_eq!(world.end_of(&deaf).await.said(), "the scan was cancelled");
    assert_eq!(world.role.results().0, 0);
}

#[tokio::test]
async fn a_panic_fails_its_scan_and_nothing_else() {
    let world = world([Fate::Panics, Fate::Panics, Fate::Done]);
    let answer = world.post("/v1/scan?wait=true", "{}").await;
    assert_eq!(answer.code, 500);
    assert!(
        answer.said().contains("a bug in a check"),
        "{}",
        answer.said()
    );
    let answer = world.post("/v1/scan?wait=true", &object("a")).await;
    assert_eq!(answer.code, 500);
    assert_eq!(world.post("/v1/scan?wait=true", "{}").await.code, 200);
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn finished(&self, request: &ScanRequest, scan: &Scan, _: &Facts) {
        assert!(scan.objects_seen > 0);
        self.0.lock().unwrap().push(request.id.to_string());
        panic!("a bug in a sink");
    }
}

#[tokio::test]
async fn observers_hear_of_what_may_be_kept_before_anybody_is_told() {
    let heard = Arc::new(Heard::default());
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let world = world_with([], &[], vec![heard.clone()], folder);
    let kept = world.post("/v1/scan?wait=true", "{}").await;
    assert_eq!(kept.code, 200, "a sink's panic is its own");
    assert_eq!(*heard.0.lock().unwrap(), [kept.id()]);
    let private = world
        .post("/v1/scan?wait=true&skipPersistence=true", "{}")
        .await;
    assert_eq!(private.code, 200);
    assert_eq!(heard.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn scans_end_with_the_service() {
    let world = world([Fate::Held]);
    let running = world.start("{}").await;
    world.work.started(1).await;
    let leave = async {
        let waits = "kubescape_scanner_waiting{lane=\"full\"} 1";
        while !world.get("/v1/metrics").await.text.contains(waits) {
            tokio::task::yield_now().await;
        }
        world.leave();
    };
    let (waited, ()) = tokio::join!(world.post("/v1/scan?wait=true", "{}"), leave);
    assert_eq!(waited.code, 500);
    assert_eq!(waited.said(), "the service was ended");
    assert_eq!(world.end_of(&running).await.said(), "the service was ended");
    assert_eq!(world.post("/v1/scan", "{}").await.code, 503);
    world.stop().await;
}

#[tokio::test]
async fn a_scan_that_takes_too_long_is_ended_and_says_how_to_give_it_more() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let env = [("KS_SCAN_TIMEOUT", "1s")];
    let world = world_with([Fate::Held], &env, Vec::new(), folder);
    let answer = world.post("/v1/scan?wait=true", "{}").await;
    assert_eq!(answer.code, 500);
    assert!(
        answer.said().contains("raise KS_SCAN_TIMEOUT"),
        "{}",
        answer.said()
    );
    // The lane is free again.
    assert_eq!(world.post("/v1/scan?wait=true", "{}").await.code, 200);
}
