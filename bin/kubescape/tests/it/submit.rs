//! `scan --submit`: the report is printed as always, and sent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::program::{BAD_POD, Run, World};

const ACCOUNT: &str = "5d1f3a9e-0c2b-4b7e-9a53-1f0c2d3e4b5a";
const KEY: &str = "k3y-of-the-account";

type Got = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A backend without service discovery that answers every report with this status.
/// What it gets are heads and bodies; it ends with the test.
fn backend(code: u16) -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let got = Got::default();
    let kept = Arc::clone(&got);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let start = head.len();
                stream.read_line(&mut head).unwrap();
                let line = head[start..].to_lowercase();
                if let Some(text) = line.strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let code = if head.starts_with("GET ") { 404 } else { code };
            kept.lock().unwrap().push((head, body));
            let said = r#"{"message":"thanks"}"#;
            let answer = format!("HTTP/1.1 {code} X\r\ncontent-length: 20\r\n\r\n{said}");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (format!("http://{host}"), got)
}

fn scan(world: &World, url: &str, more: &[&str]) -> Run {
    let arguments = ["scan", "pod.yaml", "--submit", "--server", url];
    let mut command = world.command(&[&arguments[..], more].concat());
    command.env("KS_ACCESS_KEY", KEY);
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_report_is_printed_and_sent_under_the_account() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    let (url, got) = backend(200);
    let plain = world.run(&["scan", "pod.yaml"]);
    let run = scan(&world, &url, &["--account", ACCOUNT]);
    run.expect(0, &["sent to", "1 chunk,", "(thanks)"]);
    // The last but one line says how long it took.
    let told = |run: &Run| {
        let lines = run
            .out
            .lines()
            .filter(|line| !line.starts_with("Complete: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told(&run), told(&plain));

    let got = got.lock().unwrap();
    let [(_, _), (head, body)] = &got[..] else {
        panic!("{} requests", got.len());
    };
    let line = format!("POST /k8s/v2/postureReport?customerGUID={ACCOUNT}&contextName=&");
    assert!(head.starts_with(&line), "{head}");
    assert!(head.contains(&format!("x-api-key: {KEY}\r\n")), "{head}");
    let report: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(report["metadata"]["scanMetadata"]["scanningTarget"], 1);
    assert_eq!(report["resources"][0]["object"]["kind"], "Pod");
    assert!(!String::from_utf8_lossy(body).contains("sup3r-s3cret-env"));
}

#[test]
fn a_backend_that_refuses_is_an_error_after_the_report() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    let (url, _) = backend(401);
    let run = scan(&world, &url, &[]);
    run.expect(
        5,
        &[
            "C-0057",
            "refused chunk 0 of the report with 401",
            "KS_ACCESS_KEY",
        ],
    );
    assert!(!run.err.contains(KEY) && !run.out.contains(KEY));
    // A broken threshold counts for more.
    let run = scan(&world, &url, &["--compliance-threshold", "100"]);
    run.expect(1, &["threshold broken", "error: the report was not sent"]);
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is_scanned() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    for (arguments, said) in [
        (
            &["scan", "pod.yaml", "--submit"][..],
            "name it with --server or KS_SERVER",
        ),
        (
            &["scan", "pod.yaml", "--submit", "--server", "ftp://x"],
            "is no address of a backend",
        ),
        (
            &[
                "scan",
                "pod.yaml",
                "--submit",
                "--server",
                "x",
                "--account",
                "me",
            ],
            "the account is not a UUID",
        ),
        (
            &[
                "scan", "control", "C-0057", "pod.yaml", "--submit", "--server", "x",
            ],
            "not of controls",
        ),
        (
            &[
                "scan", "workload", "Pod/bad", "pod.yaml", "--submit", "--server", "x",
            ],
            "not of single workloads",
        ),
        (
            &["scan", "pod.yaml", "--submit", "--keep-local"],
            "leave one of them out",
        ),
    ] {
        let run = world.run(arguments);
        run.expect(2, &[said]);
        assert!(run.out.is_empty(), "{}", run.out);
    }
}

#[test]
fn nothing_is_sent_without_being_asked() {
    let world = World::new(&[("pod.yaml", BAD_POD)]);
    let (url, got) = backend(200);
    let run = world.run(&["scan", "pod.yaml", "--server", &url, "--account", ACCOUNT]);
    run.expect(
        0,
        &["note: --server and --account have no effect without --submit"],
    );
    world
        .run(&["scan", "pod.yaml", "--keep-local"])
        .expect(0, &[]);
    assert!(got.lock().unwrap().is_empty());
}
