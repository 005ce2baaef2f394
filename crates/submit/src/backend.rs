//! Where reports go.

use http::header::ACCEPT;
use http::{HeaderValue, Method, Uri};
use kubescape_runtime::backend::{event_receiver, with_scheme};
use kubescape_runtime::config::{ConfigFile, Env, Problems};
use kubescape_runtime::outgoing::{HttpClient, Outgoing};

use crate::error::{SubmitError, authority};
use crate::pause::Patience;
use crate::post::{Why, ask};

/// Where a server says where its services are. (control-plane reference §6.1)
const DISCOVERY: &str = "/api/v2/servicediscovery";

/// Bytes of such a reply.
const REPLY: u64 = 64 << 10;

/// Where reports go, or who knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The event receiver's URL.
    Receiver(String),
    /// A server that is asked where it is, each time. One that has no service
    /// discovery (404) is the event receiver itself.
    Server(String),
}

/// A text is no address of a backend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address of a backend: give a host, or a URL such as https://backend.example.com"
)]
pub struct NoAddress(String);

impl Backend {
    /// A server that tells where its event receiver is; a bare host means https.
    ///
    /// # Errors
    ///
    /// The text is no URL of http or https, or has more than host, port and path.
    pub fn server(text: &str) -> Result<Self, NoAddress> {
        url(text).map(Self::Server)
    }

    /// An event receiver.
    ///
    /// # Errors
    ///
    /// As of [`Backend::server`].
    pub fn receiver(text: &str) -> Result<Self, NoAddress> {
        url(text).map(Self::Receiver)
    }

    /// The event receiver's URL, without a slash at its end.
    pub(crate) async fn find(
        &self,
        http: &HttpClient,
        patience: &Patience,
    ) -> Result<String, SubmitError> {
        let server = match self {
            Self::Receiver(url) => return Ok(url.clone()),
            Self::Server(server) => server,
        };
        let mut request = Outgoing::new(Method::GET, format!("{server}{DISCOVERY}"));
        let json = HeaderValue::from_static("application/json");
        request.headers.push((ACCEPT, json));
        request.patience = patience.attempt;
        request.limit = REPLY;
        let refused = |problem: String| SubmitError::Discovery {
            host: authority(server),
            problem,
        };
        match ask(http, &request, patience).await {
            Ok(reply) => found(server, &reply.body).map_err(refused),
            Err(failed) => match failed.why {
                Why::Answer(answer) if matches!(answer.code, 404 | 405) => Ok(server.clone()),
                Why::Answer(answer) => Err(refused(format!("it answered {}", answer.code))),
                Why::Silence(error) => Err(refused(error.to_string())),
            },
        }
    }
}

/// The event receiver that a reply names.
fn found(server: &str, reply: &[u8]) -> Result<String, String> {
    let mut problems = Problems::default();
    let file = ConfigFile::parse("its reply", reply);
    let receiver = event_receiver(file, &Env::default(), &mut problems);
    problems
        .into_result()
        .map_err(|errors| errors.to_string())?;
    let receiver = receiver.ok_or("its reply names no event-receiver-http")?;
    let receiver = url(&receiver).map_err(|error| error.to_string())?;
    // Whoever names a server by https does not want the key to go in the clear.
    if server.starts_with("https://") && !receiver.starts_with("https://") {
        return Err(format!("its reply names {receiver}, which is not https"));
    }
    Ok(receiver)
}

fn url(text: &str) -> Result<String, NoAddress> {
    let wrong = || NoAddress(text.chars().take(200).collect());
    let url = with_scheme(text.trim());
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    if authority.as_str().contains('@') {
        // A password is not quoted.
        return Err(NoAddress("…@…".to_owned()));
    }
    let http = matches!(uri.scheme_str(), Some("http" | "https"));
    if !http || authority.host().is_empty() || uri.query().is_some() || text.contains('#') {
        return Err(wrong());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_or_a_url() {
        for (given, read) in [
            ("api.example.com", "https://api.example.com"),
            (" api.example.com:8443/ ", "https://api.example.com:8443"),
            ("http://127.0.0.1:1/base/", "http://127.0.0.1:1/base"),
        ] {
            assert_eq!(Backend::server(given), Ok(Backend::Server(read.to_owned())));
        }
        for wrong in [
            "",
            "ftp://x",
            "https://",
            "https://x/?a=b",
            "x#y",
            "a b",
            "https://me:pw@x",
        ] {
            let error = Backend::receiver(wrong).unwrap_err();
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    #[test]
    fn a_reply_may_not_lead_from_https_to_http() {
        let reply = br#"{"response":{"event-receiver-http":"http://er"}}"#;
        assert!(
            found("https://api", reply)
                .unwrap_err()
                .contains("not https")
        );
        assert_eq!(found("http://api", reply).unwrap(), "http://er");
        let reply = br#"{"response":{"event-receiver-http":"er"}}"#;
        assert_eq!(found("https://api", reply).unwrap(), "https://er");
        for wrong in [&b"{}"[..], b"<html>", b"[]", b"{\"response\":1}"] {
            assert!(found("https://api", wrong).is_err());
        }
    }
}
