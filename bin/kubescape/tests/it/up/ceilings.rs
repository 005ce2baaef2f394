//! Ceilings of memory, role by role (design, section 6).

use std::fs::File;
use std::io::BufWriter;
use std::time::Duration;

use super::process::{Folder, Process};

#[test]
fn all_roles_over_a_small_cluster_stay_below_150_mib() {
    let folder = Folder::new();
    let objects = kubescape_samples::generate(1_250, 1);
    let mut out = BufWriter::new(File::create(folder.path("manifests/all.yaml")).unwrap());
    kubescape_samples::write_yaml(&objects, &mut out).unwrap();
    drop(out);
    let process = folder.start();
    process.wait_for("all results are stored");
    let (now, most) = (process.memory("VmRSS"), process.memory("VmHWM"));
    println!("up: {now} MiB after the first lap, {most} at most");
    assert!(now <= 150, "{now} MiB, {most} at most");
    process.stop();
}

#[test]
fn a_role_that_has_nothing_to_do_stays_small() {
    let roles: [(&[&str], &str, u64); 3] = [
        (
            &["storage", "--standalone", "--listen", "127.0.0.1:0"],
            "the storage serves",
            40,
        ),
        (
            &["scanner", "--listen", "127.0.0.1:0"],
            "the scanner serves",
            40,
        ),
        (
            &[
                "operator",
                "--standalone",
                "--listen",
                "127.0.0.1:0",
                "--probes",
                "127.0.0.1:0",
            ],
            "the operator takes commands",
            40,
        ),
    ];
    for (arguments, ready, ceiling) in roles {
        let folder = Folder::new();
        let data = ["--data-dir", "data"];
        let process = Process::start(&[arguments, &data].concat(), folder.root());
        process.wait_for(ready);
        process.lines_within(Duration::from_millis(500));
        let now = process.memory("VmRSS");
        println!("{}: {now} MiB", arguments[0]);
        assert!(now <= ceiling, "{}: {now} MiB", arguments[0]);
        process.stop();
    }
}
