//! The store behind a Kubernetes API server: the cluster's, which hands requests on
//! to our storage, or the storage itself.

use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;
use kubescape_runtime::chain;
use tokio::sync::OnceCell;

use crate::request::Answer;
use crate::rest::{LARGEST, Rest, Transport};
use crate::store::ResultStore;

type Connecting = Pin<Box<dyn Future<Output = Result<kube::Client, String>> + Send>>;

struct Carrier {
    client: OnceCell<kube::Client>,
    connect: Box<dyn Fn() -> Connecting + Send + Sync>,
}

/// Results behind that client's server. Connections are kept and used again.
///
/// With the rights of that client, which needs `list`, `create`, `patch` and
/// `delete` of both kinds in all namespaces. With `create` of
/// `configurationscanbatches`, too, many writes go in one request.
pub fn kube_store(client: kube::Client) -> impl ResultStore + 'static {
    Rest::in_batches(Carrier {
        client: OnceCell::new_with(Some(client)),
        connect: Box::new(|| Box::pin(async { Err("there is a client already".to_owned()) })),
    })
}

/// As [`kube_store`], with a client that is made when it is first needed. While it
/// cannot be made the store is away, for the reason that `connect` gives.
pub fn connecting_store<F, C>(connect: F) -> impl ResultStore + 'static
where
    F: Fn() -> C + Send + Sync + 'static,
    C: Future<Output = Result<kube::Client, String>> + Send + 'static,
{
    Rest::in_batches(Carrier {
        client: OnceCell::new(),
        connect: Box::new(move || Box::pin(connect())),
    })
}

#[async_trait]
impl Transport for Carrier {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, String> {
        let client = self.client.get_or_try_init(&self.connect).await?;
        let response = client.send(request.map(Body::from)).await;
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
