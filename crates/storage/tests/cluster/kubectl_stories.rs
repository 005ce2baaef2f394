//! What people do with kubectl. (storage reference, section 15.1)

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::kubectl::Kubectl;
use crate::patience::until;
use crate::server::Server;
use crate::world::{GROUP, World};

/// A kubectl of our neighbours' version, or of the machine, if there is one.
const OTHER: &str = "KUBESCAPE_TEST_OTHER_KUBECTL";

pub(crate) fn built(world: &World) {
    world.namespace("nginx");
    everything(&world.kubectl, "nginx");
    // The older form is only to be had from kube-apiserver, which makes it into
    // protobuf: kubectl takes nothing else.
    let text = world
        .kubectl
        .ok(&["explain", "knownserver", "--output=plaintext-openapiv2"]);
    assert!(text.contains("KnownServer"), "{text}");
}

pub(crate) fn other(world: &World) {
    let Some(program) = std::env::var_os(OTHER).map(PathBuf::from) else {
        println!("{OTHER} names no kubectl of another version: not tried");
        return;
    };
    let kubectl = Kubectl::new(&program, &world.cluster.kubeconfig());
    world.namespace("nginx-other");
    everything(&kubectl, "nginx-other");
}

/// Without a cluster: the server on a laptop.
pub(crate) fn alone(world: &World) {
    let server = Server::start(None);
    let kubeconfig = server.data().join("kubeconfig");
    let other = std::env::var_os(OTHER).map(PathBuf::from);
    let programs = [Some(world.cluster.program("kubectl")), other];
    for (n, program) in programs.into_iter().flatten().enumerate() {
        everything(&Kubectl::new(&program, &kubeconfig), &format!("nginx-{n}"));
    }
}

fn everything(kubectl: &Kubectl, namespace: &str) {
    settle(kubectl);
    discovery(kubectl);
    explanations(kubectl);
    applying(kubectl, namespace);
    server_side(kubectl, namespace);
    patching(kubectl, namespace);
    reading(kubectl, namespace);
    pages_and_selectors(kubectl, namespace);
    documented(kubectl, namespace);
    watching(kubectl, namespace);
    refusals(kubectl, namespace);
    deleting(kubectl, namespace);
}

/// kube-apiserver takes over our OpenAPI in its own time after registration.
fn settle(kubectl: &Kubectl) {
    until("the group is explained", || {
        kubectl.ask(&["explain", "knownservers"])
    });
}

fn discovery(kubectl: &Kubectl) {
    let wide = kubectl.ok(&["api-resources", "--api-group", GROUP, "-o", "wide"]);
    let row = |kind: &str| {
        let find = |line: &&str| line.split_whitespace().any(|word| word == kind);
        let row = wide.lines().find(find);
        row.unwrap_or_else(|| panic!("no {kind} in\n{wide}"))
            .to_owned()
    };
    let summary = row("WorkloadConfigurationScanSummary");
    assert!(summary.starts_with("workloadconfigurationscansummaries"));
    assert!(summary.contains("true"), "namespaced: {summary}");
    assert!(summary.contains("create,delete,deletecollection,get,list,patch,update,watch"));
    assert!(row("KnownServer").contains("false"), "cluster-scoped");
    assert!(row("NetworkNeighbors").starts_with("networkneighborses"));
    let computed = row("GeneratedNetworkPolicy");
    assert!(computed.trim_end().ends_with("get,list"), "{computed}");
    let versions = kubectl.ok(&["api-versions"]);
    assert!(versions.contains(&format!("{GROUP}/v1beta1")));
}

fn explanations(kubectl: &Kubectl) {
    let text = kubectl.ok(&[
        "explain",
        "workloadconfigurationscansummaries.spec.severities",
    ]);
    assert!(text.contains("critical\t<integer>"), "{text}");
    assert!(
        text.contains("DESCRIPTION") && !text.contains("<empty>"),
        "{text}"
    );
    let text = kubectl.ok(&["explain", "networkneighbors", "--recursive"]);
    for field in ["ingress", "podSelector", "matchLabels", "ownerReferences"] {
        assert!(text.contains(field), "{field} in {text}");
    }
    kubectl.fails(&["explain", "knownserver.spec.nothing"]);
}

