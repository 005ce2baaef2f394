//! Questions to an API server, whatever the answer: a refusal is an answer, too.

use std::time::{Duration, SystemTime};

use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;
use kubescape_live::{Access, ConnectError};
use kubescape_runtime::chain;
use serde_json::Value as Json;

/// The largest answer that is read, in bytes.
const LARGEST: usize = 8 << 20;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP code.
    pub code: u16,
    /// The body; a text when it is no JSON.
    pub body: Json,
    /// The header `Date`.
    pub date: Option<String>,
    /// Texts of the headers `Warning`.
    pub warnings: Vec<String>,
    /// When the question was sent, and how long the answer took.
    pub asked: SystemTime,
    /// How long the answer took.
    pub took: Duration,
}

impl Answer {
    /// Whether it is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The server's words, or else its code.
    pub fn words(&self) -> String {
        let message = self.body["message"].as_str().or(self.body.as_str());
        let words: String = message
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|letter| !letter.is_control())
            .take(300)
            .collect();
        match &*words {
            "" => format!("HTTP {}", self.code),
            words => format!("HTTP {}: {words}", self.code),
        }
    }
}

/// Asks one API server.
#[derive(Clone)]
pub struct Api {
    client: kube::Client,
    patience: Duration,
}

impl Api {
    /// Of the cluster that `access` leads to, which is not asked yet. Each answer may
    /// take that long.
    ///
    /// # Errors
    ///
    /// The kubeconfig is missing, broken or incomplete.
    pub async fn open(access: &Access, patience: Duration) -> Result<Self, ConnectError> {
        let client = access.client_that_asks_once().await?;
        Ok(Self { client, patience })
    }

    /// The namespace that the kubeconfig's context names, else `default`.
    pub fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// Asks for something.
    ///
    /// # Errors
    ///
    /// Why there was no answer, in words.
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask(Method::GET, path, Vec::new()).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    ///
    /// Why there was no answer, in words.
    pub async fn post(&self, path: &str, body: &Json) -> Result<Answer, String> {
        self.ask(Method::POST, path, body.to_string().into_bytes())
            .await
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(|error| error.to_string())?;
        let asked = SystemTime::now();
        let answered = tokio::time::timeout(self.patience, self.send(request));
        let mut answer = answered
            .await
            .map_err(|_| format!("no answer within {} s", self.patience.as_secs_f32()))??;
        answer.took = asked.elapsed().unwrap_or_default();
        answer.asked = asked;
        Ok(answer)
    }

    async fn send(&self, request: Request<Body>) -> Result<Answer, String> {
        let response = self.client.send(request).await;
        let (parts, body) = response.map_err(|error| chain(&error))?.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        let texts = |name| parts.headers.get_all(name).iter();
        let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
        Ok(Answer {
            code: parts.status.as_u16(),
            body: serde_json::from_slice(&body)
                .unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into()),
            date: texts(header::DATE).find_map(text),
            warnings: texts(header::WARNING).filter_map(text).collect(),
            asked: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
        })
    }
}
