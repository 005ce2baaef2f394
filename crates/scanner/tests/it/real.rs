//! A real control plane: `KUBESCAPE_TEST_CLUSTER=1` or `KUBESCAPE_TEST_BINARIES=DIR`;
//! and kubeconfigs that lead nowhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kubescape_live::Access;
use kubescape_scan::Cancel;
use kubescape_scanner::{Beyond, LiveWork, ScanObject, ScanRequest, Targets, Work, WorkError};
use kubescape_testcluster::Cluster;

fn control_plane() -> Option<Cluster> {
    let asked = |name| std::env::var_os(name).is_some();
    if asked("KUBESCAPE_TEST_CLUSTER") || asked("KUBESCAPE_TEST_BINARIES") {
        return Some(Cluster::start().unwrap());
    }
    println!("KUBESCAPE_TEST_CLUSTER is not set: no control plane was started");
    None
}

fn live(kubeconfig: PathBuf) -> LiveWork {
    let access = Access {
        kubeconfig: Some(kubeconfig),
        context: None,
    };
    LiveWork::new(access, Some("prod".to_owned()))
}

fn object(kind: &str, api_version: &str, name: &str) -> ScanObject {
    ScanObject {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: "shop".to_owned(),
    }
}

fn scan_object(work: &LiveWork, object: &ScanObject, deleted: bool) -> Result<Vec<String>, String> {
    let request = ScanRequest {
        object: Some(object.clone()),
        deleted,
        ..ScanRequest::full(Targets::All)
    };
    let done = work.object(&request, object, deleted, &Cancel::default());
    let finished = done.map_err(|error| error.to_string())?;
    assert_eq!(finished.facts.cluster.unwrap().context, "prod");
    let records = finished.scan.outcome.records.iter();
    let seen = records.filter(|record| !record.hidden);
    Ok(seen
        .map(|record| format!("{} {}", record.kind, record.name))
        .collect())
}

#[test]
fn a_real_cluster_is_scanned_whole_and_object_by_object() {
    let Some(plane) = control_plane() else { return };
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    let apply = || plane.kubectl(&["apply", "--server-side", "-f", shop.to_str().unwrap()]);
    // The namespace comes after what is in it.
    apply().unwrap_err();
    apply().unwrap();
    let work = live(plane.kubeconfig());
    work.check().unwrap();
    let request = ScanRequest::full(Targets::All);
    let finished = work
        .full(&request, &Cancel::default(), &mut |_| {})
        .unwrap();
    assert!(finished.scan.objects_seen > 50 && !finished.scan.is_partial());
    // One of its workloads, alone.
    let all = plane
        .kubectl(&[
            "get",
            "deployments",
            "-n",
            "shop",
            "-o",
            "jsonpath={.items[0].metadata.name}",
        ])
        .unwrap();
    let name = all.trim();
    let one = scan_object(&work, &object("Deployment", "apps/v1", name), false).unwrap();
    assert_eq!(one, [format!("Deployment {name}")]);
    // Deleted: others of its namespace are judged again, itself is not made up.
    let others = scan_object(&work, &object("Deployment", "apps/v1", "gone"), true).unwrap();
    assert!(!others.is_empty() && others.iter().all(|other| !other.ends_with(" gone")));
    for (wrong, why) in [
        (object("Deployment", "apps/v1", "nobody"), "there is none"),
        (
            object("Deployment", "extensions/v1beta1", name),
            "there is none",
        ),
        (object("Wombat", "", name), "none of the chosen controls"),
    ] {
        let error = scan_object(&work, &wrong, false).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    let namespaced = ScanRequest {
        include_namespaces: vec!["nowhere".to_owned()],
        ..ScanRequest::full(Targets::Controls(vec!["C-0016"]))
    };
    let error = work
        .full(&namespaced, &Cancel::default(), &mut |_| {})
        .unwrap_err();
    assert!(
        error.to_string().contains("no object in the namespaces"),
        "{error}"
    );
}

#[test]
fn descriptions_and_exceptions_are_read_anew_by_each_scan() {
    let Some(plane) = control_plane() else { return };
    // Given a cluster with a Pod, and folders of files that are still empty of sense.
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"default"},
        "spec":{"automountServiceAccountToken":false,"hostNetwork":true,"containers":[{"name":"app","image":"a:1"}]}}"#;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("pod.json", pod);
    // The account of pods comes a moment after the namespace, from a controller.
    let account = r#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default","namespace":"default"}}"#;
    write("account.json", account);
    for name in ["account.json", "pod.json"] {
        let path = folder.path().join(name);
        plane
            .kubectl(&["apply", "--server-side", "-f", path.to_str().unwrap()])
            .unwrap();
    }
    write("host/broken.yaml", "kind: KubeletInfo");
    write("accepted/a.json", "[]");
    let work = live(plane.kubeconfig()).with_files(Beyond {
        descriptions: Some(folder.path().join("host")),
        exceptions: Some(folder.path().join("accepted")),
    });
    let scan = |request: &ScanRequest| {
        let finished = work.full(request, &Cancel::default(), &mut |_| {}).unwrap();
        let outcome = &finished.scan.outcome;
        let controls = outcome.plan.controls.iter().zip(&outcome.controls);
        let statuses: Vec<_> = controls
            .map(|(control, result)| (control.id, result.status.name(), result.sub_status.name()))
            .collect();
        let problems = finished.scan.problems.iter();
        (
            statuses,
            problems.map(ToString::to_string).collect::<Vec<_>>(),
        )
    };
    let request = ScanRequest::full(Targets::Controls(vec!["C-0041", "C-0069"]));
    // Then a bad file is a problem of the result, which is there.
    let (statuses, problems) = scan(&request);
    let skipped = ("C-0069", "skipped", "integration");
    assert_eq!(statuses, [("C-0041", "failed", ""), skipped]);
    assert!(
        problems[0].contains("broken.yaml") && problems.len() == 1,
        "{problems:?}"
    );
    // When the files make sense, the next scan judges by them.
    write(
        "host/broken.yaml",
        "apiVersion: hostdata.kubescape.cloud/v1beta1\nkind: KubeletInfo\nmetadata: {name: n1}\nspec: {nodeName: n1, cmdLine: /usr/bin/kubelet --anonymous-auth=true }\n",
    );
    write(
        "accepted/a.json",
        r#"[{"name":"edge","resources":[{"attributes":{"kind":"Pod","cluster":"prod"}}]}]"#,
    );
    let (statuses, problems) = scan(&request);
    let (excepted, failed) = (
        ("C-0041", "passed", "w/exceptions"),
        ("C-0069", "failed", ""),
    );
    assert_eq!(statuses, [excepted, failed]);
    assert!(problems.is_empty(), "{problems:?}");
    // A request may bring exceptions of its own; a broken file is no end of the scan.
    write("accepted/a.json", "[{");
    let nodes = kubescape_engine::exceptions::Policy {
        name: "nodes".to_owned(),
        designators: vec![kubescape_engine::exceptions::Designator {
            attributes: vec![("kind".to_owned(), "KubeletInfo".to_owned())],
            ..Default::default()
        }],
        ..Default::default()
    };
    let (statuses, problems) = scan(&ScanRequest {
        exceptions: vec![nodes],
        ..request
    });
    assert_eq!(
        statuses,
        [
            ("C-0041", "failed", ""),
            ("C-0069", "passed", "w/exceptions")
        ]
    );
    assert!(
        problems[0].contains("a.json") && problems.len() == 1,
        "{problems:?}"
    );
}

