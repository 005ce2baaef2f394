//! Whether Secrets are encrypted where the provider stores them.

use kubescape_engine::{Object, Out, Value};

use super::eks::described_cluster;
use super::{GOOGLE, aks, cluster, either};

const MESSAGE: &str = "Secrets are not encrypted in etcd";

/// A managed cluster stores its Secrets without encryption of its own.
pub(crate) fn secrets_not_encrypted<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "ClusterDescribe" {
        return;
    }
    if let Some(cluster) = described_cluster(object) {
        on_eks(object, cluster, out);
    } else if let Some(properties) = aks::properties(object) {
        on_aks(object, properties, out);
    } else if let Some(data) = cluster(object, GOOGLE) {
        on_gke(object, data, out);
    }
}

fn on_eks<'a>(object: &'a Object<'a>, cluster: Value<'a>, out: &mut Out<'a>) {
    let configs = either(cluster, "EncryptionConfig", "encryptionConfig");
    let encrypted = configs
        .items()
        .iter()
        .any(|config| either(*config, "Resources", "resources").contains_str("secrets"));
    if !encrypted {
        out.fail(object)
            .fix_command("eksctl utils enable-secrets-encryption --cluster=<cluster> --key-arn=arn:aws:kms:<cluster_region>:<account>:key/<key> --region=<region>")
            .message(MESSAGE);
    }
}

/// A key vault encrypts, or else the hosts of every node pool do.
fn on_aks<'a>(object: &'a Object<'a>, properties: Value<'a>, out: &mut Out<'a>) {
    let vault = properties.dig(&["securityProfile", "azureKeyVaultKms", "enabled"]);
    let pools = properties.at("agentPoolProfiles").items();
    let hosts = !pools.is_empty()
        && pools
            .iter()
            .all(|pool| pool.at("enableEncryptionAtHost").is_true());
    if !vault.is_true() && !hosts {
        out.fail(object)
            .fix_command("az aks nodepool add --name hostencrypt --cluster-name <myAKSCluster> --resource-group <myResourceGroup> -s Standard_DS2_v2 -l <myRegion> --enable-encryption-at-host")
            .message(MESSAGE);
    }
}

/// The state is `ENCRYPTED`, or 1 in descriptions that give the number.
fn on_gke<'a>(object: &'a Object<'a>, data: Value<'a>, out: &mut Out<'a>) {
    let state = either(data, "database_encryption", "databaseEncryption").at("state");
    if state.as_i64() == Some(1) || state.is("1") || state.is("ENCRYPTED") {
        return;
    }
    let key = if data.at("databaseEncryption").exists() {
        "databaseEncryption"
    } else {
        "database_encryption"
    };
    out.fail(object)
        .review(format_args!("data.{key}.state"))
        .fix_command("gcloud container clusters update <cluster_name> --region=<compute_region> --database-encryption-key=<key_project_id>/locations/<location>/keyRings/<ring_name>/cryptoKeys/<key_name> --project=<cluster_project_id>")
        .message(MESSAGE);
}
