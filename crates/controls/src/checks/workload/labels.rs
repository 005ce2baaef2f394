//! Labels that tell people what a workload is.

use kubescape_engine::{Out, Value, Workload};

/// The workload or its pods have none of the labels that the user asks for.
pub(crate) fn recommended<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    none_of(workload, "recommendedLabels", out);
}

/// The workload or its pods have none of the labels that Kubernetes recommends.
pub(crate) fn common<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    none_of(workload, "k8sRecommendedLabels", out);
}

fn none_of<'a>(workload: &Workload<'a>, list: &str, out: &mut Out<'a>) {
    let wanted = out.inputs.list(list);
    let own = ("", labels(workload.object.value));
    let of_pods = (workload.template_prefix, labels(workload.template));
    // The template of a Pod is the Pod itself.
    let places = if workload.template_prefix.is_empty() {
        &[own][..]
    } else {
        &[own, of_pods]
    };
    let lacks = |labels: Value<'_>| !wanted.iter().any(|label| labels.at(label).exists());
    if !places.iter().any(|(_, labels)| lacks(*labels)) {
        return;
    }
    let finding = out.fail(workload.object);
    for (prefix, labels) in places.iter().filter(|(_, labels)| lacks(*labels)) {
        let label = missing_label(*labels, wanted);
        finding.fix(
            format_args!("{prefix}metadata.labels[{label}]"),
            "YOUR_VALUE",
        );
    }
}

fn labels(of: Value<'_>) -> Value<'_> {
    of.at("metadata").at("labels")
}

/// The label to add: where there are labels at all, the first of the wanted
/// ones; where there is none, whichever the user likes.
fn missing_label<'i>(labels: Value<'_>, wanted: &'i [String]) -> &'i str {
    match wanted.first() {
        Some(first) if !labels.is_nothing() => first,
        _ => "YOUR_LABEL",
    }
}