#[test]
fn a_kubeconfig_that_leads_nowhere_says_where_it_led() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none");
    let error = live(missing).check().unwrap_err();
    assert!(error.contains("cannot read the kubeconfig"), "{error}");
    let path = folder.path().join("config");
    // A port that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    std::fs::write(&path, format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: [{{name: a, user: {{}}}}]\n"
    )).unwrap();
    let error = live(path).check().unwrap_err();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
}

#[test]
fn a_scan_that_waits_for_a_silent_server_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    // It accepts, answers questions about itself, and falls silent at lists.
    let (port, asked) = silent_server();
    let path = folder.path().join("config");
    std::fs::write(&path, format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: [{{name: a, user: {{}}}}]\n"
    )).unwrap();
    let work = Arc::new(live(path));
    let cancel = Cancel::default();
    let scan = std::thread::spawn({
        let (work, cancel) = (Arc::clone(&work), cancel.clone());
        move || {
            let request = ScanRequest::full(Targets::All);
            work.full(&request, &cancel, &mut |_| {}).map(drop)
        }
    });
    asked.recv_timeout(Duration::from_secs(30)).unwrap();
    cancel.cancel();
    assert_eq!(scan.join().unwrap(), Err(WorkError::Cancelled));
}

/// Says when the first list was asked for, which it never answers.
fn silent_server() -> (u16, std::sync::mpsc::Receiver<()>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(&stream);
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    while line.trim() != "" {
                        line.clear();
                        reader.read_line(&mut line).unwrap();
                    }
                    line.clear();
                    let body = match path.split('?').next().unwrap() {
                        "/version" => r#"{"gitVersion":"v1.34.0"}"#,
                        "/api" => r#"{"kind":"APIVersions","versions":["v1"]}"#,
                        "/apis" => r#"{"kind":"APIGroupList","groups":[]}"#,
                        "/api/v1" => {
                            r#"{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","kind":"Pod","namespaced":true,"singularName":"pod","verbs":["list"]}]}"#
                        }
                        "/api/v1/nodes" => r#"{"kind":"NodeList","items":[]}"#,
                        _ => {
                            let _ = sender.send(());
                            continue;
                        }
                    };
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                        body.len()
                    );
                    (&stream).write_all(head.as_bytes()).unwrap();
                    (&stream).write_all(body.as_bytes()).unwrap();
                }
            });
        }
    });
    (port, asked)
}
