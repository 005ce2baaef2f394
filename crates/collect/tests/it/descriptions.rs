//! Descriptions of nodes and clouds from files.

use std::time::{Duration, SystemTime};

use kubescape_collect::{Code, Descriptions, Limits, as_rules_read_it};
use kubescape_engine::{Arena, from_json_str};
use proptest::prelude::*;

const EKS: &str = "\
apiVersion: eks.amazonaws.com/v1
kind: ClusterDescribe
metadata: {name: prod, provider: eks}
data:
  cluster: {name: prod}
";

const KUBELET: &str = r#"{"apiVersion": "hostdata.kubescape.cloud/v1beta1", "kind": "KubeletInfo",
 "metadata": {"name": "n1"}, "spec": {"nodeName": "n1", "cmdLine": "kubelet"}, "status": {"lastSensed": "now"}}"#;

fn read_all(files: &[(&str, &str)]) -> Descriptions {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut all = Descriptions::read(&[folder.path()], Limits::default(), SystemTime::now());
    let prefix = format!("{}/", folder.path().display());
    for problem in &mut all.problems {
        problem.path = problem.path.replace(&prefix, "");
    }
    all
}

/// What is said of a file.
fn said(text: &str) -> String {
    let all = read_all(&[("a.yaml", text)]);
    assert!(all.documents.is_empty(), "{text} was taken");
    assert_eq!(all.problems.len(), 1, "{:?}", all.problems);
    all.problems[0].to_string()
}

#[test]
fn a_folder_of_good_descriptions_is_read_without_a_word() {
    let version = "apiVersion: apiserverinfo.kubescape.cloud/v1beta0\nkind: APIServerInfo\n\
                   metadata: {name: version}\ndata: {gitVersion: v1.34.0}\n";
    let all = read_all(&[
        ("eks.yaml", EKS),
        ("nodes.json", KUBELET),
        ("version.yml", version),
        ("README.md", "not read"),
    ]);
    assert_eq!(all.problems, []);
    let names: Vec<_> = all
        .documents
        .iter()
        .map(|one| (&*one.name, one.provider))
        .collect();
    assert_eq!(
        names,
        [
            ("ClusterDescribe prod", Some("eks")),
            ("KubeletInfo n1", None),
            ("APIServerInfo version", None),
        ]
    );
}

