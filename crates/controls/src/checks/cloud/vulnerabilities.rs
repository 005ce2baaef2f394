//! Pods whose images have vulnerabilities, when results of image scans are
//! among the input.

use std::collections::HashMap;

use kubescape_engine::{Corpus, Object, Out, Value, Workload};

use crate::checks::kinds::is_pod;
use crate::checks::network::services::{ServiceIndex, is_exposed, services_where};

/// A pod that can be reached from outside has a critical vulnerability.
pub(crate) fn critical_and_exposed<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let services = services_where(corpus, is_exposed);
    report(corpus, out, |pod, scan| {
        has(scan, is_critical) && is_selected(pod, &services)
    });
}

/// A pod that can be reached from outside has a vulnerability that lets
/// attackers run their own code.
pub(crate) fn remote_code_and_exposed<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let services = services_where(corpus, is_exposed);
    report(corpus, out, |pod, scan| {
        has(scan, runs_remote_code) && is_selected(pod, &services)
    });
}

/// An image of a pod has more critical or high vulnerabilities than allowed.
pub(crate) fn too_many<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let limit = |name| out.inputs.first(name)?.trim().parse::<usize>().ok();
    let critical = limit("max_critical_vulnerabilities");
    let high = limit("max_high_vulnerabilities");
    report(corpus, out, |_, scan| {
        let more_than = |limit: Option<usize>, test: fn(Value<'_>) -> bool| {
            limit.is_some_and(|limit| count(scan, test) > limit)
        };
        more_than(critical, is_critical) || more_than(high, is_high)
    });
}

fn is_critical(vulnerability: Value<'_>) -> bool {
    vulnerability.at("severity").is("Critical")
}

fn is_high(vulnerability: Value<'_>) -> bool {
    vulnerability.at("severity").is("High")
}

fn runs_remote_code(vulnerability: Value<'_>) -> bool {
    vulnerability.dig(&["categories", "isRce"]).is_true()
}

fn has(scan: &Object<'_>, test: fn(Value<'_>) -> bool) -> bool {
    scan.at("data").items().iter().any(|item| test(*item))
}

fn count(scan: &Object<'_>, test: fn(Value<'_>) -> bool) -> usize {
    let items = scan.at("data").items().iter();
    items.filter(|item| test(**item)).count()
}

/// Reports each container whose image has a scan result that is `bad`. The
/// finding is about the pod together with the scan result.
fn report<'a>(
    corpus: &'a Corpus<'a>,
    out: &mut Out<'a>,
    bad: impl Fn(&Workload<'a>, &'a Object<'a>) -> bool,
) {
    let mut scans: HashMap<&str, Vec<&'a Object<'a>>> = HashMap::new();
    for scan in corpus.of_kind("ImageVulnerabilities") {
        scans.entry(scan.name).or_default().push(scan);
    }
    if scans.is_empty() {
        return;
    }
    let workloads = corpus.workloads().iter();
    for pod in workloads.filter(|workload| is_pod(workload.object)) {
        for container in pod.containers() {
            let image = container.at("image").as_str();
            let scans = image.and_then(|image| scans.get(image));
            for scan in scans.into_iter().flatten().filter(|scan| bad(pod, scan)) {
                let index = container.index;
                out.fail(pod_with_scan(pod.object, scan, out))
                    .review(format_args!("status.containerStatuses[{index}].imageID"))
                    .message(format_args!(
                        "Image {} of pod {} has vulnerabilities",
                        scan.name, pod.object.name
                    ));
            }
        }
    }
}

/// The pod and the scan of its image as one object.
fn pod_with_scan<'a>(pod: &Object<'a>, scan: &Object<'a>, out: &Out<'a>) -> Value<'a> {
    let metadata = [
        ("name", Value::Str(pod.name)),
        ("namespace", Value::Str(pod.namespace_or_default())),
    ];
    let related = [pod.value, scan.value];
    out.arena.object(&[
        ("apiVersion", Value::Str("result.vulnscan.com/v1")),
        ("kind", Value::Str("Pod")),
        ("metadata", out.arena.object(&metadata)),
        ("relatedObjects", out.arena.array(&related)),
    ])
}

/// Whether one of `services` selects the pod.
fn is_selected(pod: &Workload<'_>, services: &ServiceIndex<'_>) -> bool {
    let mut selected = false;
    services.matching(pod, |_| selected = true);
    selected
}
