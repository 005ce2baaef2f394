//! Workloads that mount Secrets, `ConfigMaps` and volume claims.

use kubescape_engine::{Corpus, Object, Out, Value, Workload};

use crate::checks::kinds::workloads;

/// A container mounts a Secret.
pub(crate) fn secret<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    mounts(corpus, "Secret", &["secret", "secretName"], out);
}

/// A container mounts a `ConfigMap`.
pub(crate) fn config_map<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    mounts(corpus, "ConfigMap", &["configMap", "name"], out);
}

/// A container mounts a persistent volume claim.
pub(crate) fn volume_claim<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let key = &["persistentVolumeClaim", "claimName"];
    mounts(corpus, "PersistentVolumeClaim", key, out);
}

/// Reports each mount of a volume whose source is an existing object of this
/// kind. `key` leads from the volume to the object's name.
fn mounts<'a>(corpus: &'a Corpus<'a>, kind: &str, key: &[&str], out: &mut Out<'a>) {
    for workload in workloads(corpus) {
        for volume in workload.volumes() {
            let name = volume.dig(key).str();
            if let Some(source) = corpus.named(kind, workload.object.namespace, name) {
                report(workload, *volume, source, out);
            }
        }
    }
}

fn report<'a>(
    workload: &Workload<'a>,
    volume: Value<'a>,
    source: &'a Object<'a>,
    out: &mut Out<'a>,
) {
    let name = volume.at("name");
    for container in workload.containers() {
        let mounts = container.at("volumeMounts").items().iter().enumerate();
        for (index, _) in mounts.filter(|(_, mount)| name.exists() && mount.at("name") == name) {
            out.fail(workload.object)
                .delete(format_args!("{container}.volumeMounts[{index}]"))
                .related(source)
                .message(format_args!(
                    "{} {} mounts {} {}",
                    workload.object.kind, workload.object.name, source.kind, source.name
                ));
        }
    }
}
