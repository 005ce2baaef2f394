//! A store behind the Kubernetes API, whatever carries requests there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use tokio::time::Instant;

use crate::object::{ResultKey, ResultObject, ResultResource};
use crate::request::{self, Answer};
use crate::store::{Done, Expected, IndexPage, ResultStore, StoreError, Write};

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

/// Writes of one batch, and about their bytes: the storage takes 512 and 4 MiB.
const BATCH: usize = 64;
const BATCH_BYTES: usize = 2 << 20;

/// How long a storage that takes no batches is not asked again.
const NO_BATCHES: Duration = Duration::from_mins(10);

pub(crate) struct Rest<T> {
    transport: T,
    batches: bool,
    /// When it said that it takes none.
    refused: Mutex<Option<Instant>>,
}

impl<T: Transport> Rest<T> {
    /// Sends each write alone.
    pub(crate) fn one_by_one(transport: T) -> Self {
        Self {
            transport,
            batches: false,
            refused: Mutex::new(None),
        }
    }

    /// Sends many writes at once to a storage that takes that.
    pub(crate) fn in_batches(transport: T) -> Self {
        Self {
            batches: true,
            ..Self::one_by_one(transport)
        }
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes at once; `None` when the storage does not know how. What is larger than
    /// a batch, or no JSON, goes alone.
    async fn batch(&self, writes: &[Write]) -> Option<Vec<Result<Done, StoreError>>> {
        let mut answers: Vec<Result<Done, StoreError>> = Vec::with_capacity(writes.len());
        let mut rest = writes;
        while !rest.is_empty() {
            let (mut items, mut bytes) = (Vec::new(), 0);
            for write in rest {
                let Ok(item) = request::item(write) else {
                    break;
                };
                bytes += item.len();
                if bytes > BATCH_BYTES {
                    break;
                }
                items.push(item);
            }
            let (now, later) = rest.split_at(items.len().max(1));
            rest = later;
            if items.is_empty() {
                answers.push(self.write_one(&now[0]).await);
                continue;
            }
            match self.ask(request::batch(&items)).await {
                Ok(body) => {
                    self.answered(now, request::answers(&body), &mut answers)
                        .await;
                }
                // Another storage than ours, an older one, or no right to this.
                Err(error) if is_unknown(&error) && answers.is_empty() => return None,
                Err(error) => answers.extend(now.iter().map(|_| Err(error.clone()))),
            }
        }
        Some(answers)
    }

    async fn answered(
        &self,
        writes: &[Write],
        each: Result<Vec<Result<(), StoreError>>, StoreError>,
        answers: &mut Vec<Result<Done, StoreError>>,
    ) {
        let missing = StoreError::Failed("the write was not answered".to_owned());
        let (mut each, missing) = match each {
            Ok(each) => (each.into_iter(), missing),
            Err(error) => (Vec::new().into_iter(), error),
        };
        for write in writes {
            let answer = each.next().unwrap_or_else(|| Err(missing.clone()));
            answers.push(match (write, answer) {
                (_, Ok(())) => Ok(Done::AsExpected),
                (
                    Write::Put(object, Expected::Absent),
                    Err(StoreError::Refused { code: 409, .. }),
                ) => self
                    .put(object, Expected::Present)
                    .await
                    .map(|_| Done::Surprised),
                (Write::Put(object, Expected::Present), Err(StoreError::Gone)) => self
                    .put(object, Expected::Absent)
                    .await
                    .map(|_| Done::Surprised),
                (_, Err(error)) => Err(error),
            });
        }
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<Bytes, StoreError> {
        let sent = tokio::time::timeout(PATIENCE, self.transport.send(request)).await;
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

/// Whether that is what a server says that knows no batches, or gives no right to them.
fn is_unknown(error: &StoreError) -> bool {
    match error {
        StoreError::Refused { code, .. } => matches!(code, 400 | 403 | 405 | 415),
        StoreError::Unavailable { code, .. } => *code == 404,
        StoreError::Gone => true,
        _ => false,
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

    async fn annotations(&self, key: &ResultKey) -> Result<BTreeMap<String, String>, StoreError> {
        let body = self.ask(request::metadata(key)).await?;
        request::annotations(&body)
    }

    async fn delete(&self, key: &ResultKey) -> Result<Done, StoreError> {
        self.ask(request::delete(key))
            .await
            .map(|_| Done::AsExpected)
    }

    fn batch(&self) -> usize {
        let refused = *self.refused();
        let asks = refused.is_none_or(|since| since.elapsed() > NO_BATCHES);
        if self.batches && asks { BATCH } else { 1 }
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Done, StoreError>> {
        if writes.len() > 1 {
            if let Some(answers) = Rest::batch(self, writes).await {
                return answers;
            }
            *self.refused() = Some(Instant::now());
        }
        let mut answers = Vec::with_capacity(writes.len());
        for write in writes {
            answers.push(self.write_one(write).await);
        }
        answers
    }
}
