//! The ceiling of memory.

use std::fs::{self, File};
use std::io::BufWriter;
use std::process::Stdio;

use crate::program::World;

/// Peak memory in MiB of a scan of one file, JSON report to nowhere.
fn peak(world: &World, file: &str) -> u64 {
    let mut command = world.command(&[
        "scan",
        "framework",
        "all",
        file,
        "--format",
        "json",
        "--output",
        "/dev/null",
    ]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    // The kernel keeps the high-water mark; the last reading before the end counts.
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line
            .and_then(|line| line.split_whitespace().nth(1))
            .and_then(|kib| kib.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
    }
    assert!(child.wait().unwrap().success());
    peak / 1024
}

#[test]
fn memory_follows_findings_and_not_the_input() {
    let world = World::new(&[]);
    let write = |name: &str, count: usize| {
        let objects = kubescape_samples::generate(count, 1);
        let mut out = BufWriter::new(File::create(world.path(name)).unwrap());
        kubescape_samples::write_json(&objects, &mut out).unwrap();
    };
    write("small.json", 500);
    write("large.json", 5_000);
    let (small, large) = (peak(&world, "small.json"), peak(&world, "large.json"));
    // 21 MB of input; the bar of 150 MiB is for 15,000 objects.
    assert!(large <= 75, "{large} MiB for 5,000 objects");
    assert!(
        large - small <= 40,
        "{large} MiB for ten times the objects of {small} MiB"
    );
}
