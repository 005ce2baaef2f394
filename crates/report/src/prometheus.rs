//! Prometheus' text form of a scan's sums: the families that are documented, under
//! their names and with their labels in their order. Pure.
//! (config-scanning reference §9.)

mod sums;

use std::fmt::Write as _;

pub use sums::{Sums, UnknownFramework};

use sums::{Numbers, View};

/// What a family has one sample for each of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The whole cluster: one sample.
    Cluster,
    /// A framework, by `name`.
    Framework,
    /// A control, by `name`, `severity`, `link`.
    Control,
    /// A resource, by `apiVersion`, `kind`, `namespace`, `name`; only on request.
    Resource,
}

impl Of {
    /// Names of the labels, in their order.
    pub fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Cluster => &[],
            Self::Framework => &["name"],
            Self::Control => &["name", "severity", "link"],
            Self::Resource => &["apiVersion", "kind", "namespace", "name"],
        }
    }
}

/// A family of gauges.
#[derive(Clone, Copy)]
pub struct Family {
    /// Its documented name.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// What it has samples for.
    pub of: Of,
    read: fn(&Numbers) -> u64,
}

const fn family(
    of: Of,
    name: &'static str,
    help: &'static str,
    read: fn(&Numbers) -> u64,
) -> Family {
    Family {
        name,
        help,
        of,
        read,
    }
}

/// All of them, in the order of the page.
#[rustfmt::skip]
pub const FAMILIES: [Family; 21] = [
    family(Of::Cluster, "kubescape_cluster_complianceScore", "Mean compliance of the cluster's controls, 0 to 100.", Numbers::compliance),
    family(Of::Cluster, "kubescape_cluster_coverage_score", "Share of controls that had all they read, 0 to 100.", Numbers::coverage),
    family(Of::Cluster, "kubescape_cluster_count_resources_failed", "Resources that fail a control.", |of| of.resources.failed.into()),
    family(Of::Cluster, "kubescape_cluster_count_resources_skipped", "Resources that could not be judged by all controls and fail none.", |of| of.resources.skipped.into()),
    family(Of::Cluster, "kubescape_cluster_count_resources_passed", "Resources that pass all controls.", |of| of.resources.passed.into()),
    family(Of::Cluster, "kubescape_cluster_count_control_failed", "Controls that a resource fails.", |of| of.controls.failed.into()),
    family(Of::Cluster, "kubescape_cluster_count_control_skipped", "Controls that could not be judged.", |of| of.controls.skipped.into()),
    family(Of::Cluster, "kubescape_cluster_count_control_passed", "Controls that all resources pass.", |of| of.controls.passed.into()),
    family(Of::Framework, "kubescape_framework_complianceScore", "Mean compliance of a framework's controls, 0 to 100.", Numbers::compliance),
    family(Of::Framework, "kubescape_framework_count_resources_failed", "Resources that fail a control of the framework.", |of| of.resources.failed.into()),
    family(Of::Framework, "kubescape_framework_count_resources_skipped", "Resources that could not be judged by all controls of the framework and fail none.", |of| of.resources.skipped.into()),
    family(Of::Framework, "kubescape_framework_count_resources_passed", "Resources that pass all controls of the framework.", |of| of.resources.passed.into()),
    family(Of::Framework, "kubescape_framework_count_control_failed", "Controls of the framework that a resource fails.", |of| of.controls.failed.into()),
    family(Of::Framework, "kubescape_framework_count_control_skipped", "Controls of the framework that could not be judged.", |of| of.controls.skipped.into()),
    family(Of::Framework, "kubescape_framework_count_control_passed", "Controls of the framework that all resources pass.", |of| of.controls.passed.into()),
    family(Of::Control, "kubescape_control_complianceScore", "Share of resources that pass the control, 0 to 100.", Numbers::compliance),
    family(Of::Control, "kubescape_control_count_resources_failed", "Resources that fail the control.", |of| of.resources.failed.into()),
    family(Of::Control, "kubescape_control_count_resources_skipped", "Resources that the control could not judge.", |of| of.resources.skipped.into()),
    family(Of::Control, "kubescape_control_count_resources_passed", "Resources that pass the control.", |of| of.resources.passed.into()),
    family(Of::Resource, "kubescape_resource_count_controls_failed", "Controls that the resource fails.", |of| of.controls.failed.into()),
    family(Of::Resource, "kubescape_resource_count_controls_skipped", "Controls that could not judge the resource.", |of| of.controls.skipped.into()),
];

/// Writes the families, each with its samples beside it. With `frameworks`, all
/// numbers are those of a scan by just these; numbers of single resources, which
/// are of all frameworks, are then left out.
///
/// # Errors
///
/// A framework that the scan did not judge by.
pub fn text(sums: &Sums, frameworks: &[&str]) -> Result<String, UnknownFramework> {
    let view = sums.view(frameworks)?;
    let mut out = String::new();
    for family in &FAMILIES {
        write_family(family, &view, &mut out);
    }
    Ok(out)
}

fn write_family(family: &Family, view: &View<'_>, out: &mut String) {
    let start = out.len();
    let mut sample = |values: &[&str], numbers: &Numbers| {
        // A family without samples is not mentioned.
        if out.len() == start {
            let Family { name, help, .. } = family;
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
        }
        write_sample(family, values, (family.read)(numbers), out);
    };
    match family.of {
        Of::Cluster => sample(&[], &view.cluster),
        Of::Framework => {
            for (name, numbers) in &view.frameworks {
                sample(&[name], numbers);
            }
        }
        Of::Control => {
            for control in &view.controls {
                let link = format!(
                    "https://hub.armosec.io/docs/{}",
                    control.id.to_ascii_lowercase()
                );
                sample(&[control.name, control.severity, &link], &control.numbers);
            }
        }
        Of::Resource => {
            for resource in view.resources {
                let labels = resource.labels.each_ref().map(|label| &**label);
                sample(&labels, &resource.numbers);
            }
        }
    }
}

fn write_sample(family: &Family, values: &[&str], value: u64, out: &mut String) {
    out.push_str(family.name);
    // The cluster's are documented with these braces.
    out.push('{');
    for (number, (label, value)) in family.of.labels().iter().zip(values).enumerate() {
        let comma = if number > 0 { "," } else { "" };
        // Writing to memory cannot fail.
        let _ = write!(out, "{comma}{label}=\"{}\"", escaped(value));
    }
    let _ = writeln!(out, "}} {value}");
}

/// A label's value, as the format wants it.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
