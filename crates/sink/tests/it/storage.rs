//! Our storage in the same process: what a local store writes is what one over HTTPS
//! writes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kubescape_runtime::config::Env;
use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::{Health, Shutdown};
use kubescape_sink::{
    Change, Coverage, Limits, ResultObject, ResultResource, ResultStore, Writer, kube_store,
    local_store,
};
use kubescape_storage::{Authentication, Caller, Config, Flags, FrontProxy, Server, Settings};
use kubescape_store::{SqliteOptions, SqliteStore};

/// Two results of a few objects.
pub(crate) fn results(count: usize) -> Vec<ResultObject> {
    let mut all = Vec::new();
    for number in 0..count {
        for resource in ResultResource::ALL {
            all.push(result(number, resource, "7"));
        }
    }
    all
}

pub(crate) fn result(number: usize, resource: ResultResource, score: &str) -> ResultObject {
    let id = "C-0016";
    let status = format!(r#"{{"status":"failed","subStatus":"","info":"é{number}"}}"#);
    let severity = format!(r#"{{"severity":"High","scoreFactor":{score}}}"#);
    let spec = match resource {
        ResultResource::Configuration => format!(
            r#"{{"controls":{{"{id}":{{"name":"Allow privilege escalation","controlID":"{id}","severity":{severity},"status":{status},"rules":[]}}}}}}"#
        ),
        ResultResource::Summary => format!(
            r#"{{"severities":{{"high":1}},"controls":{{"{id}":{{"controlID":"{id}","severity":{severity},"status":{status}}}}}}}"#
        ),
    };
    let text = |key: &str, value: &str| (format!("kubescape.io/{key}"), value.to_owned());
    ResultObject {
        resource,
        namespace: format!("team-{}", number % 3).into(),
        name: format!("deployment-shop-{number}").into(),
        labels: BTreeMap::from([
            text("workload-kind", "Deployment"),
            text("workload-name", &format!("shop-{number}")),
        ]),
        annotations: BTreeMap::from([text("wlid", "wlid://cluster-a/namespace-b/deployment-c")]),
        digest: format!("{number}-{score}").into(),
        spec: spec.into(),
    }
}

/// A writer that runs as long as the test.
pub(crate) fn writer(store: Arc<dyn ResultStore>) -> Writer {
    let writer = Writer::new(store, Limits::default());
    tokio::spawn(writer.clone().run(Shutdown::never()));
    writer
}

pub(crate) async fn pass(writer: &Writer, all: Vec<ResultObject>) -> kubescape_sink::Report {
    let full = writer.full();
    for object in all {
        full.offer(object).await;
    }
    full.finish(Coverage::Complete).await
}

pub(crate) async fn client(kubeconfig: &std::path::Path) -> kube::Client {
    let config = Kubeconfig::read_from(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(config, &options).await;
    kube::Client::try_from(config.unwrap()).unwrap()
}

struct InProcess {
    server: Server,
    _folder: tempfile::TempDir,
}

fn admin() -> Caller {
    Caller::Certificate {
        name: "kubescape".to_owned(),
        groups: vec!["system:masters".to_owned()],
        front_proxy: false,
        client: true,
    }
}

impl InProcess {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = SqliteOptions::new(folder.path().join("store.db"));
        // The volume of a test may be small.
        (options.reserve, options.deletion_reserve) = (0, 0);
        let store = Arc::new(SqliteStore::open(options).unwrap());
        let shutdown = Shutdown::never();
        let server = Server::new(Health::new(shutdown.clone()), Settings::default());
        let authentication = Arc::new(Authentication::new(FrontProxy::default(), None));
        server.open(store, authentication, &Metrics::new(), shutdown);
        Self {
            server,
            _folder: folder,
        }
    }

    fn store(&self) -> Arc<dyn ResultStore> {
        let server = self.server.clone();
        Arc::new(local_store(move |request| {
            let server = server.clone();
            async move { server.answer(request, &admin()).await }
        }))
    }

    async fn all(&self) -> String {
        let mut text = String::new();
        for resource in ResultResource::ALL {
            let request = http::Request::get(path(resource)).body(Full::default());
            let answer = self.server.answer(request.unwrap(), &admin()).await;
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            text.push_str(&same_of_every_run(&String::from_utf8_lossy(&body)));
        }
        text
    }
}

fn path(resource: ResultResource) -> String {
    let group = "spdx.softwarecomposition.kubescape.io";
    format!("/apis/{group}/v1beta1/{}", resource.plural())
}

/// Without uids, times and versions.
fn same_of_every_run(text: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    value["metadata"]["resourceVersion"] = "".into();
    for item in value["items"].as_array_mut().unwrap() {
        for field in ["uid", "creationTimestamp", "resourceVersion"] {
            item["metadata"][field] = "".into();
        }
    }
    value.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_process_and_over_https_the_same_is_stored() {
    // Given both ways into a storage
    let local = InProcess::start();
    let local_writer = writer(local.store());
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let flags = Flags {
        standalone: true,
        write_kubeconfig: Some(kubeconfig.clone()),
        listen: Some("127.0.0.1:0".to_owned()),
        kubeconfig: None,
        data_dir: Some(folder.path().join("data")),
    };
    let config = Config::read(flags, &Env::from_pairs::<String, String>([])).unwrap();
    let (told, started) = tokio::sync::oneshot::channel();
    let role = tokio::spawn(kubescape_storage::run(config, move |_| {
        told.send(()).unwrap();
    }));
    started.await.unwrap();
    let client = client(&kubeconfig).await;
    let remote_writer = writer(Arc::new(kube_store(client.clone())));

    // When the same results go through both, of which some change and some go
    for writer in [&local_writer, &remote_writer] {
        let report = pass(writer, results(100)).await;
        assert_eq!((report.written, report.refused.len()), (200, 0));
        let report = pass(writer, results(100)).await;
        assert_eq!((report.written, report.unchanged), (0, 200));
        let changed = result(3, ResultResource::Summary, "9");
        let gone = result(4, ResultResource::Configuration, "7").key();
        writer
            .apply(vec![Change::Put(changed), Change::Delete(gone)])
            .await;
        writer.idle().await;
        assert_eq!(writer.take_refused().0, []);
        let report = pass(writer, results(50)).await;
        assert_eq!((report.written, report.deleted), (2, 100));
    }

    // Then both tell what is stored of one, and what is not
    let key = result(3, ResultResource::Summary, "9").key();
    let gone = result(99, ResultResource::Summary, "7").key();
    for writer in [&local_writer, &remote_writer] {
        let annotations = writer.annotations(&key).await.unwrap();
        assert_eq!(annotations["kubescape.io/result-digest"], "3-7");
        let none = writer.annotations(&gone).await;
        assert_eq!(none.unwrap_err(), kubescape_sink::StoreError::Gone);
    }

    // And the same is stored, byte for byte
    let mut remote = String::new();
    for resource in ResultResource::ALL {
        let request = http::Request::get(path(resource)).body(Vec::new());
        let text = client.request_text(request.unwrap()).await.unwrap();
        remote.push_str(&same_of_every_run(&text));
    }
    assert_eq!(local.all().await, remote);
    assert!(remote.contains(r#""kubescape.io/result-digest":"3-7""#));
    role.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_storage_refuses_is_told_in_its_words() {
    let local = InProcess::start();
    let writer = writer(local.store());
    let mut all = results(1);
    all[0].name = "a/b".into();
    all[1].spec = "{".into();
    all.extend(results(3).split_off(2));
    let report = tokio::time::timeout(Duration::from_mins(1), pass(&writer, all))
        .await
        .unwrap();
    assert_eq!((report.written, report.refused.len()), (4, 2));
    for refusal in &report.refused {
        let name = refusal.key.name.contains('/');
        let said = if name {
            "4"
        } else {
            "400: the spec is no JSON"
        };
        assert!(refusal.why.starts_with(said), "{}", refusal.why);
    }
}
