//! What a write to an object of many neighbors costs beside only copying it,
//! and whether that grows with the size alone. Prints times and ratios, asserts
//! nothing: `cargo bench -p kubescape-patch`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark talks to people"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use kubescape_api::Resource;
use kubescape_patch::managed::ManagedFields;
use kubescape_patch::{Limits, apply, strategic_merge, track_update};
use serde_json::{Value, json};

const ROUNDS: usize = 7;
const NOW: &str = "2024-01-01T00:00:00Z";

fn main() {
    // `cargo test --benches` and `--no-run` should not spend a minute here.
    if std::env::args().all(|argument| argument != "--bench") {
        return;
    }
    for neighbors in [1_000, 10_000, 100_000] {
        measure(neighbors);
    }
}

fn measure(count: usize) {
    let schema = Resource::by_kind("NetworkNeighbors")
        .expect("a kind")
        .schema();
    let limits = Limits::default();
    let plain = object(count, "a.");
    let live = apply(None, &plain, schema, "node-agent", false, NOW).expect("applied");
    let one = json!({"spec": {"ingress": [neighbor(count / 2, "new.")]}});
    let all = json!({"spec": object(count, "b.")["spec"]});
    let mut foreign = object(0, "");
    foreign["spec"]["ingress"] = json!([neighbor(count + 1, "x.")]);
    let mut changed = live.clone();
    changed["spec"]["ingress"][count / 2]["dns"] = json!("new.");
    let bytes = plain.to_string().len();

    let copy = best(|| drop(black_box(live.clone())));
    println!(
        "{count} neighbors, {:.2} MB: copy {copy:.1?}",
        bytes as f64 / 1e6
    );
    let row = |name: &str, time: Duration| {
        println!(
            "  {name:28} {time:>10.1?} {:>6.1}x",
            time.as_secs_f64() / copy.as_secs_f64()
        );
    };
    let patch = |patch: &Value| {
        let (live, patch) = (live.clone(), patch.clone());
        drop(black_box(strategic_merge(live, patch, schema, &limits)));
    };
    row("strategic patch of one", best(|| patch(&one)));
    row("strategic patch of all", best(|| patch(&all)));
    let applied = |config: &Value, by: &str, force: bool| {
        drop(black_box(apply(
            Some(&live),
            config,
            schema,
            by,
            force,
            NOW,
        )));
    };
    row("apply again", best(|| applied(&plain, "node-agent", false)));
    row(
        "apply one by another",
        best(|| applied(&foreign, "other", false)),
    );
    let other = object(count, "b.");
    row(
        "apply all by another, forced",
        best(|| applied(&other, "other", true)),
    );
    row(
        "apply nothing any more",
        best(|| applied(&object(0, ""), "node-agent", false)),
    );
    row(
        "update of one",
        best(|| {
            drop(black_box(track_update(
                Some(&live),
                changed.clone(),
                schema,
                "kubectl",
                NOW,
            )));
        }),
    );
    row(
        "create",
        best(|| {
            drop(black_box(track_update(
                None,
                plain.clone(),
                schema,
                "kubectl",
                NOW,
            )));
        }),
    );
    row(
        "read the owners",
        best(|| drop(black_box(ManagedFields::of(&live)))),
    );
}

fn best(mut work: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    rounds.min().unwrap_or_default()
}

fn object(count: usize, dns: &str) -> Value {
    let ingress: Vec<Value> = (0..count).map(|number| neighbor(number, dns)).collect();
    json!({
        "apiVersion": kubescape_api::API_VERSION, "kind": "NetworkNeighbors",
        "metadata": {"name": "deployment-cart", "namespace": "shop"},
        "spec": {"matchLabels": {"app": "cart"}, "ingress": ingress},
    })
}

fn neighbor(number: usize, dns: &str) -> Value {
    json!({
        "identifier": format!("{:064x}", number.wrapping_mul(0x9e37_79b9)), "type": "external", "dns": dns,
        "dnsNames": [dns], "ipAddress": "203.0.113.7", "podSelector": null, "namespaceSelector": null,
        "ports": [{"name": "TCP-443", "protocol": "TCP", "port": 443}, {"name": "UDP-53", "protocol": "UDP", "port": 53}],
    })
}
