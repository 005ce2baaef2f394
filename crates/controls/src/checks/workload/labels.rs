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
    let own = !has_any(workload.object.value, wanted);
    let of_pods = workload.template_prefix.is_empty() || has_any(workload.template, wanted);
    if !own && of_pods {
        return;
    }
    let finding = out.fail(workload.object);
    let mut fix = |prefix: &str, metadata: Value<'_>| {
        let label = wanted.first().map_or("YOUR_LABEL", String::as_str);
        if metadata.is_nothing() {
            finding.fix(format_args!("{prefix}metadata"), "YOUR_VALUE");
        } else if label.contains('.') {
            // Dots would read as steps of the path.
            finding.fix(
                format_args!("{prefix}metadata.labels[{label}]"),
                "YOUR_VALUE",
            );
        } else {
            finding.fix(
                format_args!("{prefix}metadata.labels.{label}"),
                "YOUR_VALUE",
            );
        }
    };
    if own {
        fix("", workload.object.metadata());
    }
    if !of_pods {
        fix(workload.template_prefix, workload.template.at("metadata"));
    }
}

fn has_any(of: Value<'_>, wanted: &[String]) -> bool {
    let labels = of.at("metadata").at("labels");
    wanted.iter().any(|label| labels.at(label).exists())
}