fn summary(name: &str, namespace: &str, critical: u32) -> String {
    let object = json!({
        "apiVersion": format!("{GROUP}/v1beta1"),
        "kind": "WorkloadConfigurationScanSummary",
        "metadata": {"name": name, "namespace": namespace, "labels": {
            "kubescape.io/workload-kind": "Deployment", "kubescape.io/workload-name": name,
        }},
        "spec": {
            "severities": {"critical": critical, "high": 1, "medium": 0, "low": 0, "unknown": 0},
            "controls": {"C-0001": {"controlID": "C-0001",
                "severity": {"severity": "Critical", "scoreFactor": 9.0},
                "status": {"status": "failed"}}},
        },
    });
    object.to_string()
}

fn neighbors(namespace: &str, port: u16) -> String {
    let object = json!({
        "apiVersion": format!("{GROUP}/v1beta1"),
        "kind": "NetworkNeighbors",
        "metadata": {"name": "deployment-nginx", "namespace": namespace},
        "spec": {
            "matchLabels": {"app": "nginx"},
            "ingress": [{"identifier": "front", "type": "internal",
                "podSelector": {"matchLabels": {"app": "front"}},
                "ports": [{"name": format!("TCP-{port}"), "protocol": "TCP", "port": port}]}],
            "egress": [],
        },
    });
    object.to_string()
}

fn applying(kubectl: &Kubectl, namespace: &str) {
    let file = ["apply", "-f", "-"];
    let tell = |text: &str, critical| {
        let said = kubectl.ok_with(&file, &summary("trusty-reverse-proxy", namespace, critical));
        assert!(said.out.contains(text), "{}", said.out);
        assert_eq!(said.err, "", "no warnings");
    };
    tell("created", 2);
    tell("unchanged", 2);
    tell("configured", 3);
    let get = [
        "-n",
        namespace,
        "get",
        "workloadconfigurationscansummary",
        "trusty-reverse-proxy",
    ];
    assert_eq!(kubectl.json(&get)["spec"]["severities"]["critical"], 3);
    // A dry run changes nothing, on either side.
    for dry_run in ["--dry-run=client", "--dry-run=server"] {
        let said = kubectl.ok_with(
            &["apply", "-f", "-", dry_run],
            &summary("trusty-reverse-proxy", namespace, 9),
        );
        assert!(said.out.contains("dry run"), "{}", said.out);
        let text = summary("not-there", namespace, 9);
        kubectl.ok_with(&["create", "-f", "-", dry_run], &text);
    }
    assert_eq!(kubectl.json(&get)["spec"]["severities"]["critical"], 3);
    let gone = kubectl.fails(&[
        "-n",
        namespace,
        "get",
        "workloadconfigurationscansummary",
        "not-there",
    ]);
    assert!(gone.contains("(NotFound)"), "{gone}");
    // Differences are told with exit code 1.
    let text = summary("trusty-reverse-proxy", namespace, 4);
    let difference = kubectl.fails_with(&["diff", "-f", "-"], &text);
    assert!(difference.contains("+    critical: 4"), "{difference}");
}

fn server_side(kubectl: &Kubectl, namespace: &str) {
    let by = |manager: &'static str| {
        [
            "apply",
            "--server-side",
            "-f",
            "-",
            "--field-manager",
            manager,
        ]
    };
    kubectl.ok_with(&by("first"), &summary("owned", namespace, 1));
    let conflict = kubectl.fails_with(&by("second"), &summary("owned", namespace, 2));
    assert!(conflict.contains("conflict with \"first\""), "{conflict}");
    assert!(conflict.contains(".spec.severities.critical"), "{conflict}");
    let force = [by("second").as_slice(), &["--force-conflicts"]].concat();
    kubectl.ok_with(&force, &summary("owned", namespace, 2));
    let object = kubectl.json(&[
        "-n",
        namespace,
        "get",
        "workloadconfigurationscansummaries",
        "owned",
        "--show-managed-fields",
    ]);
    assert_eq!(object["spec"]["severities"]["critical"], 2);
    let owners = object["metadata"]["managedFields"].as_array().unwrap();
    let names: Vec<_> = owners
        .iter()
        .map(|owner| owner["manager"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["first", "second"]);
    let dry = ["apply", "--server-side", "--dry-run=server", "-f", "-"];
    kubectl.ok_with(&dry, &summary("not-there", namespace, 1));
    kubectl.fails(&[
        "-n",
        namespace,
        "get",
        "workloadconfigurationscansummaries",
        "not-there",
    ]);
}

