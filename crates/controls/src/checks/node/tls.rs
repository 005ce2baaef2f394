//! Certificates of the kubelet, and those it asks of its clients.

use kubescape_engine::{Object, Out, Value};

use super::kubelet::{Config, Kubelet};

/// The kubelet knows no certificate authority for its clients.
pub(crate) fn no_client_ca<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    if kubelet.flag("--client-ca-file").is_some() {
        return;
    }
    match kubelet.config(out.arena) {
        Config::None => {
            kubelet
                .blame_command(out)
                .message("The kubelet is started without --client-ca-file");
        }
        Config::Unreadable => {
            kubelet.blame_unreadable(out);
        }
        Config::Read(file) => {
            let ca = file
                .settings
                .dig(&["authentication", "x509", "clientCAFile"]);
            if ca.is_empty() {
                kubelet
                    .blame_config(file, out)
                    .review("authentication.x509.clientCAFile")
                    .message("The kubelet's configuration file names no clientCAFile");
            }
        }
    }
}

/// The kubelet lacks a certificate or a private key to serve with. Each may be
/// given on the command line or in the configuration file.
pub(crate) fn no_server_certificate<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    let needed = [
        ("--tls-cert-file", "tlsCertFile"),
        ("--tls-private-key-file", "tlsPrivateKeyFile"),
    ];
    let missing = needed.map(|(flag, key)| (kubelet.flag(flag).is_none(), key));
    if missing.iter().all(|(missing, _)| !missing) {
        return;
    }
    match kubelet.config(out.arena) {
        Config::None => {
            kubelet
                .blame_command(out)
                .message("The kubelet is started without a certificate or private key");
        }
        Config::Unreadable => {
            kubelet.blame_unreadable(out);
        }
        Config::Read(file) => {
            let lacks = |key| file.settings.at(key).is_empty();
            if missing.iter().any(|(missing, key)| *missing && lacks(key)) {
                kubelet
                    .blame_config(file, out)
                    .message("The kubelet's configuration lacks a certificate or private key");
            }
        }
    }
}

/// The kubelet was told not to renew its client certificate.
pub(crate) fn client_rotation_off<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    if let Some(on) = kubelet.switch("--rotate-certificates") {
        if !on {
            kubelet
                .blame_command(out)
                .with_review_list()
                .message("The kubelet is started with --rotate-certificates=false");
        }
        return;
    }
    match kubelet.config(out.arena) {
        Config::None => {}
        Config::Unreadable => {
            kubelet.blame_unreadable(out).with_review_list();
        }
        Config::Read(file) => {
            if file.settings.at("rotateCertificates").is_false() {
                kubelet
                    .blame_config(file, out)
                    .review("rotateCertificates")
                    .message("The kubelet's configuration file turns rotateCertificates off");
            }
        }
    }
}

const SERVER_GATE: &str = "RotateKubeletServerCertificate";

/// The kubelet does not renew its server certificate: neither does it have it
/// from the cluster, nor is the feature gate on.
pub(crate) fn server_rotation_off<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(kubelet) = Kubelet::of(object) else {
        return;
    };
    if kubelet.switch("--rotate-server-certificates") == Some(true) {
        return;
    }
    let gates = kubelet.flag("--feature-gates").unwrap_or("").split(',');
    let gate = gates
        .filter_map(|gate| gate.split_once('='))
        .find(|(name, _)| *name == SERVER_GATE);
    let config = kubelet.config(out.arena);
    let settings = match &config {
        Config::Read(file) => file.settings,
        Config::None | Config::Unreadable => Value::Absent,
    };
    if settings.at("serverTLSBootstrap").is_true() {
        return;
    }
    match (gate, config) {
        (Some((_, "true")), _) => {}
        (Some(_), _) | (None, Config::None) => {
            kubelet
                .blame_command(out)
                .with_review_list()
                .message("The kubelet is started without RotateKubeletServerCertificate=true");
        }
        (None, Config::Unreadable) => {
            kubelet.blame_unreadable(out).with_review_list();
        }
        (None, Config::Read(file)) => {
            if !settings.at("featureGates").at(SERVER_GATE).is_true() {
                kubelet
                    .blame_config(file, out)
                    .review("featureGates.RotateKubeletServerCertificate")
                    .message("The kubelet's configuration file does not turn RotateKubeletServerCertificate on");
            }
        }
    }
}
