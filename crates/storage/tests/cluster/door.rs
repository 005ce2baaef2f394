//! Who is let in: directly at our port, and through the aggregator.
//! (storage reference, sections 11 and 15.4)

use http::Request;
use kube::client::Body;
use kube::config::AuthInfo;
use kubescape_testcluster::{Pair, Part};

use crate::kubectl::Kubectl;
use crate::patience::until_true;
use crate::world::{GROUP, World};

/// What somebody shows at our own port.
enum Shows<'a> {
    Nothing,
    Token(&'a str),
    Certificate(&'a Pair),
}

const SPOOFED: &[(&str, &str)] = &[
    ("X-Remote-User", "admin"),
    ("X-Remote-Group", "system:masters"),
];

/// The code of the answer to a GET at our own port, over a new connection.
fn code(world: &World, shows: &Shows<'_>, headers: &[(&str, &str)], path: &str) -> u16 {
    let url = format!("https://{}", world.storage.address());
    let mut config = kube::Config::new(url.parse().unwrap());
    let bundle = world.storage.authority();
    let roots = bundle.split_inclusive("-----END CERTIFICATE-----");
    config.root_cert = Some(roots.filter_map(der).collect());
    let text = |path: &std::path::Path| Some(path.display().to_string());
    config.auth_info = match shows {
        Shows::Nothing => AuthInfo::default(),
        Shows::Token(token) => AuthInfo {
            token: Some((*token).to_owned().into()),
            ..AuthInfo::default()
        },
        Shows::Certificate(pair) => AuthInfo {
            client_certificate: text(&pair.certificate),
            client_key: text(&pair.key),
            ..AuthInfo::default()
        },
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = kube::Client::try_from(config).unwrap();
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        client.send(request).await.unwrap().status().as_u16()
    })
}