fn patching(kubectl: &Kubectl, namespace: &str) {
    kubectl.ok_with(&["create", "-f", "-"], &neighbors(namespace, 8080));
    let patch = |kind: &str, patch: Value| {
        let patch = patch.to_string();
        let patched = kubectl.ok(&[
            "-n",
            namespace,
            "patch",
            "networkneighbors",
            "deployment-nginx",
            "--type",
            kind,
            "-p",
            &patch,
            "-o",
            "json",
        ]);
        serde_json::from_str::<Value>(&patched).unwrap()
    };
    let done = patch(
        "json",
        json!([{"op": "add", "path": "/spec/matchLabels/tier", "value": "web"}]),
    );
    assert_eq!(
        done["spec"]["matchLabels"],
        json!({"app": "nginx", "tier": "web"})
    );
    let done = patch("merge", json!({"spec": {"matchLabels": {"tier": null}}}));
    assert_eq!(done["spec"]["matchLabels"], json!({"app": "nginx"}));
    // The merge key of neighbours is `identifier`: one is added, none replaced.
    let added = json!({"spec": {"ingress": [{"identifier": "ops", "type": "internal", "dns": "",
        "ports": [], "podSelector": {"matchLabels": {"app": "ops"}}, "namespaceSelector": null,
        "ipAddress": ""}]}});
    let done = patch("strategic", added);
    let found = |done: &Value| {
        let neighbors = done["spec"]["ingress"].as_array().unwrap().clone();
        let mut names: Vec<_> = neighbors
            .iter()
            .map(|one| one["identifier"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(found(&done), ["front", "ops"]);
    let gone = json!({"spec": {"ingress": [{"identifier": "ops", "$patch": "delete"}]}});
    assert_eq!(found(&patch("strategic", gone)), ["front"]);
    for command in [
        ["label", "networkneighbors", "deployment-nginx", "team=shop"],
        ["annotate", "networkneighbors", "deployment-nginx", "note=x"],
    ] {
        kubectl.ok(&[&["-n", namespace], command.as_slice()].concat());
    }
    let object = kubectl.json(&[
        "-n",
        namespace,
        "get",
        "networkneighbors",
        "deployment-nginx",
    ]);
    assert_eq!(object["metadata"]["labels"]["team"], "shop");
    assert_eq!(object["metadata"]["annotations"]["note"], "x");
    // Replacing with what is stale is refused, with what is current done.
    let mut stale = object.clone();
    stale["metadata"]["resourceVersion"] = "2".into();
    let said = kubectl.fails_with(&["replace", "-f", "-"], &stale.to_string());
    assert!(said.contains("(Conflict)"), "{said}");
    kubectl.ok_with(&["replace", "-f", "-"], &object.to_string());
}

fn reading(kubectl: &Kubectl, namespace: &str) {
    for name in [
        "workloadconfigurationscansummaries",
        "workloadconfigurationscansummary",
        "WorkloadConfigurationScanSummary",
        "workloadconfigurationscansummaries.spdx.softwarecomposition.kubescape.io",
        "workloadconfigurationscansummaries.v1beta1.spdx.softwarecomposition.kubescape.io",
    ] {
        let table = kubectl.ok(&["-n", namespace, "get", name]);
        let mut lines = table.lines();
        let head = lines.next().unwrap();
        let columns: Vec<_> = head.split_whitespace().collect();
        assert_eq!(columns, ["NAME", "CREATED", "AT"], "{table}");
        assert!(table.contains("trusty-reverse-proxy"), "{table}");
    }
    let get = ["-n", namespace, "get", "workloadconfigurationscansummaries"];
    let with = |more: &[&str]| kubectl.ok(&[get.as_slice(), more].concat());
    let wide = with(&["-o", "wide"]);
    assert!(wide.lines().next().unwrap().contains("CRITICAL"), "{wide}");
    assert!(with(&["-o", "yaml"]).contains("kind: List"));
    let name = format!("workloadconfigurationscansummary.{GROUP}/owned\n");
    assert!(
        with(&["-o", "name"]).contains(&name),
        "{}",
        with(&["-o", "name"])
    );
    let labels = with(&["--show-labels", "-L", "kubescape.io/workload-kind"]);
    assert!(
        labels.contains("kubescape.io/workload-name=owned"),
        "{labels}"
    );
    let path = "jsonpath={.items[?(@.metadata.name==\"owned\")].spec.severities.critical}";
    assert_eq!(with(&["-o", path]), "2");
    let sorted = with(&["--sort-by=.metadata.name", "-o", "name"]);
    assert!(sorted.find("owned") < sorted.find("trusty"), "{sorted}");
    let columns = with(&[
        "-o",
        "custom-columns=N:.metadata.name,C:.spec.severities.critical",
    ]);
    assert!(columns.contains("owned"), "{columns}");
    let described = kubectl.ok(&[
        "-n",
        namespace,
        "describe",
        "workloadconfigurationscansummary",
        "owned",
    ]);
    assert!(described.contains("Critical:"), "{described}");
    let both = kubectl.ok(&[
        "-n",
        namespace,
        "get",
        "networkneighbors,workloadconfigurationscansummaries",
    ]);
    assert!(
        both.contains("deployment-nginx") && both.contains("owned"),
        "{both}"
    );
}

fn pages_and_selectors(kubectl: &Kubectl, namespace: &str) {
    let mut many = String::new();
    for n in 0..35 {
        many += &summary(&format!("many-{n:02}"), namespace, n);
        many.push('\n');
    }
    kubectl.ok_with(&["create", "-f", "-"], &many);
    let get = ["-n", namespace, "get", "workloadconfigurationscansummaries"];
    let chunks = [get.as_slice(), &["--chunk-size=10", "--no-headers", "-v=6"]].concat();
    let said = kubectl.ok_with(&chunks, "");
    assert_eq!(said.out.lines().count(), 37, "{}", said.out);
    let pages = said.err.matches("continue=").count();
    assert_eq!(pages, 3, "{}", said.err);
    let selected = |selector: &str| {
        let arguments = [get.as_slice(), &["-o", "name", "-l", selector]].concat();
        kubectl.ok(&arguments).lines().count()
    };
    assert_eq!(selected("kubescape.io/workload-name=many-07"), 1);
    assert_eq!(
        selected("kubescape.io/workload-name in (many-07,many-08)"),
        2
    );
    assert_eq!(selected("kubescape.io/workload-name!=many-07"), 36);
    assert_eq!(selected("!kubescape.io/workload-name"), 0);
    let field = [
        get.as_slice(),
        &["-o", "name", "--field-selector", "metadata.name=many-03"],
    ]
    .concat();
    assert_eq!(kubectl.ok(&field).lines().count(), 1);
    let bad = [get.as_slice(), &["--field-selector", "spec.x=1"]].concat();
    assert!(kubectl.fails(&bad).contains("field label not supported"));
}

/// Every read that the documentation of 1.16.7 shows.
fn documented(kubectl: &Kubectl, namespace: &str) {
    let server = json!({"apiVersion": format!("{GROUP}/v1beta1"), "kind": "KnownServer",
        "metadata": {"name": "github"},
        "spec": [{"ipBlock": "142.250.1.100/24", "server": "github.com", "name": "github-workflow"}]});
    kubectl.ok_with(&["apply", "-f", "-"], &server.to_string());
    for plural in [
        "workloadconfigurationscans",
        "workloadconfigurationscansummaries",
        "configurationscansummaries",
        "vulnerabilitymanifests",
        "vulnerabilitymanifestsummaries",
        "vulnerabilitysummaries",
        "sbomspdxv2p3s",
        "sbomspdxv2p3filtereds",
        "sbomsummaries",
        "applicationprofiles",
        "applicationprofilesummaries",
        "applicationactivities",
        "networkneighborses",
        "generatednetworkpolicies",
        "knownservers",
        "openvulnerabilityexchangecontainers",
    ] {
        kubectl.ok(&["get", plural, "-A"]);
        kubectl.ok(&["get", plural, "-n", namespace]);
        kubectl.ok(&["get", plural, "-A", "-o", "yaml"]);
    }
    let one = kubectl.json(&[
        "-n",
        namespace,
        "get",
        "workloadconfigurationscansummaries",
        "trusty-reverse-proxy",
    ]);
    assert_eq!(
        one["spec"]["controls"]["C-0001"]["status"]["status"],
        "failed"
    );
    let sum = kubectl.json(&["get", "configurationscansummaries", namespace]);
    // 0 + … + 34 of the many, 3 and 2 of the others.
    assert_eq!(sum["spec"]["severities"]["critical"], 600);
    let policy = kubectl.json(&[
        "-n",
        namespace,
        "get",
        "generatednetworkpolicies",
        "deployment-nginx",
    ]);
    assert_eq!(policy["spec"]["kind"], "NetworkPolicy");
    let port = &policy["spec"]["spec"]["ingress"][0]["ports"][0]["port"];
    assert_eq!(port, 8080);
    let known = kubectl.json(&["get", "knownservers", "github"]);
    assert_eq!(known["spec"][0]["ipBlock"], "142.250.1.100/24");
}

fn watching(kubectl: &Kubectl, namespace: &str) {
    let summaries = "workloadconfigurationscansummaries";
    let mut all = kubectl.follow(&[
        "-n",
        namespace,
        "get",
        summaries,
        "-w",
        "--output-watch-events",
    ]);
    // The list comes first; after it the watch begins at its version.
    all.line_with("trusty-reverse-proxy");
    let mut one = kubectl.follow(&[
        "-n",
        namespace,
        "get",
        summaries,
        "-w",
        "-o",
        "name",
        "-l",
        "kubescape.io/workload-name=seen",
    ]);
    kubectl.ok_with(&["create", "-f", "-"], &summary("unseen", namespace, 1));
    kubectl.ok_with(&["create", "-f", "-"], &summary("seen", namespace, 1));
    assert!(one.line_with("summary").contains("/seen"));
    all.line_with("ADDED      seen");
    kubectl.ok(&["-n", namespace, "label", summaries, "seen", "x=y"]);
    all.line_with("MODIFIED   seen");
    kubectl.ok(&["-n", namespace, "delete", summaries, "seen", "unseen"]);
    all.line_with("DELETED    seen");
    kubectl.ok(&[
        "-n",
        namespace,
        "wait",
        "--for=jsonpath={.spec.severities.critical}=2",
        "workloadconfigurationscansummary/owned",
        "--timeout=20s",
    ]);
}

fn refusals(kubectl: &Kubectl, namespace: &str) {
    let mut unknown: Value = serde_json::from_str(&summary("odd", namespace, 1)).unwrap();
    unknown["spec"]["severitees"] = 1.into();
    let said = kubectl.fails_with(&["create", "-f", "-"], &unknown.to_string());
    assert!(said.contains("unknown field \"spec.severitees\""), "{said}");
    let said = kubectl.ok_with(
        &["create", "-f", "-", "--validate=warn"],
        &unknown.to_string(),
    );
    assert!(
        said.err
            .contains("Warning: unknown field \"spec.severitees\""),
        "{}",
        said.err
    );
    let said = kubectl.fails_with(&["create", "-f", "-"], &summary("odd", namespace, 1));
    assert!(said.contains("(AlreadyExists)"), "{said}");
    let bad = json!({"apiVersion": format!("{GROUP}/v1beta1"), "kind": "KnownServer",
        "metadata": {"name": "bad"}, "spec": [{"ipBlock": "", "server": "x", "name": "y"}]});
    let said = kubectl.fails_with(&["create", "-f", "-"], &bad.to_string());
    assert!(said.contains("ipBlock"), "{said}");
    let said = kubectl.fails(&[
        "-n",
        namespace,
        "delete",
        "generatednetworkpolicies",
        "deployment-nginx",
    ]);
    assert!(said.contains("(MethodNotAllowed)"), "{said}");
}

fn deleting(kubectl: &Kubectl, namespace: &str) {
    let summaries = "workloadconfigurationscansummaries";
    let n = ["-n", namespace];
    let run = |more: &[&str]| kubectl.ok(&[n.as_slice(), more].concat());
    run(&["delete", summaries, "many-00", "--dry-run=server"]);
    run(&["get", summaries, "many-00"]);
    run(&[
        "delete",
        summaries,
        "-l",
        "kubescape.io/workload-name in (many-00,many-01)",
    ]);
    run(&["delete", summaries, "many-02", "--cascade=orphan"]);
    run(&["delete", summaries, "many-03", "--now"]);
    // A finalizer holds it; taking that away lets it go.
    let patch = r#"{"metadata":{"finalizers":["example.com/hold"]}}"#;
    run(&["patch", summaries, "many-04", "--type=merge", "-p", patch]);
    run(&["delete", summaries, "many-04", "--wait=false"]);
    let held = kubectl.json(&["-n", namespace, "get", summaries, "many-04"]);
    assert!(held["metadata"]["deletionTimestamp"].is_string());
    run(&[
        "patch",
        summaries,
        "many-04",
        "--type=merge",
        "-p",
        r#"{"metadata":{"finalizers":null}}"#,
    ]);
    run(&[
        "wait",
        "--for=delete",
        "workloadconfigurationscansummary/many-04",
        "--timeout=20s",
    ]);
    kubectl.ok_with(&["delete", "-f", "-"], &summary("many-05", namespace, 5));
    run(&["delete", summaries, "--all"]);
    assert_eq!(run(&["get", summaries, "-o", "name"]), "");
    run(&["delete", "networkneighborses", "--all"]);
    kubectl.ok(&["delete", "knownservers", "--all"]);
}