#[test]
fn every_wrong_shape_names_its_field_and_what_to_do() {
    let eks = |from: &str, to: &str| EKS.replace(from, to);
    for (text, field, remedy) in [
        (eks("eks.amazonaws.com/v1", "v1"), "apiVersion: v1 is none of descriptions", "give one of eks.amazonaws.com/v1"),
        (eks("eks.amazonaws.com/v1", "eks.amazonaws.com/v2"), "apiVersion: eks.amazonaws.com/v2 is not read", "give eks.amazonaws.com/v1"),
        (eks("eks.amazonaws.com/v1", "armo.vuln.images/v1"), "apiVersion: ", "give one of"),
        (eks("ClusterDescribe", "ClusterDescription"), "kind: ClusterDescription is none of eks.amazonaws.com", "did you mean ClusterDescribe?"),
        (eks("name: prod, ", ""), "metadata.name: is missing", "give the cluster's name"),
        (eks("name: prod, ", "name: 7, "), "metadata.name: is missing, or no text", "give the cluster's name"),
        (eks("{name: prod, provider: eks}", "prod"), "metadata.name: is missing", "give the cluster's name"),
        (eks(", provider: eks", ""), "metadata.provider: is missing", "give eks"),
        (eks("provider: eks", "provider: gke"), "metadata.provider: is gke, but eks.amazonaws.com is of eks", "give eks"),
        (eks("provider: eks", "provider: [eks]"), "metadata.provider: is no text", "give eks"),
        (eks("data:\n  cluster: {name: prod}", ""), "data: is missing", "put there what the provider's API answers"),
        (eks("data:\n  cluster: {name: prod}", "data: text"), "data: is not a map", "give a map"),
        (eks("cluster:", "clusters:"), "data.cluster: is missing", "keep the level `cluster`"),
        (eks("{name: prod}\n", "prod\n"), "data.cluster: is missing, or neither a map nor a list", "keep the level `cluster`"),
        ("apiVersion: management.azure.com/v1\nkind: ClusterDescribe\nmetadata: {name: a, provider: aks}\ndata: {enableRbac: true}\n".to_owned(),
            "data.properties: is missing", "`az resource show`"),
        ("apiVersion: hostdata.kubescape.cloud/v1beta0\nkind: KernelVersion\nmetadata: {name: n1}\ndata: {}\n".to_owned(), "data: is not text", "give text"),
        ("apiVersion: hostdata.kubescape.cloud/v1beta0\nkind: KubeletInfo\nmetadata: {}\ndata: {}\n".to_owned(), "metadata.name: is missing", "give the node's name"),
        ("apiVersion: apiserverinfo.kubescape.cloud/v1beta0\nkind: APIServerInfo\nmetadata: {name: prod}\ndata: {}\n".to_owned(),
            "metadata.name: is prod, and has to be version", "give version"),
        (KUBELET.replace(r#""spec""#, r#""specs""#), "data: is missing", "put there what the node agent found"),
        (KUBELET.replace("lastSensed", "error"), "status.error: the node agent found out nothing: now", "write the file again"),
        // What the command line of the cloud prints, as it is.
        (r#"{"cluster": {"name": "prod"}}"#.to_owned(), "no apiVersion and no kind", "put it into {apiVersion, kind, metadata: {name, provider}, data}"),
        ("- a\n".to_owned(), "a list, not an object", "put it into {apiVersion"),
        ("a: [".to_owned(), "not YAML", "correct the document"),
    ] {
        let said = said(&text);
        assert!(said.starts_with("a.yaml:"), "{said}");
        assert!(said.contains(field), "\"{field}\" is not in: {said}");
        assert!(said.contains(remedy), "\"{remedy}\" is not in: {said}");
    }
}

#[test]
fn what_is_wrong_in_one_file_leaves_the_others() {
    let all = read_all(&[("a.yaml", "kind: x"), ("b.yaml", EKS), ("c.yaml", "{")]);
    assert_eq!(all.documents.len(), 1);
    let paths: Vec<_> = all.problems.iter().map(|problem| &*problem.path).collect();
    assert_eq!(paths, ["a.yaml", "c.yaml"]);
}

#[test]
fn a_cluster_is_described_once() {
    let again = EKS.replace("prod", "test");
    let all = read_all(&[
        ("a.yaml", EKS),
        ("b.yaml", &again),
        ("c.json", KUBELET),
        ("d.json", KUBELET),
    ]);
    assert_eq!(all.documents.len(), 2);
    let said: Vec<_> = all.problems.iter().map(ToString::to_string).collect();
    assert!(
        said[0].contains("kind: a second ClusterDescribe beside that in "),
        "{said:?}"
    );
    assert!(
        said[1].contains("metadata.name: KubeletInfo n1 is in "),
        "{said:?}"
    );
}

#[test]
fn another_provider_than_the_clusters_is_left_out() {
    let mut all = read_all(&[("a.yaml", EKS), ("b.json", KUBELET)]);
    all.agree_with(Some("eks"));
    assert_eq!((all.documents.len(), all.problems.len()), (2, 0));
    let mut other = all.clone();
    other.agree_with(Some("gke"));
    assert_eq!(other.documents.len(), 1);
    let said = other.problems[0].to_string();
    assert!(
        said.contains("ClusterDescribe prod is of eks, and the cluster runs on gke"),
        "{said}"
    );
    all.agree_with(None);
    let said = all.problems[0].to_string();
    assert!(
        said.contains("no Node of the cluster says that it runs on eks"),
        "{said}"
    );
    assert!(said.ends_with("say --scope eks"), "{said}");
    assert!(!all.problems[0].is_note());
}

#[test]
fn an_old_file_is_noted_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eks.yaml");
    std::fs::write(&path, EKS).unwrap();
    let later = SystemTime::now() + Duration::from_hours(73);
    let all = Descriptions::read(&[&path], Limits::default(), later);
    assert_eq!((all.documents.len(), all.problems.len()), (1, 1));
    assert_eq!(all.problems[0].code, Code::OldDescription);
    assert!(all.problems[0].is_note());
    assert!(
        all.problems[0]
            .message
            .starts_with("the file is 3 days old")
    );
}

#[test]
fn nothing_at_all_is_a_problem() {
    let all = read_all(&[("notes.txt", "")]);
    assert!(
        !all.problems.is_empty() && !all.problems[0].is_note(),
        "{:?}",
        all.problems
    );
    let none = Descriptions::read::<&str>(&[], Limits::default(), SystemTime::now());
    assert!(none.problems.is_empty());
    let missing = Descriptions::read(&["/no/such/file"], Limits::default(), SystemTime::now());
    assert_eq!(missing.problems[0].code, Code::NotFound);
}

#[test]
fn newer_data_of_nodes_are_read_as_rules_know_them() {
    for (newer, older) in [
        (
            KUBELET,
            r#"{"apiVersion":"hostdata.kubescape.cloud/v1beta0","data":{"cmdLine":"kubelet"},"kind":"KubeletInfo","metadata":{"name":"n1"}}"#,
        ),
        (
            r#"{"apiVersion":"hostdata.kubescape.cloud/v1beta1","kind":"OsReleaseFile","spec":{"content":"ID=debian","nodeName":"n1"}}"#,
            r#"{"apiVersion":"hostdata.kubescape.cloud/v1beta0","data":"ID=debian","kind":"OsReleaseFile"}"#,
        ),
        (
            r#"{"apiVersion":"hostdata.kubescape.cloud/v1beta1","kind":"LinuxKernelVariables","spec":{"kernelVariables":[1],"nodeName":"n1"}}"#,
            r#"{"apiVersion":"hostdata.kubescape.cloud/v1beta0","data":[1],"kind":"LinuxKernelVariables"}"#,
        ),
        (
            r#"{"apiVersion":"v1","kind":"Pod","spec":{}}"#,
            r#"{"apiVersion":"v1","kind":"Pod","spec":{}}"#,
        ),
    ] {
        let arena = Arena::new();
        let value = as_rules_read_it(from_json_str(newer, &arena).unwrap(), &arena);
        assert_eq!(serde_json::to_string(&value).unwrap(), older);
    }
}

proptest! {
    /// Whatever is in the file, it is taken or something is said of it.
    #[test]
    fn nothing_is_passed_over_in_silence(
        version in prop::sample::select(vec!["eks.amazonaws.com/v1", "hostdata.kubescape.cloud/v1beta1", "apiserverinfo.kubescape.cloud/v1beta0", "v1", "", "7"]),
        kind in prop::sample::select(vec!["ClusterDescribe", "KernelVersion", "KubeletInfo", "APIServerInfo", "List", "[]"]),
        metadata in prop::sample::select(vec!["{name: version, provider: eks}", "{name: a}", "[]", "null"]),
        data in prop::sample::select(vec!["data: {cluster: {}}", "data: []", "spec: {content: a}", "spec: 7", "items: [{}]", "x: 1"]),
    ) {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\n{data}\n");
        let all = read_all(&[("a.yaml", &text)]);
        prop_assert!(all.documents.is_empty() != all.problems.is_empty(), "{:?}", all.problems);
    }
}
