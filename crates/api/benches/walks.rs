//! What reading, inspecting and shaping a large object costs beside only
//! parsing its bytes, and whether that grows with the size alone. Prints
//! ratios, asserts nothing: `cargo bench -p kubescape-api`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark talks to people"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use kubescape_api::{Resource, openapi, parse};
use serde_json::{Value, json};

const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` and `--no-run` should not spend a minute here.
    if std::env::args().all(|argument| argument != "--bench") {
        return;
    }
    let syft = Resource::by_kind("SBOMSyft").expect("a kind");
    for packages in [2_000, 20_000] {
        let body = sbom(packages).to_string();
        let value: Value = serde_json::from_str(&body).expect("JSON");
        let mut shaped = value.clone();
        syft.normalize(&mut shaped);
        let plain = best(|| drop(black_box(serde_json::from_str::<Value>(&body))));
        let strict = best(|| drop(black_box(parse(body.as_bytes()))));
        let inspect = best(|| drop(black_box(syft.inspect(&value))));
        let normalize = best(|| syft.normalize(black_box(&mut shaped)));
        println!(
            "{packages} packages, {:.1} MB: serde_json {plain:.1?}; ours {:.2}x, inspect {:.2}x, normalize {:.2}x of it",
            body.len() as f64 / 1e6,
            ratio(strict, plain),
            ratio(inspect, plain),
            ratio(normalize, plain),
        );
    }
    let (v2, v3) = (best(|| drop(openapi::v2())), best(|| drop(openapi::v3())));
    println!("documents: v2 {v2:.1?}, v3 {v3:.1?}");
}

fn best(mut work: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    rounds.min().unwrap_or_default()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn sbom(packages: usize) -> Value {
    let package = |number: usize| {
        json!({
            "id": format!("{number:016x}"), "name": format!("package-{number}"), "version": "1.2.3-4+deb12u1",
            "type": "deb", "foundBy": "dpkg-db-cataloger", "language": "",
            "purl": format!("pkg:deb/debian/package-{number}@1.2.3-4%2Bdeb12u1?arch=amd64&distro=debian-12"),
            "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:0123456789abcdef", "accessPath": "/var/lib/dpkg/status", "annotations": {"evidence": "primary"}}],
            "licenses": [{"value": "GPL-2.0-only", "spdxExpression": "GPL-2.0-only", "type": "declared", "urls": [], "locations": []}],
            "cpes": [{"cpe": format!("cpe:2.3:a:package-{number}:package-{number}:1.2.3:*:*:*:*:*:*:*"), "source": "syft-generated"}],
            "metadataType": "dpkg-db-entry",
            "metadata": {"package": format!("package-{number}"), "files": [{"path": format!("/usr/bin/package-{number}"), "digest": {"algorithm": "md5", "value": "0123456789abcdef"}}]},
        })
    };
    let artifacts: Vec<Value> = (0..packages).map(package).collect();
    json!({"metadata": {"name": "image"}, "spec": {"syft": {"artifacts": artifacts}}})
}
