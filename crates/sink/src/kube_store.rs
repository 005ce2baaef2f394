//! The store behind a Kubernetes API server: the cluster's, which hands requests on
//! to our storage, or the storage itself.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;
use kubescape_runtime::chain;

use crate::object::{ResultKey, ResultObject, ResultResource};
use crate::request::Answer;
use crate::rest::{LARGEST, Rest, Transport};
use crate::store::{Done, Expected, IndexPage, ResultStore, StoreError, Write};

/// Results behind that client's server. Connections are kept and used again.
pub struct KubeStore(Rest<Carrier>);

struct Carrier(kube::Client);

impl KubeStore {
    /// With the rights of that client, which needs `list`, `create`, `patch`
    /// and `delete` of both kinds in all namespaces. With `create` of
    /// `configurationscanbatches`, too, many writes go in one request.
    pub fn new(client: kube::Client) -> Self {
        Self(Rest::in_batches(Carrier(client)))
    }
}

#[async_trait]
impl Transport for Carrier {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, String> {
        let request = request.map(Body::from);
        let response = self.0.send(request).await;
        let response = response.map_err(|error| chain(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        Ok(Answer {
            code: parts.status.as_u16(),
            headers: parts.headers,
            body: body.map_err(|error| error.to_string())?.to_bytes(),
        })
    }
}

#[async_trait]
impl ResultStore for KubeStore {
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
