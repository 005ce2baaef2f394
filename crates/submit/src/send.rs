//! Sends the messages of a report, one after another.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use kubescape_report::{Facts, Parts};
use kubescape_runtime::outgoing::{HttpClient, Outgoing};
use tokio::time::timeout;

use crate::account::Account;
use crate::backend::Backend;
use crate::chunks::{Chunk, Chunks, Omission};
use crate::error::{SubmitError, authority, message};
use crate::pause::Patience;
use crate::post::ask;

/// Where the access key goes. (control-plane reference §3.2)
const KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// Bytes of an answer.
const ANSWER: u64 = 64 << 10;

/// Omissions that are named.
const NAMED: usize = 20;

/// To whom a report goes.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Where.
    pub backend: Backend,
    /// Under which account.
    pub account: Account,
}

/// How far a submission is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Messages that were taken.
    pub chunks: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Items in them, and of the whole report: resources and results.
    pub items: (usize, usize),
}

/// A report that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The event receiver.
    pub host: String,
    /// What all messages had in common.
    pub report: String,
    /// How many there were.
    pub chunks: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What the receiver said to the last; may be empty.
    pub message: String,
    /// Resources that were too large to be sent whole.
    pub omitted: usize,
    /// The first of them.
    pub omissions: Vec<Omission>,
}

/// Sends a report. `facts` are those of its [`Chunks`]. `progress` hears of each
/// message that was taken.
///
/// # Errors
///
/// See [`SubmitError`]. The receiver may have a part of the report then, without its
/// last message.
pub async fn send(
    http: &HttpClient,
    to: &Destination,
    patience: &Patience,
    mut chunks: Chunks<Parts<'_>>,
    facts: &Facts,
    progress: &mut dyn FnMut(Progress),
) -> Result<Sent, SubmitError> {
    let mut so_far = Progress {
        chunks: 0,
        bytes: 0,
        items: chunks.progress(),
    };
    let mut host = match &to.backend {
        Backend::Receiver(url) | Backend::Server(url) => authority(url),
    };
    let sending = async {
        let receiver = to.backend.find(http, patience).await?;
        host = authority(&receiver);
        let report = chunks.pieces().report_id();
        let url = address(&receiver, to.account.id(), facts, &report);
        let mut last = String::new();
        while let Some(chunk) = chunks.next() {
            let chunk = chunk?;
            let (number, bytes) = (chunk.number, chunk.body.len());
            let request = request(&url, &to.account, chunk, patience.attempt);
            let key = to.account.key().reveal();
            let answer = ask(http, &request, patience).await;
            let answer = answer.map_err(|failed| SubmitError::of(failed, &url, number, key))?;
            last = message(&answer.body, key);
            so_far.chunks += 1;
            so_far.bytes += bytes as u64;
            so_far.items = chunks.progress();
            progress(so_far);
        }
        Ok((report, last))
    };
    let sent = timeout(patience.whole, sending).await;
    let (report, message) = sent.unwrap_or_else(|_| {
        Err(SubmitError::Late {
            host: host.clone(),
            chunk: so_far.chunks,
            patience: patience.whole,
        })
    })?;
    Ok(Sent {
        host,
        report,
        chunks: so_far.chunks,
        bytes: so_far.bytes,
        message,
        omitted: chunks.omissions().count(),
        omissions: chunks.omissions().take(NAMED).collect(),
    })
}

/// `…/k8s/v2/postureReport` with its parameters. (config-scanning reference §10.1)
fn address(receiver: &str, account: &str, facts: &Facts, report: &str) -> String {
    let context = facts.cluster.as_ref().map(|cluster| &*cluster.context);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("customerGUID", account)
        .append_pair("contextName", context.unwrap_or_default())
        .append_pair("clusterName", &facts.cluster_name())
        .append_pair("reportGUID", report)
        .finish();
    format!("{receiver}/k8s/v2/postureReport?{query}")
}

fn request(url: &str, account: &Account, chunk: Chunk, patience: Duration) -> Outgoing {
    let mut request = Outgoing::new(Method::POST, url);
    let json = HeaderValue::from_static("application/json");
    request.headers.push((CONTENT_TYPE, json));
    let key = account.key().reveal();
    if !key.is_empty()
        && let Ok(mut key) = HeaderValue::from_str(key)
    {
        key.set_sensitive(true);
        request.headers.push((KEY_HEADER, key));
    }
    request.body = Bytes::from(chunk.body);
    request.patience = patience;
    request.limit = ANSWER;
    request
}

#[cfg(test)]
mod tests {
    use kubescape_report::ClusterFacts;

    use super::*;

    #[test]
    fn parameters_are_escaped_and_clusters_named_by_word_characters() {
        let facts = Facts {
            cluster: Some(ClusterFacts {
                context: "arn:aws:eks/prod & more".to_owned(),
                ..ClusterFacts::default()
            }),
            ..Facts::default()
        };
        assert_eq!(
            address("https://er", "me", &facts, "id"),
            "https://er/k8s/v2/postureReport?customerGUID=me&contextName=arn%3Aaws%3Aeks%2Fprod+%26+more&clusterName=arn-aws-eks-prod-more&reportGUID=id"
        );
        let files = address("https://er", "", &Facts::default(), "id");
        assert!(files.ends_with("?customerGUID=&contextName=&clusterName=&reportGUID=id"));
    }
}
