//! Persistent volumes without encryption.

use std::collections::HashMap;

use kubescape_engine::{Corpus, Object, Out};

/// The volume's storage class does not encrypt what is stored.
pub(crate) fn without_encryption<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut classes = HashMap::new();
    for class in corpus.of_kind("StorageClass") {
        classes.entry(class.name).or_insert(*class);
    }
    for volume in corpus.of_kind("PersistentVolume") {
        let name = volume.spec().at("storageClassName").str();
        if classes.get(name).is_some_and(|class| !encrypts(class)) {
            out.fail(*volume)
                .fix("spec.storageClassName", "<your encrypted storage class>")
                .message(format_args!(
                    "PersistentVolume {} is of storage class {name}, which does not encrypt",
                    volume.name
                ));
        }
    }
}

/// Azure and Google encrypt all disks; on AWS the class has to ask for it.
fn encrypts(class: &Object<'_>) -> bool {
    let provisioner = class.at("provisioner").str();
    let by_default = provisioner.ends_with(".csi.azure.com")
        || provisioner.starts_with("kubernetes.io/azure-")
        || provisioner.ends_with(".csi.storage.gke.io");
    let parameter = class.at("parameters").at("encrypted");
    by_default || parameter.is("true") || parameter.is_true()
}
