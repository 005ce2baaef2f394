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
use kubescape_runtime::{Phase, Shutdown};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::dispatch::Dispatcher;
use crate::pool::Pool;
use crate::reports::Reporter;

/// Between looks for the kind while it is not there.
const ABSENT: Duration = Duration::from_mins(1);
/// Tries to write a status, and the first pause between them: two minutes in all.
const TRIES: u32 = 9;
const AGAIN: Duration = Duration::from_millis(500);
/// Objects carried out at once.
const AT_ONCE: usize = 16;

/// Follows the objects.
pub(crate) struct Orders {
    api: Api<DynamicObject>,
    pool: Pool,
    dispatcher: Dispatcher,
    room: Arc<Semaphore>,
    shutdown: Shutdown,
}

/// Objects that are carried out while this replica leads. When it does not any more,
/// another answers for them; at the end of the process they still say how they ended.
struct UnderWay {
    /// By uid: an event may come twice.
    taken: Arc<Mutex<BTreeSet<String>>>,
    tasks: JoinSet<()>,
    shutdown: Shutdown,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.shutdown.phase() > Phase::Running {
            self.tasks.detach_all();
        }
    }
}

impl Orders {
    pub(crate) fn new(
        client: Client,
        namespace: &str,
        pool: Pool,
        dispatcher: Dispatcher,
        shutdown: Shutdown,
    ) -> Self {
        let kind = GroupVersionKind::gvk("kubescape.io", "v1alpha1", "OperatorCommand");
        let resource = ApiResource::from_gvk_with_plural(&kind, "operatorcommands");
        Self {
            api: Api::namespaced_with(client, namespace, &resource),
            pool,
            dispatcher,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            shutdown,
        }
    }

    /// Until it is dropped.
    pub(crate) async fn run(&self) {
        let mut under_way = UnderWay {
            taken: Arc::default(),
            tasks: JoinSet::new(),
            shutdown: self.shutdown.clone(),
        };
        loop {
            match self
                .api
                .list(&kube::api::ListParams::default().limit(1))
                .await
            {
                Ok(_) => self.follow(&mut under_way).await,
                // Not installed: nothing to say.
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => tracing::warn!(%error, "OperatorCommands cannot be listed"),
            }
            tokio::time::sleep(ABSENT).await;
        }
    }

    async fn follow(&self, under_way: &mut UnderWay) {
        let config = watcher::Config::default().page_size(100);
        let events = watch(self.api.clone(), config).default_backoff();
        pin_mut!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Apply(object) | Event::InitApply(object)) => {
                    self.take(object, under_way).await;
                }
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

    async fn take(&self, object: DynamicObject, under_way: &mut UnderWay) {
        let uid = object.metadata.uid.clone().unwrap_or_default();
        let order = read(&object).order(Timestamp::now());
        // Those that ended.
        while under_way.tasks.try_join_next().is_some() {}
        let taken = Arc::clone(&under_way.taken);
        if order == Order::Skip || !locked(&taken).insert(uid.clone()) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else {
            return;
        };
        let (api, pool) = (self.api.clone(), self.pool.clone());
        under_way.tasks.spawn(async move {
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

/// What is said of an object that nobody answers for.
const LOST: &str = "the operator that began it does not lead any more, and may have ended before it: make it anew, unless its effect is there";

/// Whether an object that was begun, and not by this replica while it leads, still has no
/// end. The event that said so may be older than the end.
async fn lost(api: &Api<DynamicObject>, name: &str) -> bool {
    match api.get_opt(name).await {
        Ok(Some(object)) => read(&object).order(Timestamp::now()) == Order::Begun,
        Ok(None) => false,
        Err(error) => {
            tracing::warn!(object = %name, %error, "an OperatorCommand cannot be read");
            false
        }
    }
}

/// Writes a status, again and again for a while: a restart of the API server must not
/// leave an object without an end.
async fn write_status(api: &Api<DynamicObject>, name: &str, value: Value) -> bool {
    let patch = Patch::Merge(value);
    let mut pause = AGAIN;
    for attempt in 1..=TRIES {
        let written = api
            .patch_status(name, &PatchParams::default(), &patch)
            .await;
        let Err(error) = written else { return true };
        let final_word = matches!(&error, kube::Error::Api(status) if (400..500).contains(&status.code) && status.code != 429);
        if final_word || attempt == TRIES {
            tracing::warn!(object = %name, %error, "the status of an OperatorCommand is not written");
            return false;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    false
}

async fn carry_out(api: &Api<DynamicObject>, pool: &Pool, object: &DynamicObject, order: Order) {
    let name = object.metadata.name.clone().unwrap_or_default();
    let started = Timestamp::now();
    let write = async |value: Value| write_status(api, &name, value).await;
    let outcome = match order {
        Order::Begun if lost(api, &name).await => Err(LOST.to_owned()),
        Order::Skip | Order::Begun => return,
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
