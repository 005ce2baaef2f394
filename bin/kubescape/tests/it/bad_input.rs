//! Input that is broken, hostile or not there: named with its place, and the
//! rest is still scanned.

use std::os::unix::fs::symlink;

use crate::program::{BAD_POD, World};

/// Scans a folder with one bad file beside a good one.
fn beside_good(name: &str, bytes: &[u8], messages: &[&str]) {
    let world = World::new(&[("in/good.yaml", BAD_POD)]);
    world.write(&format!("in/{name}"), bytes);
    let run = world.run(&["scan", "in"]);
    run.expect(
        3,
        &["C-0057", "Partial, as not all of the input could be read"],
    );
    run.expect(3, messages);
}

#[test]
fn broken_yaml() {
    beside_good(
        "bad.yaml",
        b"a: 1\nb: [1,\n",
        &["warning[bad-yaml]: in/bad.yaml:2:", "(document 1)"],
    );
}

#[test]
fn broken_json() {
    beside_good(
        "bad.json",
        b"{\"kind\": ",
        &["warning[bad-json]: in/bad.json:1:"],
    );
}

#[test]
fn a_key_given_twice() {
    let text = b"apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\nkind: Job\n";
    beside_good(
        "twice.yaml",
        text,
        &[
            "in/twice.yaml:6:1:",
            "the key \"kind\" is given twice",
            "(document 2)",
        ],
    );
}

#[test]
fn aliases_without_end() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    beside_good(
        "bomb.yaml",
        text.as_bytes(),
        &["warning[alias-bomb]: in/bomb.yaml"],
    );
}

#[test]
fn nesting_without_end() {
    beside_good(
        "deep.yaml",
        "[".repeat(10_000).as_bytes(),
        &["warning[too-deep]: in/deep.yaml:1:"],
    );
    beside_good(
        "deep.json",
        "{\"a\":".repeat(10_000).as_bytes(),
        &["in/deep.json:1"],
    );
}

#[test]
fn a_document_above_the_limit() {
    let world = World::new(&[("good.yaml", BAD_POD)]);
    let large = format!(
        "apiVersion: v1\nkind: ConfigMap\ndata: {{a: {}}}\n---\n{BAD_POD}",
        "x".repeat(2 << 20)
    );
    world.write("large.yaml", large.as_bytes());
    let run = world.run(&["scan", "large.yaml", "--max-document-size", "1"]);
    run.expect(
        3,
        &[
            "warning[too-large]: large.yaml:1: the document is larger than 1 MiB",
            "C-0057",
            "(document 1)",
            "raise --max-document-size",
        ],
    );
}

#[test]
fn files_that_are_no_text() {
    beside_good(
        "data.yaml",
        &[0, 1, 2, 3],
        &["warning[binary]: in/data.yaml"],
    );
    beside_good(
        "latin.yaml",
        b"name: caf\xe9\n",
        &["warning[not-utf8]: in/latin.yaml:1:"],
    );
}

#[test]
fn a_template_says_how_to_render_it() {
    beside_good(
        "chart.yaml",
        b"kind: {{ .Values.kind }}\n",
        &["warning[template]: in/chart.yaml:1", "helm template"],
    );
}