/// The bytes of a certificate in PEM.
fn der(pem: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = pem.split("-----BEGIN CERTIFICATE-----").nth(1)?;
    let text = text.split("-----END").next()?;
    let text: String = text.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn list() -> String {
    format!("/apis/{GROUP}/v1beta1/namespaces/kubescape/applicationprofiles")
}

pub(crate) fn nobody_and_spoofed(world: &World) {
    let nobody = Shows::Nothing;
    // Health and discovery are for everybody.
    for path in [
        "/livez",
        "/readyz",
        "/apis",
        &format!("/apis/{GROUP}/v1beta1"),
    ] {
        assert_eq!(code(world, &nobody, &[], path), 200, "{path}");
    }
    assert_eq!(code(world, &nobody, &[], &list()), 401);
    assert_eq!(code(world, &nobody, &[], "/metrics"), 401);
    assert_eq!(code(world, &nobody, SPOOFED, &list()), 401);
    // A certificate of the cluster makes nobody a front proxy.
    let user = world.cluster.client_certificate("mallory", &[]).unwrap();
    assert_eq!(
        code(world, &Shows::Certificate(&user), SPOOFED, &list()),
        403
    );
    let named = world
        .cluster
        .client_certificate("front-proxy-client", &[])
        .unwrap();
    assert_eq!(
        code(world, &Shows::Certificate(&named), SPOOFED, &list()),
        403
    );
    // Nor does one that somebody made, whatever it is called.
    let (_, forged) = world.cluster.new_front_proxy("forged").unwrap();
    assert_eq!(
        code(world, &Shows::Certificate(&forged), SPOOFED, &list()),
        401
    );
    // The true one does.
    let front = world.cluster.front_proxy_client();
    assert_eq!(
        code(world, &Shows::Certificate(&front), SPOOFED, &list()),
        200
    );
    assert_eq!(
        code(world, &Shows::Certificate(&front), &[], &list()),
        401,
        "for no user"
    );
}

pub(crate) fn tokens(world: &World) {
    let token = world.cluster.token("kubescape", "reader").unwrap();
    let shown = Shows::Token(&token);
    assert_eq!(code(world, &shown, &[], &list()), 403, "without a role");
    assert_eq!(
        code(world, &shown, SPOOFED, &list()),
        403,
        "whatever the headers say"
    );
    assert_eq!(code(world, &Shows::Token("nobody's"), &[], &list()), 401);
    let kubectl = &world.kubectl;
    let resource = format!("--resource=applicationprofiles.{GROUP}");
    let n = ["-n", "kubescape", "create"];
    kubectl.ok(&[n.as_slice(), &["role", "reader", "--verb=list", &resource]].concat());
    let bind = [
        "rolebinding",
        "reader",
        "--role=reader",
        "--serviceaccount=kubescape:reader",
    ];
    kubectl.ok(&[n.as_slice(), &bind].concat());
    until_true("the role counts", || {
        code(world, &shown, &[], &list()) == 200
    });
    // For that verb, in that namespace only.
    let one = format!("{}/some", list());
    assert_eq!(code(world, &shown, &[], &one), 403);
    let everywhere = format!("/apis/{GROUP}/v1beta1/applicationprofiles");
    assert_eq!(code(world, &shown, &[], &everywhere), 403);
    // Taken back.
    kubectl.ok(&["-n", "kubescape", "delete", "rolebinding", "reader"]);
    until_true("the role counts no more", || {
        code(world, &shown, &[], &list()) == 403
    });
    kubectl.ok(&["-n", "kubescape", "delete", "serviceaccount", "reader"]);
    until_true("the token is nobody's", || {
        code(world, &shown, &[], &list()) == 401
    });
    // Certificates of the cluster's clients are known, too.
    let master = world
        .cluster
        .client_certificate("root", &["system:masters"])
        .unwrap();
    assert_eq!(code(world, &Shows::Certificate(&master), &[], &list()), 200);
}

pub(crate) fn users(world: &World) {
    let kubeconfig = world
        .cluster
        .account_kubeconfig("default", "visitor")
        .unwrap();
    let visitor = Kubectl::new(&world.cluster.program("kubectl"), &kubeconfig);
    let get = ["get", "knownservers"];
    let said = visitor.fails(&get);
    assert!(said.contains("(Forbidden)"), "{said}");
    let resource = format!("--resource=knownservers.{GROUP}");
    let kubectl = &world.kubectl;
    kubectl.ok(&[
        "create",
        "clusterrole",
        "visitor",
        "--verb=get,list",
        &resource,
    ]);
    let bind = [
        "create",
        "clusterrolebinding",
        "visitor",
        "--clusterrole=visitor",
    ];
    kubectl.ok(&[bind.as_slice(), &["--serviceaccount=default:visitor"]].concat());
    until_true("the visitor may", || visitor.ask(&get).is_ok());
    let said = visitor.fails(&["delete", "knownservers", "some"]);
    assert!(said.contains("(Forbidden)"), "{said}");
    let may = ["auth", "can-i", "list", &format!("sbomsyfts.{GROUP}")];
    assert!(visitor.fails(&may).contains("no"));
    let said = kubectl.fails(&["get", "sbomsyfts", "--as", "somebody"]);
    assert!(said.contains("somebody"), "{said}");
}

/// The authority of front proxies changes while we run.
pub(crate) fn rotation(world: &World) {
    let cluster = &world.cluster;
    let old = world.folder.path().join("front-old.crt");
    std::fs::copy(cluster.front_proxy_ca(), &old).unwrap();
    let old_pair = {
        let used = cluster.front_proxy_client();
        let kept = Pair {
            certificate: world.folder.path().join("front-old-client.crt"),
            key: world.folder.path().join("front-old-client.key"),
        };
        std::fs::copy(used.certificate, &kept.certificate).unwrap();
        std::fs::copy(used.key, &kept.key).unwrap();
        kept
    };
    let (new, new_pair) = cluster.new_front_proxy("front-new").unwrap();
    let speaks = |pair: &Pair| code(world, &Shows::Certificate(pair), SPOOFED, &list());
    assert_eq!((speaks(&old_pair), speaks(&new_pair)), (200, 401));
    // First both are trusted.
    cluster.trust_front_proxies(&[old, new.clone()]).unwrap();
    until_true("the new authority is trusted", || speaks(&new_pair) == 200);
    assert_eq!(speaks(&old_pair), 200);
    // Then kube-apiserver shows the new certificate, and is served.
    cluster.use_front_proxy(&new_pair).unwrap();
    cluster.restart(Part::ApiServer).unwrap();
    world.wait_until_served();
    // At last the old authority goes. kube-apiserver only ever adds to what the
    // cluster trusts, so that somebody has to take it away.
    cluster.trust_front_proxies(&[new]).unwrap();
    cluster.restart(Part::ApiServer).unwrap();
    let patch = r#"[{"op":"remove","path":"/data/requestheader-client-ca-file"}]"#;
    let map = [
        "-n",
        "kube-system",
        "patch",
        "configmap",
        "extension-apiserver-authentication",
    ];
    world
        .kubectl
        .ok(&[map.as_slice(), &["--type=json", "-p", patch]].concat());
    until_true("the old authority is not trusted", || {
        speaks(&old_pair) == 401
    });
    until_true("the new one is", || speaks(&new_pair) == 200);
    world.wait_until_served();
}
