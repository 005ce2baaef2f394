//! One POST to an address that was judged, without redirects.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Callback, gate};
use crate::config::CallbackPolicy;

/// For everything from the name to the answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Posts the body; a success is any 2xx.
pub(super) async fn post(
    callback: &Callback,
    body: &str,
    policy: &CallbackPolicy,
) -> Result<(), String> {
    timeout(LIMIT, try_post(callback, body, policy))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {LIMIT:?}")))
}

async fn try_post(callback: &Callback, body: &str, policy: &CallbackPolicy) -> Result<(), String> {
    let address = resolve(callback, policy).await?;
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("cannot connect to {address}: {error}"))?;
    if !callback.tls {
        return exchange(stream, callback, body).await;
    }
    let name = ServerName::try_from(callback.host.clone())
        .map_err(|_| format!("{} is no name of a server", callback.host))?;
    let stream = TlsConnector::from(tls()?)
        .connect(name, stream)
        .await
        .map_err(|error| format!("TLS with {}: {error}", callback.host))?;
    exchange(stream, callback, body).await
}

/// The address is judged here and then dialled as it is: a name that means something
/// else a moment later changes nothing.
async fn resolve(callback: &Callback, policy: &CallbackPolicy) -> Result<SocketAddr, String> {
    let found = tokio::net::lookup_host((callback.host.as_str(), callback.port))
        .await
        .map_err(|error| format!("{}: {error}", callback.host))?;
    let mut refused = format!("{} has no address", callback.host);
    for address in found {
        match gate::judge(policy, address.ip()) {
            Ok(()) => return Ok(address),
            Err(why) => refused = why,
        }
    }
    Err(refused)
}

async fn exchange<S>(stream: S, callback: &Callback, body: &str) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| format!("the exchange broke: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let request = Request::post(&callback.path)
        .header(header::HOST, &callback.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body.to_owned())))
        .map_err(|error| format!("the URL cannot be asked: {error}"))?;
    let mut answer = std::pin::pin!(sender.send_request(request));
    let connection = std::pin::pin!(connection);
    let answer = tokio::select! {
        answer = &mut answer => answer,
        ended = connection => {
            ended.map_err(broken)?;
            // Its last words may have been the answer.
            answer.await
        }
    };
    let answer = answer.map_err(broken)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(format!("the answer was {status}"))
}

/// Trusts what the system trusts.
fn tls() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
