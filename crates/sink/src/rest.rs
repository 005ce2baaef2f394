//! A store behind the Kubernetes API, whatever carries requests there.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;

use crate::object::{ResultKey, ResultObject, ResultResource};
use crate::request::{self, Answer};
use crate::store::{Done, Expected, IndexPage, ResultStore, StoreError};

/// How long one request may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer that is read: a page of the index.
pub(crate) const LARGEST: usize = 32 << 20;

/// Carries requests.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    /// `Err` says in words why there was no answer.
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, String>;
}

pub(crate) struct Rest<T>(pub(crate) T);

impl<T: Transport> Rest<T> {
    async fn ask(&self, request: Request<Bytes>) -> Result<Bytes, StoreError> {
        let sent = tokio::time::timeout(PATIENCE, self.0.send(request)).await;
        let answer = sent
            .map_err(|_| StoreError::away(format!("no answer for {} s", PATIENCE.as_secs())))?
            .map_err(StoreError::away)?;
        if (200..300).contains(&answer.code) {
            Ok(answer.body)
        } else {
            Err(request::failure(&answer))
        }
    }
}

/// The second try of a write. When that meets the opposite again, somebody else writes
/// the same object right now: once more, later.
fn raced(answer: Result<Bytes, StoreError>) -> Result<Done, StoreError> {
    match answer {
        Ok(_) => Ok(Done::Surprised),
        Err(StoreError::Gone | StoreError::Refused { code: 409, .. }) => Err(StoreError::Failed(
            "another writes the same object".to_owned(),
        )),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl<T: Transport> ResultStore for Rest<T> {
    async fn index(
        &self,
        resource: ResultResource,
        after: Option<&str>,
    ) -> Result<IndexPage, StoreError> {
        let body = self.ask(request::list(resource, after)).await?;
        request::page(resource, &body)
    }

    async fn put(&self, object: &ResultObject, expected: Expected) -> Result<Done, StoreError> {
        let (create, update) = (|| request::create(object), || request::update(object));
        if expected == Expected::Absent {
            match self.ask(create()?).await {
                Err(StoreError::Refused { code: 409, .. }) => {}
                answer => return answer.map(|_| Done::AsExpected),
            }
            return raced(self.ask(update()?).await);
        }
        match self.ask(update()?).await {
            Err(StoreError::Gone) => {}
            answer => return answer.map(|_| Done::AsExpected),
        }
        raced(self.ask(create()?).await)
    }

    async fn delete(&self, key: &ResultKey) -> Result<Done, StoreError> {
        self.ask(request::delete(key))
            .await
            .map(|_| Done::AsExpected)
    }
}
