//! Commands as objects of the cluster: `OperatorCommand`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, pin_mut};
use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Api, Client};
use kubescape_commands::{OperatorCommand, Order, status};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::dispatch::Dispatcher;
use crate::pool::Pool;
use crate::reports::Reporter;

/// Between looks for the kind while it is not there.
const ABSENT: Duration = Duration::from_mins(1);
/// Objects carried out at once.
const AT_ONCE: usize = 16;

/// Follows the objects.
pub(crate) struct Orders {
    api: Api<DynamicObject>,
    pool: Pool,
    dispatcher: Dispatcher,
    /// Those under way, by uid: an event may come twice.
    taken: Arc<Mutex<BTreeSet<String>>>,
    room: Arc<Semaphore>,
}

impl Orders {
    pub(crate) fn new(client: Client, namespace: &str, pool: Pool, dispatcher: Dispatcher) -> Self {
        let kind = GroupVersionKind::gvk("kubescape.io", "v1alpha1", "OperatorCommand");
        let resource = ApiResource::from_gvk_with_plural(&kind, "operatorcommands");
        Self {
            api: Api::namespaced_with(client, namespace, &resource),
            pool,
            dispatcher,
            taken: Arc::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Until it is dropped.
    pub(crate) async fn run(&self) {
        loop {
            match self
                .api
                .list(&kube::api::ListParams::default().limit(1))
                .await
            {
                Ok(_) => self.follow().await,
                // Not installed: nothing to say.
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => tracing::warn!(%error, "OperatorCommands cannot be listed"),
            }
            tokio::time::sleep(ABSENT).await;
        }
    }

    async fn follow(&self) {
        let config = watcher::Config::default().page_size(100);
        let events = watch(self.api.clone(), config).default_backoff();
        pin_mut!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Apply(object) | Event::InitApply(object)) => self.take(object).await,
                Ok(_) => {}
                Err(error) => {
                    self.dispatcher
                        .metrics()
                        .watch_restarted("operatorcommands");
                    tracing::debug!(%error, "the watch of OperatorCommands broke");
                    if gone(&error) {
                        return;
                    }
                }
            }
        }
    }

    async fn take(&self, object: DynamicObject) {
        let uid = object.metadata.uid.clone().unwrap_or_default();
        let order = read(&object).order(Timestamp::now());
        if order == Order::Skip || !locked(&self.taken).insert(uid.clone()) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else {
            return;
        };
        let (api, pool, taken) = (self.api.clone(), self.pool.clone(), Arc::clone(&self.taken));
        tokio::spawn(async move {
            carry_out(&api, &pool, &object, order).await;
            locked(&taken).remove(&uid);
            drop(permit);
        });
    }
}

fn locked(taken: &Mutex<BTreeSet<String>>) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status.code == 404,
        _ => false,
    }
}

fn read(object: &DynamicObject) -> OperatorCommand {
    let at = |path: &str| object.data.pointer(path);
    let text = |path: &str| {
        at(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let flag = |path: &str| at(path).and_then(Value::as_bool).unwrap_or(false);
    OperatorCommand {
        kind: text("/spec/commandType"),
        body: text("/spec/body"),
        created: object
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|time| time.0),
        started: flag("/status/started"),
        completed: flag("/status/completed"),
    }
}

async fn carry_out(api: &Api<DynamicObject>, pool: &Pool, object: &DynamicObject, order: Order) {
    let name = object.metadata.name.clone().unwrap_or_default();
    let started = Timestamp::now();
    let write = async |value: Value| {
        let patch = Patch::Merge(value);
        let written = api
            .patch_status(&name, &PatchParams::default(), &patch)
            .await;
        if let Err(error) = &written {
            tracing::warn!(object = %name, %error, "the status of an OperatorCommand is not written");
        }
        written.is_ok()
    };
    let outcome = match order {
        Order::Skip => return,
        Order::Refuse(error) => Err(error),
        Order::Run(command) => {
            // Who cannot say that it began would carry it out again and again.
            if !write(status(started, None)).await {
                return;
            }
            pool.carry_out(*command, Reporter::Rest).await
        }
    };
    let error = outcome.as_ref().err().map(String::as_str);
    write(status(started, Some((Timestamp::now(), error)))).await;
}
