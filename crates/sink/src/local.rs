//! The store in the same process: the same requests to the storage's own machinery,
//! without a socket. Same rules, same events.

use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use kubescape_runtime::serve::{Body, read_limited};

use crate::request::Answer;
use crate::rest::{LARGEST, PATIENCE, Rest, Transport};
use crate::store::ResultStore;

type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
type Service = dyn Fn(Request<Full<Bytes>>) -> Answering + Send + Sync;

struct Carrier(Box<Service>);

/// Results behind a function that answers requests, such as
/// `kubescape_storage::Server::answer`. Each request runs as a task of its own, so
/// that several use several processors.
pub fn local_store<F, A>(answer: F) -> impl ResultStore + 'static
where
    F: Fn(Request<Full<Bytes>>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let service = move |request| -> Answering { Box::pin(answer(request)) };
    Rest::one_by_one(Carrier(Box::new(service)))
}

#[async_trait]
impl Transport for Carrier {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, String> {
        let answering = (self.0)(request.map(Full::new));
        // What panics costs one request.
        let response = match tokio::spawn(answering).await {
            Ok(response) => response,
            Err(error) => Response::builder()
                .status(500)
                .body(kubescape_runtime::serve::full(error.to_string()))
                .map_err(|error| error.to_string())?,
        };
        let (parts, body) = response.into_parts();
        let body = read_limited(body, LARGEST as u64, PATIENCE).await;
        Ok(Answer {
            code: parts.status.as_u16(),
            headers: parts.headers,
            body: body.map_err(|error| error.to_string())?,
        })
    }
}
