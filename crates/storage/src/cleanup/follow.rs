//! The facts of a real cluster: one watch a kind, begun when it is asked for.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{Stream, StreamExt as _};
use kube::core::{DynamicObject, PartialObjectMeta};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use tokio::time::Instant;

use super::facts::Sighting;
use super::kind::Kind;
use super::observe::{Observed, api_resource, sighting, sighting_of_metadata};
use super::shared::{Shared, Source};

/// Between tries of a kind that is missing or forbidden: someone has to act.
const REFUSED: Duration = Duration::from_mins(5);
/// Between other tries; doubles up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Asks the cluster's API server.
pub(crate) struct KubeSource {
    client: Client,
}

impl KubeSource {
    /// The client's user needs `list` and `watch`.
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Watches until something is wrong; tells that.
    async fn watch(&self, kind: Kind, shared: &Shared) -> Fault {
        let resource = api_resource(kind);
        let config = watcher::Config::default();
        if kind.runs() {
            let api: Api<Observed> = Api::all_with(self.client.clone(), &resource);
            let events = watcher(api, config);
            tell(kind, shared, events, |object| sighting(kind, object)).await
        } else {
            // Contents are neither needed nor wanted: Secrets are among them.
            let api: Api<PartialObjectMeta<DynamicObject>> =
                Api::all_with(self.client.clone(), &resource);
            let events = watcher(api, config);
            tell(kind, shared, events, |object| {
                sighting_of_metadata(&object.metadata)
            })
            .await
        }
    }
}

struct Fault {
    why: String,
    /// It is missing or forbidden.
    refused: bool,
}

#[async_trait]
impl Source for KubeSource {
    async fn follow(&self, kind: Kind, shared: &Shared) {
        let (shortest, longest) = PAUSES;
        let mut pause = shortest;
        loop {
            let begun = Instant::now();
            let fault = self.watch(kind, shared).await;
            // What happens until the next list is unseen: nothing is known.
            tracing::warn!(
                %kind, error = fault.why,
                "cannot follow a kind: stale objects that depend on it are kept"
            );
            shared.unavailable(kind, fault.why);
            if fault.refused {
                tokio::time::sleep(REFUSED).await;
                continue;
            }
            if begun.elapsed() > longest {
                pause = shortest;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}

async fn tell<K>(
    kind: Kind,
    shared: &Shared,
    events: impl Stream<Item = watcher::Result<Event<K>>>,
    sighting: impl Fn(&K) -> Sighting,
) -> Fault {
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => shared.begin(kind),
            Ok(Event::InitApply(object) | Event::Apply(object)) => {
                shared.see(kind, &sighting(&object));
            }
            Ok(Event::InitDone) => shared.complete(kind),
            Ok(Event::Delete(object)) => {
                let gone = sighting(&object);
                shared.lose(kind, &gone.namespace, &gone.name);
            }
            Err(error) => return fault(&error),
        }
    }
    Fault {
        why: "the watch ended".to_owned(),
        refused: false,
    }
}

fn fault(error: &watcher::Error) -> Fault {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Fault {
            why: status.message.clone(),
            refused: (403..=405).contains(&status.code),
        },
        other => Fault {
            why: other.to_string(),
            refused: false,
        },
    }
}
