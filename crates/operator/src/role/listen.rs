//! Listeners for commands and for probes.

use std::time::Duration;

use kubescape_runtime::Supervisor;
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::serve::{Bound, Limits, Peer, ServeOptions, TlsOptions};
use kubescape_runtime::tls::Identity;

use super::{RoleError, Started};
use crate::config::Config;
use crate::probes;
use crate::rest::Rest;

/// Between looks at a certificate in files.
const REFRESH: Duration = Duration::from_secs(10);

/// Listens for commands and probes.
pub(super) async fn listen(
    config: &Config,
    supervisor: &Supervisor,
    rest: Rest,
    registry: &Registry,
) -> Result<Started, RoleError> {
    let tasks = supervisor.tasks();
    let shutdown = supervisor.shutdown();
    let mut scheme = "http";
    let mut tls = None;
    if let Some((certificate, key)) = &config.tls {
        let identity = Identity::from_files(certificate, key)?;
        let fresh = identity.clone().keep_fresh(REFRESH, shutdown.clone());
        tasks.work("certificate", fresh);
        scheme = "https";
        tls = Some(TlsOptions {
            identity,
            client_roots: None,
        });
    }
    let limits = Limits {
        connections: 512,
        ..Limits::default()
    };
    let options = ServeOptions {
        tls,
        limits: limits.clone(),
    };
    let bound = Bound::bind(&config.listen, options).await?;
    let handler = move |request, _: Peer| {
        let rest = rest.clone();
        async move { rest.answer(request).await }
    };
    let url = format!("{scheme}://{}", reachable(bound.local_addr()));
    let mut started = Started {
        url,
        probes: String::new(),
    };
    if let Some(address) = &config.probes {
        let options = ServeOptions { tls: None, limits };
        let probes = Bound::bind(address, options).await?;
        started.probes = format!("http://{}", reachable(probes.local_addr()));
        let (health, registry) = (supervisor.health(), registry.clone());
        let handler = move |request, _: Peer| {
            let answer = probes::answer::<hyper::body::Incoming>(&request, &health, &registry);
            async move { answer }
        };
        tasks.essential("probes", probes.serve(handler, shutdown.clone()));
    }
    tasks.essential("commands", bound.serve(handler, shutdown));
    Ok(started)
}

/// The address as others on this machine write it.
fn reachable(address: std::net::SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}
