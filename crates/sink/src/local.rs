//! The store in the same process: the same requests to the storage's own machinery,
//! without a socket. Same rules, same events.

use std::collections::BTreeMap;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use kubescape_runtime::serve::{Body, read_limited};

use crate::object::{ResultKey, ResultObject, ResultResource};
use crate::request::Answer;
use crate::rest::{LARGEST, PATIENCE, Rest, Transport};
use crate::store::{Done, Expected, IndexPage, ResultStore, StoreError, Write};

type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
type Service = dyn Fn(Request<Full<Bytes>>) -> Answering + Send + Sync;

/// Results behind a function that answers requests, such as
/// `kubescape_storage::Server::answer`.
pub struct Local(Rest<Carrier>);

struct Carrier(Box<Service>);

impl Local {
    /// Asks that function. Each request runs as a task of its own, so that several
    /// use several processors.
    pub fn new<F, A>(answer: F) -> Self
    where
        F: Fn(Request<Full<Bytes>>) -> A + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        let service = move |request| -> Answering { Box::pin(answer(request)) };
        Self(Rest::one_by_one(Carrier(Box::new(service))))
    }
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

#[async_trait]
impl ResultStore for Local {
    async fn index(
        &self,
        resource: ResultResource,
        after: Option<&str>,
    ) -> Result<IndexPage, StoreError> {
        self.0.index(resource, after).await
    }

    async fn put(&self, object: &ResultObject, expected: Expected) -> Result<Done, StoreError> {
        self.0.put(object, expected).await
    }

    async fn annotations(&self, key: &ResultKey) -> Result<BTreeMap<String, String>, StoreError> {
        self.0.annotations(key).await
    }

    async fn delete(&self, key: &ResultKey) -> Result<Done, StoreError> {
        self.0.delete(key).await
    }

    fn batch(&self) -> usize {
        ResultStore::batch(&self.0)
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Done, StoreError>> {
        self.0.write(writes).await
    }
}
