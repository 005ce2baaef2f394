//! Finding a cluster, and saying why there is none.

use std::net::TcpListener;

use kubescape_engine::Scope;
use kubescape_live::{Access, Cluster, ConnectError};
use serde_json::json;

use crate::fake::{Answer, Server, hurried, list};

fn error(access: &Access) -> String {
    Cluster::connect(access, hurried()).unwrap_err().to_string()
}

fn with(text: &str) -> (tempfile::TempDir, Access) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let access = Access {
        kubeconfig: Some(path),
        context: None,
    };
    (folder, access)
}

#[test]
fn the_first_node_tells_whose_cluster_it_is() {
    let server = Server::start();
    assert_eq!(server.connect().scope(), Scope::Cluster);
    let node = json!({"metadata": {"name": "a"}, "spec": {"providerID": "aws:///eu/i-1"}});
    server.on("/api/v1/nodes", [list("Node", &[node], "")]);
    let cluster = server.connect();
    assert_eq!(cluster.scope(), Scope::Eks);
    let about = cluster.about();
    assert_eq!(
        (&*about.context, about.git_version(), about.provider),
        ("fake", "v1.34.4", Some("eks"))
    );
}

#[test]
fn a_user_who_may_not_see_version_and_nodes_has_a_cluster_all_the_same() {
    let server = Server::start();
    let no = || Answer::Status(403, "no", Vec::new());
    server.on("/version", [no()]);
    server.on("/api/v1/nodes", [no()]);
    let cluster = server.connect();
    assert_eq!(
        (cluster.scope(), cluster.about().git_version()),
        (Scope::Cluster, "")
    );
}

#[test]
fn expired_credentials_are_named() {
    let server = Server::start();
    server.on(
        "/version",
        [Answer::Status(401, "Unauthorized", Vec::new())],
    );
    let message = error(&server.access());
    assert!(
        message.contains("cluster \"fake\"") && message.contains("401"),
        "{message}"
    );
    assert!(message.contains("log in again"), "{message}");
    assert!(!message.contains("secret-token"), "{message}");
}

#[test]
fn an_address_where_nobody_listens_is_named_soon() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (_folder, access) = with(&format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
         clusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:{port}'}}}}]\n\
         contexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: []\n"
    ));
    let message = error(&access);
    assert!(
        message.contains(&format!("https://127.0.0.1:{port}")),
        "{message}"
    );
    assert!(
        message.contains("cannot reach") && message.contains("check that it runs"),
        "{message}"
    );
}

#[test]
fn a_server_that_is_no_kubernetes_is_named() {
    let server = Server::start();
    server.on("/version", [Answer::Json("<html>".to_owned())]);
    assert!(error(&server.access()).contains("no Kubernetes API"));
}

#[test]
fn kubeconfigs_that_cannot_be_used_say_why() {
    let missing = Access {
        kubeconfig: Some("/nowhere/config".into()),
        context: None,
    };
    assert!(error(&missing).contains("/nowhere/config"));
    let (_folder, broken) = with("clusters: [");
    assert!(error(&broken).contains("kubeconfig"));
    let (_folder, empty) = with("apiVersion: v1\nkind: Config\n");
    assert!(
        error(&empty).contains("--kube-context"),
        "{}",
        error(&empty)
    );
    let server = Server::start();
    let other = Access {
        context: Some("prod".to_owned()),
        ..server.access()
    };
    let problem = Cluster::connect(&other, hurried()).unwrap_err();
    assert!(matches!(problem, ConnectError::NoSuchContext { .. }));
    assert!(
        problem
            .to_string()
            .contains("no context \"prod\"; it has fake"),
        "{problem}"
    );
}
