//! Who owns files on the node, and who may read and write them.

use std::fmt;

use kubescape_engine::{Object, Out, Value};

use crate::node_data;

/// Declares one check a line: kind of node data, where in its `data` the file
/// or the list of files stands, how the names of the files meant end, what is
/// allowed.
macro_rules! file_checks {
    ($($(#[$doc:meta])* $name:ident: $kind:literal, [$($place:expr),+], $suffix:literal, $allowed:expr;)+) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
                let check = FileCheck { kind: $kind, places: &[$(&$place),+], suffix: $suffix, allowed: $allowed };
                check.judge(object, out);
            }
        )+
    };
}

file_checks! {
    /// The API server's manifest is open to others.
    api_server_manifest_mode: "ControlPlaneInfo", [["APIServerInfo", "specsFile"]], "", Mode(0o600);
    /// The API server's manifest is not root's.
    api_server_manifest_owner: "ControlPlaneInfo", [["APIServerInfo", "specsFile"]], "", OwnedByRoot;
    /// The controller manager's manifest is open to others.
    controller_manager_manifest_mode: "ControlPlaneInfo", [["controllerManagerInfo", "specsFile"]], "", Mode(0o600);
    /// The controller manager's manifest is not root's.
    controller_manager_manifest_owner: "ControlPlaneInfo", [["controllerManagerInfo", "specsFile"]], "", OwnedByRoot;
    /// The scheduler's manifest is open to others.
    scheduler_manifest_mode: "ControlPlaneInfo", [["schedulerInfo", "specsFile"]], "", Mode(0o600);
    /// The scheduler's manifest is not root's.
    scheduler_manifest_owner: "ControlPlaneInfo", [["schedulerInfo", "specsFile"]], "", OwnedByRoot;
    /// The manifest of etcd is open to others.
    etcd_manifest_mode: "ControlPlaneInfo", [["etcdConfigFile"]], "", Mode(0o600);
    /// The manifest of etcd is not root's.
    etcd_manifest_owner: "ControlPlaneInfo", [["etcdConfigFile"]], "", OwnedByRoot;
    /// The data of etcd is open to others.
    etcd_data_mode: "ControlPlaneInfo", [["etcdDataDir"]], "", Mode(0o700);
    /// The data of etcd is not root's. Where etcd runs as a static pod, as
    /// nearly everywhere, it runs as root, and there is no user of its own.
    etcd_data_owner: "ControlPlaneInfo", [["etcdDataDir"]], "", OwnedByRoot;
    /// The administrator's kubeconfig is open to others.
    admin_config_mode: "ControlPlaneInfo", [["adminConfigFile"]], "", Mode(0o600);
    /// The administrator's kubeconfig is not root's.
    admin_config_owner: "ControlPlaneInfo", [["adminConfigFile"]], "", OwnedByRoot;
    /// The scheduler's kubeconfig is open to others.
    scheduler_config_mode: "ControlPlaneInfo", [["schedulerInfo", "configFile"]], "", Mode(0o600);
    /// The scheduler's kubeconfig is not root's.
    scheduler_config_owner: "ControlPlaneInfo", [["schedulerInfo", "configFile"]], "", OwnedByRoot;
    /// The controller manager's kubeconfig is open to others.
    controller_manager_config_mode: "ControlPlaneInfo", [["controllerManagerInfo", "configFile"]], "", Mode(0o600);
    /// The controller manager's kubeconfig is not root's.
    controller_manager_config_owner: "ControlPlaneInfo", [["controllerManagerInfo", "configFile"]], "", OwnedByRoot;
    /// The folder of certificates and keys, or a file in it, is not root's.
    pki_owner: "ControlPlaneInfo", [["PKIDir"], ["PKIFiles"]], "", OwnedByRoot;
    /// A certificate is open to others.
    pki_certificate_mode: "ControlPlaneInfo", [["PKIFiles"]], ".crt", Mode(0o600);
    /// A private key is open to others.
    pki_key_mode: "ControlPlaneInfo", [["PKIFiles"]], ".key", Mode(0o600);
    /// A network plugin's configuration is open to others.
    cni_mode: "CNIInfo", [["CNIConfigFiles"]], "", Mode(0o600);
    /// A network plugin's configuration is not root's.
    cni_owner: "CNIInfo", [["CNIConfigFiles"]], "", OwnedByRoot;
    /// The kubelet's service file is open to others.
    kubelet_service_mode: "KubeletInfo", [["serviceFiles"]], "", Mode(0o600);
    /// The kubelet's service file is not root's.
    kubelet_service_owner: "KubeletInfo", [["serviceFiles"]], "", OwnedByRoot;
    /// The kubelet's kubeconfig is open to others.
    kubelet_kubeconfig_mode: "KubeletInfo", [["kubeConfigFile"]], "", Mode(0o600);
    /// The kubelet's kubeconfig is open to others for more than reading.
    kubelet_kubeconfig_mode_644: "KubeletInfo", [["kubeConfigFile"]], "", Mode(0o644);
    /// The kubelet's kubeconfig is not root's.
    kubelet_kubeconfig_owner: "KubeletInfo", [["kubeConfigFile"]], "", OwnedByRoot;
    /// The kubelet's configuration file is open to others.
    kubelet_config_mode: "KubeletInfo", [["configFile"]], "", Mode(0o600);
    /// The kubelet's configuration file is open to others for more than reading.
    kubelet_config_mode_644: "KubeletInfo", [["configFile"]], "", Mode(0o644);
    /// The kubelet's configuration file is not root's.
    kubelet_config_owner: "KubeletInfo", [["configFile"]], "", OwnedByRoot;
    /// The certificate authority of the kubelet's clients is open to others.
    kubelet_client_ca_mode: "KubeletInfo", [["clientCAFile"]], "", Mode(0o600);
    /// The certificate authority of the kubelet's clients is not root's.
    kubelet_client_ca_owner: "KubeletInfo", [["clientCAFile"]], "", OwnedByRoot;
    /// The kubeconfig of kube-proxy is open to others.
    proxy_kubeconfig_mode: "KubeProxyInfo", [["kubeConfigFile"]], "", Mode(0o600);
    /// The kubeconfig of kube-proxy is not root's.
    proxy_kubeconfig_owner: "KubeProxyInfo", [["kubeConfigFile"]], "", OwnedByRoot;
}

