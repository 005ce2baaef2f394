//! Pods that mount directories, sockets or credentials of the node.

use kubescape_engine::{Corpus, Out, Value, Workload};

/// The path on the node that a volume stands for.
fn host_path<'a>(volume: &Value<'a>) -> Option<&'a str> {
    volume.at("hostPath").at("path").as_str()
}

/// Without slashes at the end: `/run/docker/` and `/run/docker` are one place.
fn trimmed(path: &str) -> &str {
    path.trim_end_matches('/')
}

/// The pod mounts anything of the node's file system.
pub(crate) fn any<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for (index, volume) in workload.volumes().iter().enumerate() {
        if host_path(volume).is_some() {
            out.fail(workload.object)
                .delete(format_args!("{workload}.volumes[{index}].hostPath.path"));
        }
    }
}

/// A container mounts a directory of the node and may write to it.
pub(crate) fn writable<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if !workload
        .volumes()
        .iter()
        .any(|volume| host_path(volume).is_some())
    {
        return;
    }
    for container in workload.all_containers() {
        let mounts = container.at("volumeMounts").items();
        for (index, mount) in mounts.iter().enumerate() {
            let name = mount.at("name");
            let of_node = |volume: &Value<'_>| {
                host_path(volume).is_some() && name.is_str() && volume.at("name") == name
            };
            if !mount.at("readOnly").is_true() && workload.volumes().iter().any(of_node) {
                out.fail(workload.object).fix(
                    format_args!("{container}.volumeMounts[{index}].readOnly"),
                    "true",
                );
            }
        }
    }
}

/// Sockets through which a pod could start containers of its own on the node,
/// and the directories that hold nothing else. `/var/run` is `/run` on nodes.
const RUNTIME_SOCKETS: [&str; 9] = [
    "/run/docker",
    "/run/docker.sock",
    "/run/containerd",
    "/run/containerd/containerd.sock",
    "/run/k3s/containerd",
    "/run/k3s/containerd/containerd.sock",
    "/run/crio",
    "/run/crio/crio.sock",
    "/run/cri-dockerd.sock",
];

/// The pod mounts the socket of a container runtime.
pub(crate) fn runtime_socket<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for (index, volume) in workload.volumes().iter().enumerate() {
        let Some(path) = host_path(volume) else {
            continue;
        };
        let path = trimmed(path);
        let path = path.strip_prefix("/var").unwrap_or(path);
        if RUNTIME_SOCKETS.contains(&path) {
            out.fail(workload.object)
                .delete(format_args!("{workload}.volumes[{index}].hostPath.path"));
        }
    }
}

/// Where the tools and agents of a cloud provider keep credentials on a node.
fn credential_paths(cloud_provider: &str) -> &'static [&'static str] {
    if cloud_provider.eq_ignore_ascii_case("eks") {
        &["/.aws", "/.aws/config", "/.aws/credentials"]
    } else if cloud_provider.eq_ignore_ascii_case("aks") {
        &[
            "/etc",
            "/etc/kubernetes",
            "/etc/kubernetes/azure.json",
            "/.azure",
            "/.azure/credentials",
        ]
    } else if cloud_provider.eq_ignore_ascii_case("gke") {
        &[
            "/.config",
            "/.config/gcloud",
            "/.config/gcloud/application_default_credentials.json",
            "/gcloud",
            "/gcloud/application_default_credentials.json",
        ]
    } else {
        &[]
    }
}

/// Pods mount a path of the node that holds credentials of the cloud that the
/// cluster runs on. Waits for the last object, because which cloud that is may
/// be known from a Node only.
pub(crate) fn cloud_credentials<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let paths = credential_paths(&out.inputs.cloud_provider);
    if paths.is_empty() {
        return;
    }
    for object in corpus.objects() {
        if let Some(workload) = Workload::of(object, corpus.arena()) {
            credentials_of(&workload, paths, out);
        }
    }
}

/// Names the volume and every mount of it.
fn credentials_of<'a>(workload: &Workload<'a>, paths: &[&str], out: &mut Out<'a>) {
    for (index, volume) in workload.volumes().iter().enumerate() {
        if !host_path(volume).is_some_and(|path| paths.contains(&trimmed(path))) {
            continue;
        }
        let finding = out.fail(workload.object);
        finding.delete(format_args!("{workload}.volumes[{index}]"));
        let name = volume.at("name");
        for container in workload.all_containers() {
            let mounts = container.at("volumeMounts").items();
            for (index, mount) in mounts.iter().enumerate() {
                if name.is_str() && mount.at("name") == name {
                    finding.delete(format_args!("{container}.volumeMounts[{index}]"));
                }
            }
        }
    }
}
