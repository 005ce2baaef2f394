//! Flags of etcd.

use kubescape_engine::{Corpus, Object, Out};

use super::component::Component;
use super::flag::Flag;
use super::shapes::{fail, fix_missing, must_not_switch_on, must_switch};

/// Clients talk to it without encryption.
pub(crate) fn tls<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    encrypted(object, "cert-file", "key-file", out);
}

/// Its members talk to each other without encryption.
pub(crate) fn peer_tls<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    encrypted(object, "peer-cert-file", "peer-key-file", out);
}

/// Reports a missing certificate or key, and the whole list that should have it.
fn encrypted<'a>(
    object: &'a Object<'a>,
    certificate: &'static str,
    key: &'static str,
    out: &mut Out<'a>,
) {
    let Some(component) = Component::etcd(object) else {
        return;
    };
    let flags = [
        (certificate, "<path/to/tls-certificate-file.crt>"),
        (key, "<path/to/tls-key-file.key>"),
    ];
    if flags.iter().any(|(name, _)| component.flag(name).is_none()) {
        let finding = fail(&component, out).review(component.list());
        fix_missing(&component, &flags, finding);
    }
}

/// Clients need no certificate.
pub(crate) fn client_certificates<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::etcd(object) {
        must_switch(&component, "client-cert-auth", true, out);
    }
}

/// Other members need no certificate.
pub(crate) fn peer_certificates<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::etcd(object) {
        must_switch(&component, "peer-client-cert-auth", true, out);
    }
}

/// It makes up its own certificate for clients.
pub(crate) fn auto_tls<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::etcd(object) {
        must_not_switch_on(&component, "auto-tls", out);
    }
}

/// It makes up its own certificate for other members.
pub(crate) fn peer_auto_tls<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if let Some(component) = Component::etcd(object) {
        must_not_switch_on(&component, "peer-auto-tls", out);
    }
}

/// etcd trusts the authority that the API server's clients are signed by, so
/// each of them may talk to etcd itself.
pub(crate) fn shared_authority<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let pods = corpus.in_namespace("Pod", "kube-system").iter().copied();
    let with = |component: Component<'a>, name| {
        let flag: Option<Flag<'a>> = component.flag(name);
        Some((component, flag?))
    };
    let api_servers: Vec<_> = pods
        .clone()
        .filter_map(|pod| with(Component::api_server(pod)?, "client-ca-file"))
        .collect();
    let etcds = pods.filter_map(|pod| with(Component::etcd(pod)?, "trusted-ca-file"));
    for (etcd, trusted) in etcds {
        let same = api_servers
            .iter()
            .filter(|(_, clients)| clients.value == trusted.value);
        for (api_server, clients) in same {
            const OTHER: &str = "<path/to/different-tls-certificate-file.crt>";
            fail(&etcd, out)
                .and_about(api_server.object)
                .review(trusted.place)
                .review(clients.place)
                .fix(trusted.place, OTHER)
                .fix(clients.place, OTHER);
        }
    }
}