/// What is wanted of some files.
struct FileCheck {
    kind: &'static str,
    places: &'static [&'static [&'static str]],
    suffix: &'static str,
    allowed: Allowed,
}

use Allowed::{Mode, OwnedByRoot};

/// What is allowed for a file.
enum Allowed {
    /// No mode bits but these.
    Mode(i64),
    /// User and group are root.
    OwnedByRoot,
}

impl FileCheck {
    fn judge<'a>(&self, object: &'a Object<'a>, out: &mut Out<'a>) {
        if !node_data::is(object, self.kind) {
            return;
        }
        for place in self.places {
            match object.at("data").dig(place) {
                Value::Array(files) => {
                    for file in files {
                        self.judge_file(object, place, *file, true, out);
                    }
                }
                file => self.judge_file(object, place, file, false, out),
            }
        }
    }

    fn judge_file<'a>(
        &self,
        object: &'a Object<'a>,
        place: &'static [&'static str],
        file: Value<'a>,
        listed: bool,
        out: &mut Out<'a>,
    ) {
        let Some(path) = file.at("path").as_str() else {
            return;
        };
        if !path.ends_with(self.suffix) || self.allowed.permits(file) {
            return;
        }
        let shown = if listed {
            out.arena.array(&[file])
        } else {
            file
        };
        let shown = node_data::excerpt(object, place, shown, out.arena);
        let finding = out.fail(shown);
        match self.allowed {
            Mode(mode) => finding
                .fix_command(format_args!("chmod {mode:o} {path}"))
                .message(format_args!(
                    "{path} has mode {:o}, more than {mode:o}",
                    file.at("permissions").as_i64().unwrap_or_default()
                )),
            OwnedByRoot => finding
                .fix_command(format_args!("chown root:root {path}"))
                .message(format_args!(
                    "{path} is owned by {}, not root:root",
                    Owners(file.at("ownership"))
                )),
        };
    }
}

impl Allowed {
    /// Whether the file is as it should be, or the agent could not tell.
    fn permits(&self, file: Value<'_>) -> bool {
        match self {
            Mode(allowed) => match file.at("permissions").as_i64() {
                Some(actual) => actual & !allowed == 0,
                None => true,
            },
            OwnedByRoot => {
                let owners = file.at("ownership");
                !owners.is_object()
                    || !owners.at("err").is_empty()
                    || is_root(owners, "username", "uid") && is_root(owners, "groupname", "gid")
            }
        }
    }
}

/// Goes by the name; a node without names for its users leaves just the number.
fn is_root(owners: Value<'_>, name: &str, id: &str) -> bool {
    match owners.at(name).str() {
        "" => owners.at(id).as_i64().is_none_or(|id| id == 0),
        name => name == "root",
    }
}

/// User and group for people: names, or numbers where there are none.
struct Owners<'a>(Value<'a>);

impl fmt::Display for Owners<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |out: &mut fmt::Formatter<'_>, name: &str, id: &str| match self.0.at(name).str() {
            "" => write!(out, "{}", self.0.at(id).as_i64().unwrap_or(-1)),
            name => out.write_str(name),
        };
        one(out, "username", "uid")?;
        out.write_str(":")?;
        one(out, "groupname", "gid")
    }
}