#[test]
fn a_symlink_loop_a_folder_and_a_fifo_that_look_like_files() {
    let world = World::new(&[
        ("in/good.yaml", BAD_POD),
        ("in/folder.yaml/inner.yaml", BAD_POD),
    ]);
    symlink(".", world.path("in/loop")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(world.path("in/pipe.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    let run = world.run(&["scan", "in"]);
    run.expect(
        3,
        &[
            "warning[symlink-loop]: in/loop",
            "warning[unreadable]: in/pipe.yaml",
            "2 objects",
        ],
    );
}

#[test]
fn a_named_pipe_is_refused_as_nobody_may_ever_write_to_it() {
    let world = World::new(&[("good.yaml", BAD_POD)]);
    let made = std::process::Command::new("mkfifo")
        .arg(world.path("pipe.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    world.run(&["scan", "pipe.yaml", "good.yaml"]).expect(
        3,
        &[
            "warning[unreadable]: pipe.yaml: a named pipe",
            "kubescape scan - < pipe.yaml",
            "C-0057",
        ],
    );
}

#[test]
fn a_pipe_that_the_shell_opened_is_read_and_quoted() {
    let world = World::new(&[("good.yaml", BAD_POD)]);
    let program = env!("CARGO_BIN_EXE_kubescape");
    for (script, place) in [
        (format!("{program} scan <(cat good.yaml)"), "--> /dev/fd/"),
        (
            format!("cat good.yaml | {program} scan /dev/stdin"),
            "--> <stdin>:5:3",
        ),
    ] {
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(world.path(""))
            .output()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{out}");
        assert!(
            out.contains(place) && out.contains("hostNetwork: true"),
            "{out}"
        );
    }
}

#[test]
fn input_without_an_object_is_no_success() {
    // What `helm template broken | kubescape scan -` amounts to.
    let world = World::new(&[
        ("comments.yaml", "# later\n---\n"),
        (
            "list.json",
            r#"{"apiVersion": "v1", "kind": "List", "items": []}"#,
        ),
        ("in/values.yaml", "a: 1\n"),
    ]);
    for target in ["-", "comments.yaml", "list.json", "in"] {
        let run = world.run(&["scan", target, "--compliance-threshold", "50"]);
        run.expect(
            3,
            &[
                &format!("warning[empty]: {target}: no Kubernetes object in it"),
                "Partial",
            ],
        );
        assert!(!run.out.contains("100 %"), "{}", run.out);
    }
    let report = world.json(3, &["-"]);
    assert_eq!(report["provenance"]["complete"], false);
}

#[test]
fn a_file_is_read_once_whatever_path_leads_to_it() {
    let world = World::new(&[("good.yaml", BAD_POD)]);
    symlink("good.yaml", world.path("link.yaml")).unwrap();
    let absolute = world.path("good.yaml");
    let run = world.run(&[
        "scan",
        "good.yaml",
        ".",
        "link.yaml",
        absolute.to_str().unwrap(),
        "*.yaml",
    ]);
    run.expect(0, &["Complete: 1 object · 1 file"]);
}

#[test]
fn what_is_no_path_says_what_was_probably_meant() {
    let world = World::new(&[("good.yaml", BAD_POD)]);
    for (argument, message) in [
        ("nsa", "did you mean `kubescape scan framework NSA PATHS`?"),
        (
            "c-0057",
            "did you mean `kubescape scan control C-0057 PATHS`?",
        ),
        (
            "frmework",
            "did you mean `kubescape scan framework NAMES PATHS`?",
        ),
        ("gone.yaml", "check the spelling"),
        (
            "https://example.com/shop.yaml",
            "https://example.com/shop.yaml: an address, not a file; fetch it first",
        ),
    ] {
        world
            .run(&["scan", argument, "good.yaml"])
            .expect(3, &["warning[not-found]: ", message, "C-0057"]);
    }
}

#[test]
fn what_is_not_there() {
    let world = World::new(&[("good.yaml", BAD_POD)]);
    world
        .run(&["scan", "good.yaml", "gone.yaml"])
        .expect(3, &["warning[not-found]: gone.yaml", "C-0057"]);
    world
        .run(&["scan", "none*.yaml"])
        .expect(3, &["warning[not-found]: none*.yaml", "Nothing was judged"]);
    std::fs::create_dir(world.path("empty")).unwrap();
    world
        .run(&["scan", "empty"])
        .expect(3, &["warning[not-found]: empty", "Nothing was judged"]);
}

#[test]
fn other_tools_files_are_an_error_only_when_they_are_named() {
    let world = World::new(&[("in/values.yaml", "a: 1\n"), ("in/good.yaml", BAD_POD)]);
    world
        .run(&["scan", "in"])
        .expect(0, &["note[not-kubernetes]: in/values.yaml"]);
    world
        .run(&["scan", "in/values.yaml"])
        .expect(3, &["warning[no-kind]: in/values.yaml"]);
}

#[test]
fn kinds_and_versions_that_nobody_knows_are_named() {
    let world = World::new(&[
        (
            "widget.yaml",
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
        ),
        (
            "old.yaml",
            "apiVersion: apps/v9\nkind: Deployment\nmetadata: {name: d}\nspec: {}\n",
        ),
    ]);
    let run = world.run(&["scan", "widget.yaml", "old.yaml"]);
    run.expect(
        0,
        &[
            "No control of this scan reads example.com/v1 Widget",
            "note[unknown-version]: old.yaml:1",
            "judged as apps/v1",
        ],
    );
}

#[test]
fn the_json_report_carries_the_problems() {
    let world = World::new(&[("good.yaml", BAD_POD), ("bad.yaml", "a: [")]);
    let report = world.json(3, &["good.yaml", "bad.yaml"]);
    assert_eq!(report["provenance"]["complete"], false);
    assert_eq!(report["provenance"]["problems"][0]["code"], "bad-yaml");
    assert_eq!(report["provenance"]["problems"][0]["path"], "bad.yaml");
    assert!(
        report["provenance"]["inputDigest"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
}

#[test]
fn the_same_object_twice_is_judged_twice_and_named() {
    let twice = format!("{BAD_POD}---\n{BAD_POD}");
    let world = World::new(&[("twice.yaml", &twice)]);
    let report = world.json(0, &["twice.yaml", "./twice.yaml"]);
    let ids: Vec<_> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["resourceID"])
        .collect();
    assert_eq!(
        ids.len(),
        2,
        "a file is read once however often it is named"
    );
    assert_ne!(ids[0], ids[1]);
    world.run(&["scan", "twice.yaml"]).expect(
        0,
        &["note[duplicate-object]: twice.yaml:12", "Pod shop/bad"],
    );
}
