//! Why an object's result is as it is: what the desk, the writer and the storage know,
//! each asked with a limit to the wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kubescape_explain::{
    Delivery, Explanation, Facts, ObjectRef, Phase, Progress, Stored, StoredResult, explain,
};
use kubescape_names::annotation::{self, AnnotationKey};
use kubescape_posture::{Key, ResultKey, ResultResource};
use kubescape_sink::{DIGEST, Fate, Standing, StoreError, Writer};
use tokio::time::timeout;

use crate::desk::About;
use crate::service::Handle;

/// Whoever asks has no use for an answer that comes later.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether objects of a namespace are read.
pub(crate) type Follows = dyn Fn(&str) -> bool + Send + Sync;

/// Explains results of a running service. Clones share everything.
#[derive(Clone)]
pub struct Explainer {
    handle: Handle,
    writer: Writer,
    follows: Arc<Follows>,
}

impl Explainer {
    /// Of that service, whose results that writer stores. `follows` says of a
    /// namespace whether its objects are read.
    pub fn new(
        handle: Handle,
        writer: Writer,
        follows: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            handle,
            writer,
            follows: Arc::new(follows),
        }
    }

    /// Why the result of an object is as it is. Takes ten seconds at most.
    pub async fn explain(&self, object: ObjectRef) -> Explanation {
        let wanted = object.clone();
        let asked = self.handle.ask(move |desk| desk.about(&wanted));
        let about = match timeout(PATIENCE, asked).await {
            Ok(Some(about)) => about,
            Ok(None) => return nobody(object, "continuous scanning has ended"),
            Err(_) => return nobody(object, "continuous scanning is busy and did not answer"),
        };
        let progress = self.handle.progress().borrow().clone();
        let stored = self.stored(about.key.as_ref()).await;
        let delivery = self.delivery(&about);
        let About {
            object,
            kind,
            presence,
            judged,
            ..
        } = about;
        let facts = Facts {
            synced: progress.synced,
            to_write: progress.to_write,
            namespace_followed: object.namespace.is_empty() || (self.follows)(&object.namespace),
            kind,
            presence,
            judged,
            stored,
            delivery,
            unknown: Vec::new(),
        };
        explain(object, facts)
    }

    /// How far the service is.
    pub fn progress(&self) -> Progress {
        let progress = self.handle.progress().borrow().clone();
        let pending = self.writer.pending();
        Progress {
            phase: match &progress {
                progress if !progress.synced => Phase::Reading,
                progress if !progress.settled => Phase::Lap,
                _ => Phase::Following,
            },
            message: String::new(),
            objects: progress.objects,
            synced: progress.synced,
            to_write: progress.to_write,
            pending_results: pending,
            settled: progress.settled && pending == 0,
            events: progress.events,
            results: progress.results,
            gaps: progress.gaps,
        }
    }

    async fn stored(&self, key: Option<&Key>) -> Stored {
        let Some(key) = key else {
            return Stored::Nothing;
        };
        let summary = summary(key);
        match timeout(PATIENCE, self.writer.annotations(&summary)).await {
            Ok(Ok(annotations)) => Stored::Result(Box::new(result(key, &annotations))),
            Ok(Err(StoreError::Gone)) => Stored::Nothing,
            Ok(Err(error)) => Stored::Unknown(error.to_string()),
            Err(_) => Stored::Unknown(format!("no answer for {} s", PATIENCE.as_secs())),
        }
    }

    fn delivery(&self, about: &About) -> Delivery {
        let digest = about
            .judged
            .as_ref()
            .and_then(|judged| judged.result_digest.as_deref());
        let (Some(key), Some(digest)) = (&about.key, digest) else {
            return Delivery::Idle;
        };
        delivery(self.writer.standing(&summary(key), digest))
    }
}

fn summary(key: &Key) -> ResultKey {
    ResultKey {
        resource: ResultResource::Summary,
        namespace: key.namespace.clone(),
        name: key.name.clone(),
    }
}

/// What a stored result says of itself.
fn result(key: &Key, annotations: &BTreeMap<String, String>) -> StoredResult {
    let text = |key: &str| annotations.get(key).cloned().unwrap_or_default();
    let of = |key: AnnotationKey| text(key.as_str());
    StoredResult {
        namespace: key.namespace.to_string(),
        name: key.name.to_string(),
        since: of(annotation::RESULT_SINCE),
        input_digest: of(annotation::INPUT_DIGEST),
        result_digest: text(DIGEST),
        engine_version: of(annotation::ENGINE_VERSION),
        library_version: of(annotation::LIBRARY_VERSION),
        gaps: of(annotation::RESULT_GAPS),
        controls: None,
    }
}

fn delivery(standing: Standing) -> Delivery {
    let Standing {
        fate,
        away,
        pending,
    } = standing;
    match (fate, away) {
        (Fate::Stored, _) => Delivery::Done,
        (Fate::Refused(why), _) => Delivery::Refused(why),
        (_, Some((since, why))) => Delivery::Away {
            seconds: since.as_secs(),
            why,
        },
        (Fate::Waiting, None) => Delivery::Waiting { pending },
        // It is asked for again within seconds.
        (Fate::Forgotten, None) => Delivery::Waiting {
            pending: pending + 1,
        },
        (Fate::Another | Fate::Nothing, None) => Delivery::Idle,
        (Fate::Unread, None) => Delivery::NotReady,
    }
}

/// Of an object of which nobody could say anything.
fn nobody(object: ObjectRef, why: &str) -> Explanation {
    explain(object, Facts::unknown(true, why))
}
