//! Our own CA: kept safe, renewed, succeeded.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kubescape_runtime::tls::{CaRotation, Identity, OwnCa};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use x509_parser::extensions::ParsedExtension;

use crate::support::Authority;

const DAY: Duration = Duration::from_hours(24);

/// Whether a client with this bundle accepts the chain at `now`.
fn accepts(bundle: &str, chain: &str, now: SystemTime) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    for one in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(one.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .map(Result::unwrap)
        .collect();
    let now = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    ["storage.kubescape.svc", "127.0.0.1"]
        .into_iter()
        .all(|name| {
            let name = ServerName::try_from(name).unwrap();
            verifier
                .verify_server_cert(&chain[0], &chain[1..], &name, &[], now)
                .is_ok()
        })
}

fn names() -> Vec<String> {
    vec!["storage.kubescape.svc".to_owned(), "127.0.0.1".to_owned()]
}

#[test]
fn the_ca_survives_a_restart_and_nobody_else_reads_its_key() {
    let now = SystemTime::now();
    let authority = Authority::at(now);
    let path = authority.folder.path().join("ca.pem");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();

    let again = OwnCa::open_or_create(&path, now).unwrap();

    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(again.bundle_pem(), authority.ca.bundle_pem());
    assert!(!again.bundle_pem().contains("PRIVATE"));
    let issued = again.issue_server(&names(), now).unwrap();
    assert!(accepts(&authority.ca.bundle_pem(), &issued.chain_pem, now));
    assert!(!format!("{issued:?} {again:?}").contains("PRIVATE"));
    assert_eq!(fs::read_dir(authority.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_damaged_ca_is_an_error_and_stays_as_it_is() {
    let authority = Authority::new();
    let path = authority.folder.path().join("ca.pem");
    let good = fs::read_to_string(&path).unwrap();
    let other = Authority::new();
    let swapped = good
        .split_inclusive("-----END PRIVATE KEY-----\n")
        .next()
        .unwrap()
        .to_owned()
        + &other.ca.bundle_pem();
    for bad in [
        String::new(),
        good[..40].to_owned(),
        authority.ca.bundle_pem(),
        swapped,
    ] {
        fs::write(&path, &bad).unwrap();
        let error = OwnCa::open_or_create(&path, SystemTime::now())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("ca.pem") && error.contains("backup"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), bad);
    }
}

#[test]
fn a_serving_certificate_is_renewed_well_before_its_end() {
    let now = SystemTime::now();
    let authority = Authority::at(now);
    let identity = Identity::from_own_ca(&authority.ca, &names(), now).unwrap();
    let first = identity.not_after();
    assert!(!identity.refresh(now + 50 * DAY).unwrap());
    assert!(identity.refresh(now + 61 * DAY).unwrap());
    assert!(identity.not_after() > first + 50 * DAY);
    // Also after a sleep of years.
    assert!(identity.refresh(now + 2000 * DAY).unwrap());
}

#[test]
fn clients_that_know_only_the_earlier_ca_follow_to_the_next() {
    // Given a CA near its end, and clients that trust it
    let now = SystemTime::now();
    let authority = Authority::at(now);
    let identity = Identity::from_own_ca(&authority.ca, &names(), now).unwrap();
    let before = authority.ca.bundle_pem();
    assert_eq!(
        authority.ca.rotate_if_due(now + 2000 * DAY).unwrap(),
        CaRotation::NotDue
    );

    // When time goes on
    let later = now + 2500 * DAY;
    assert!(identity.refresh(later).unwrap());
    assert_eq!(
        authority.ca.rotate_if_due(later).unwrap(),
        CaRotation::NotDue
    );

    // Then what the next one signs is accepted by old clients and by new ones,
    // also by those that forgot the earlier CA, and after a restart
    let path = authority.folder.path().join("ca.pem");
    let again = OwnCa::open_or_create(&path, later).unwrap();
    let after = again.bundle_pem();
    assert_eq!(after, authority.ca.bundle_pem());
    assert!(after.ends_with(&before) && after != before);
    let issued = again.issue_server(&names(), later).unwrap();
    let newest = after.strip_suffix(&before).unwrap();
    for bundle in [&before, &after, newest] {
        assert!(accepts(bundle, &issued.chain_pem, later));
    }

    // And each certificate says whose key signed it, which strict clients want
    for one in CertificateDer::pem_slice_iter(issued.chain_pem.as_bytes()) {
        let one = one.unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(&one).unwrap();
        let mut extensions = parsed.iter_extensions();
        assert!(extensions.any(|one| {
            let parsed = one.parsed_extension();
            matches!(parsed, ParsedExtension::AuthorityKeyIdentifier(_))
        }));
    }

    // And years later the first is forgotten
    let third = OwnCa::open_or_create(&path, now + 5000 * DAY).unwrap();
    assert!(!third.bundle_pem().contains(&before));
    // And after everything expired there is a new start
    let fresh = OwnCa::open_or_create(&path, now + 20_000 * DAY).unwrap();
    let issued = fresh.issue_server(&names(), now + 20_000 * DAY).unwrap();
    assert!(accepts(
        &fresh.bundle_pem(),
        &issued.chain_pem,
        now + 20_000 * DAY
    ));
}

#[test]
fn names_that_cannot_stand_in_a_certificate_are_refused() {
    let authority = Authority::new();
    let now = SystemTime::now();
    assert!(authority.ca.issue_server(&[], now).is_err());
    assert!(authority.ca.issue_server(&["ü".to_owned()], now).is_err());
    let long = "a".repeat(63) + "." + &"b".repeat(63);
    assert!(authority.ca.issue_server(&[long], now).is_ok());
}
