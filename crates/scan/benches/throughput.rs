//! How much slower a scan is than only parsing the same bytes with the same
//! parser. Prints ratios, asserts nothing: `cargo bench -p kubescape-scan`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark talks to people"
)]

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use kubescape_collect::{Limits, find, parse, read_documents};
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Arena, Plan, Scope, Selection};
use kubescape_scan::{Options, scan};

const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo test --benches` and `--no-run` should not spend a minute here.
    if std::env::args().all(|argument| argument != "--bench") {
        return Ok(());
    }
    let count = std::env::var("OBJECTS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(15_000);
    let folder = tempfile::tempdir()?;
    let objects = kubescape_samples::generate(count, 1);
    let (json, yaml) = (
        folder.path().join("objects.json"),
        folder.path().join("objects.yaml"),
    );
    kubescape_samples::write_json(&objects, &mut BufWriter::new(File::create(&json)?))?;
    kubescape_samples::write_yaml(&objects, &mut BufWriter::new(File::create(&yaml)?))?;
    println!("{count} objects, all frameworks, best of {ROUNDS}");
    println!(
        "{:>5} {:>8} {:>8}  {:>10} {:>10} {:>10}  {:>6}",
        "input", "MB", "threads", "parse", "scan", "objects/s", "ratio"
    );
    for (name, path) in [("JSON", &json), ("YAML", &yaml)] {
        for threads in [1, 2] {
            let megabytes = std::fs::metadata(path)?.len() as f64 / 1e6;
            let parse = best(|| parse_only(path));
            let scan = best(|| scan_all(path, threads));
            let rate = count as f64 / scan.as_secs_f64();
            let ratio = scan.as_secs_f64() / parse.as_secs_f64();
            println!(
                "{name:>5} {megabytes:>8.1} {threads:>8}  {parse:>10.1?} {scan:>10.1?} {rate:>10.0}  {ratio:>6.2}"
            );
        }
    }
    Ok(())
}

fn best(mut work: impl FnMut()) -> Duration {
    let round = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

/// On one thread, as a parser alone would be used.
fn parse_only(path: &Path) {
    let mut arena = Arena::new();
    for source in &find(&[path]).sources {
        read_documents(source, Limits::default(), &mut |document| {
            let document = document.expect("generated documents are readable");
            std::hint::black_box(parse(&document, source, &arena).objects.len());
            arena.reset();
            ControlFlow::Continue(())
        });
    }
}

fn scan_all(path: &Path, threads: usize) {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::File), default_inputs())
        .expect("the library has frameworks");
    let options = Options {
        threads,
        ..Options::new(plan)
    };
    let result = scan(find(&[path]).sources, options, &mut |_| {}).expect("nothing is written");
    assert!(result.objects_seen > 0 && !result.is_partial());
    std::hint::black_box(result.outcome.total.compliance);
}
