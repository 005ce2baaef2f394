//! Vulnerabilities of the components that run the cluster.

use kubescape_engine::{Corpus, Object, Out, Value};

use crate::version::{Numbers, Version, is_before_repair};

/// Releases of containerd that repair CVE-2022-23648.
const CONTAINERD_REPAIRED: [Numbers; 3] = [(1, 4, 13), (1, 5, 10), (1, 6, 1)];

/// Releases of Kubernetes that repair CVE-2022-3172.
const APISERVER_REPAIRED: [Numbers; 4] = [(1, 22, 14), (1, 23, 11), (1, 24, 5), (1, 25, 1)];

/// The node's containerd lets an image read files of the node.
pub(crate) fn containerd_reads_host_files<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "Node" {
        return;
    }
    let path = ["status", "nodeInfo", "containerRuntimeVersion"];
    let runtime = object.value.dig(&path).str();
    let version = runtime
        .strip_prefix("containerd://")
        .and_then(Version::parse);
    if version.is_some_and(|version| is_before_repair(version.numbers, &CONTAINERD_REPAIRED)) {
        out.fail(object)
            .review("status.nodeInfo.containerRuntimeVersion")
            .message(format_args!(
                "{runtime} of node {} is vulnerable to CVE-2022-23648",
                object.name
            ));
    }
}

/// An `APIService` that a Service of the cluster answers.
pub(crate) fn is_aggregated(object: &Object<'_>) -> bool {
    object.kind == "APIService" && object.spec().at("service").is_object()
}

/// The API server passes on redirects of aggregated API servers, so that
/// these can send its clients elsewhere.
pub(crate) fn apiserver_passes_redirects<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut infos = corpus.of_kind("APIServerInfo").iter();
    let Some(version) = infos.find_map(|info| affected_version(info)) else {
        return;
    };
    let fact = corpus.arena().object(&[("apiServerVersion", version)]);
    let services = corpus.of_kind("APIService").iter().copied();
    for api in services.filter(|api| is_aggregated(api)) {
        let target = api.spec().at("service");
        let service = corpus.named(
            "Service",
            target.at("namespace").str(),
            target.at("name").str(),
        );
        if let Some(service) = service {
            out.fail(api)
                .and_about(service)
                .and_about(fact)
                .message(format_args!(
                    "{} may redirect clients of the API server",
                    service.name
                ));
        }
    }
}

/// The version in this description of the API server, if the fault is in it.
fn affected_version<'a>(info: &Object<'a>) -> Option<Value<'a>> {
    let version = info.at("data").at("gitVersion");
    let numbers = Version::parse(version.str())?.numbers;
    is_before_repair(numbers, &APISERVER_REPAIRED).then_some(version)
}
