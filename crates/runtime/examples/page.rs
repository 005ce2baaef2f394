//! A small role: its own CA, a kubeconfig, health and metrics over TLS.
//!
//! `cargo run -p kubescape-runtime --example page -- /tmp/page`, then
//! `kubectl --kubeconfig /tmp/page/kubeconfig get --raw /readyz?verbose`.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use hyper::body::Incoming;
use hyper::{Request, Response};
use kubescape_runtime::config::{ConfigFile, Env, Problems, Reader};
use kubescape_runtime::logging::{self, LogOptions};
use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::serve::{Body, Bound, Peer, ServeOptions, TlsOptions, page, text};
use kubescape_runtime::tls::{ClientRoots, Identity, OwnCa};
use kubescape_runtime::traces::TraceOptions;
use kubescape_runtime::{Credentials, Drain, Kubeconfig, Scope, Supervisor, TaskError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), TaskError> {
    let env = Env::from_process();
    let mut problems = Problems::default();
    let mut reader = Reader::new(ConfigFile::empty("none"), &env, &mut problems);
    let log = LogOptions::read(&mut reader);
    let traces = TraceOptions::read("page", &mut reader);
    let listen: String = reader.variable("LISTEN").or("127.0.0.1:0".to_owned());
    reader.finish();
    problems.into_result()?;
    let guard = logging::start(log, &traces)?;

    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    std::fs::create_dir_all(&folder)?;
    let now = SystemTime::now();
    let ca = OwnCa::open_or_create(&folder.join("ca.pem"), now)?;
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let identity = Identity::from_own_ca(&ca, &names, now)?;
    let roots = ClientRoots::new();
    roots.set("own", ca.bundle_pem().as_bytes())?;

    let supervisor = Supervisor::new(Drain::default());
    let (health, metrics) = (supervisor.health(), Metrics::new());
    let options = ServeOptions {
        tls: Some(TlsOptions {
            identity: identity.clone(),
            client_roots: Some(roots),
        }),
        ..ServeOptions::default()
    };
    let bound = Bound::bind(&listen, options).await?;
    health.register("listener", Scope::Ready).ok();
    Kubeconfig {
        name: "page".to_owned(),
        server: format!("https://{}", bound.local_addr()),
        ca_pem: ca.bundle_pem(),
        credentials: Credentials::Certificate(ca.issue_client("admin", None, now)?),
        namespace: None,
    }
    .write(&folder.join("kubeconfig"))?;
    println!("https://{}", bound.local_addr());

    let handler = move |request: Request<Incoming>, peer: Peer| {
        let answer: Option<Response<Body>> = page(&request, &health, Some(&metrics));
        async move {
            answer.unwrap_or_else(|| {
                let name = peer
                    .client
                    .verified_by("own")
                    .map(|one| one.common_name.clone());
                text(404, "text/plain", format!("nothing here for {name:?}\n"))
            })
        }
    };
    let tasks = supervisor.tasks();
    tasks.essential("server", bound.serve(handler, supervisor.shutdown()));
    let fresh = identity.keep_fresh(Duration::from_hours(1), supervisor.shutdown());
    tasks.job("certificate", async {
        fresh.await;
        Ok::<_, TaskError>(())
    });
    supervisor.run().await?;
    guard.finish();
    Ok(())
}
