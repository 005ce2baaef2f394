//! Memory of cutting a report: that of one message, however many there are.

#![allow(clippy::unwrap_used, reason = "this is how tests fail")]

use allocation_counter::measure;
use kubescape_collect::find;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_report::Facts;
use kubescape_scan::{Options, Scan, scan};
use kubescape_submit::{CHUNK_LIMIT, Chunks};

/// So many objects of a middling cluster, by all frameworks.
fn judged(objects: usize) -> Scan {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects.json");
    let objects = kubescape_samples::generate(objects, 7);
    let mut file = std::fs::File::create(&path).unwrap();
    kubescape_samples::write_json(&objects, &mut file).unwrap();
    let found = find(&[path.to_str().unwrap()]);
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    let plan = Plan::new(&LIBRARY, &selection, Some(Scope::File), default_inputs()).unwrap();
    let options = Options {
        keep_objects: true,
        ..Options::new(plan)
    };
    scan(found.sources, options, &mut |_| {}).unwrap()
}

/// The most bytes at once, messages, and bytes of them all.
fn cut(scan: &Scan) -> (u64, usize, usize) {
    let facts = Facts::default();
    let (mut count, mut bytes) = (0, 0);
    let allocated = measure(|| {
        for chunk in Chunks::of(scan, &facts).unwrap() {
            let body = chunk.unwrap().body;
            assert!(body.len() < CHUNK_LIMIT);
            count += 1;
            bytes += body.len();
        }
    });
    (allocated.bytes_max, count, bytes)
}

#[test]
fn cutting_takes_the_memory_of_one_message_and_not_of_the_report() {
    let (few_most, few, few_bytes) = cut(&judged(150));
    let (most, many, bytes) = cut(&judged(1500));
    println!("{few} messages, {few_bytes} bytes: at most {few_most} at once");
    println!("{many} messages, {bytes} bytes: at most {most} at once");
    assert!(many > 4 * few, "{many} against {few}");
    // The message, what all repeat, and one text for each control and kind of object.
    assert!(most < 2 * CHUNK_LIMIT as u64, "{most}");
    assert!(
        most < few_most + CHUNK_LIMIT as u64 / 4,
        "{most} after {few_most}"
    );
}
