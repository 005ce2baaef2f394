//! What containers get through environment variables, and secrets that had
//! better come as files.

use std::collections::{HashMap, HashSet};

use kubescape_engine::{Container, Object, Out, Value, Workload};

/// A container sets the same variable twice, of which one has no effect. One
/// finding for each of the entries.
///
/// Looks at `ReplicationControllers`, too.
pub(crate) fn duplicates<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(workload) = Workload::of_any(object, out.arena) else {
        return;
    };
    for container in workload.all_containers() {
        let variables = container.at("env").items();
        if !has_duplicates(variables) {
            continue;
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for name in names(variables) {
            *counts.entry(name).or_default() += 1;
        }
        for (index, variable) in variables.iter().enumerate() {
            let name = variable.at("name").as_str();
            if name.is_some_and(|name| counts.get(name) > Some(&1)) {
                out.fail(object)
                    .failed(format_args!("{container}.env[{index}].name"));
            }
        }
    }
}

fn names<'a>(variables: &'a [Value<'a>]) -> impl Iterator<Item = &'a str> + Clone {
    variables
        .iter()
        .filter_map(|variable| variable.at("name").as_str())
}

/// Comparing each with each costs nothing while there are few; a map for the rest.
fn has_duplicates(variables: &[Value<'_>]) -> bool {
    const FEW: usize = 24;
    if variables.len() <= FEW {
        let mut rest = names(variables);
        while let Some(name) = rest.next() {
            if rest.clone().any(|other| other == name) {
                return true;
            }
        }
        return false;
    }
    let mut seen = HashSet::with_capacity(variables.len());
    names(variables).any(|name| !seen.insert(name))
}

/// A container gets a secret as environment variable, where crash reports and
/// child processes see it, instead of as a file.
pub(crate) fn secrets<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.all_containers() {
        each(container, "env", |index, variable| {
            if !variable.at("valueFrom").at("secretKeyRef").is_nothing() {
                out.fail(workload.object)
                    .delete(format_args!("{container}.env[{index}].name"));
            }
        });
        each(container, "envFrom", |index, source| {
            if !source.at("secretRef").is_nothing() {
                out.fail(workload.object)
                    .delete(format_args!("{container}.envFrom[{index}].secretRef"));
            }
        });
    }
}

fn each<'a>(container: &Container<'a>, key: &str, mut call: impl FnMut(usize, &Value<'a>)) {
    for (index, value) in container.at(key).items().iter().enumerate() {
        call(index, value);
    }
}

/// No volume brings secrets from a store outside of the cluster.
pub(crate) fn no_external_secrets<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let class = ["csi", "volumeAttributes", "secretProviderClass"];
    let external = |volume: &Value<'_>| !volume.dig(&class).is_nothing();
    if !workload.volumes().iter().any(external) {
        out.fail(workload.object).fix(
            format_args!("{workload}.volumes[0].csi.volumeAttributes.secretProviderClass"),
            "YOUR_VALUE",
        );
    }
}
