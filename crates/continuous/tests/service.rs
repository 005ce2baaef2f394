//! The whole loop, with events by hand and a store in memory.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kubescape_collect::{Event, Kind, KindId};
use kubescape_continuous::{Change, Forgotten, Handle, Keep, Options, Outlet, Service};
use kubescape_posture::{Key, ResultResource};
use serde_json::json;
use tokio::sync::{Notify, mpsc};

#[derive(Default)]
struct Memory {
    /// Digests of summaries, by name.
    stored: Mutex<BTreeMap<String, String>>,
    forgotten: Mutex<Vec<Key>>,
    /// Whether it has no room.
    full: Mutex<bool>,
    changed: Notify,
}

#[derive(Clone, Default)]
struct Store(Arc<Memory>);

impl Store {
    fn names(&self) -> Vec<String> {
        self.0.stored.lock().unwrap().keys().cloned().collect()
    }

    fn digest(&self, name: &str) -> Option<String> {
        self.0.stored.lock().unwrap().get(name).cloned()
    }

    /// Waits until what is stored is so.
    async fn until(&self, is: impl Fn(&BTreeMap<String, String>) -> bool) {
        loop {
            let changed = self.0.changed.notified();
            if is(&self.0.stored.lock().unwrap()) {
                return;
            }
            changed.await;
        }
    }

    fn has_room(&self, room: bool) {
        *self.0.full.lock().unwrap() = !room;
        self.0.changed.notify_waiters();
    }
}

impl Outlet for Store {
    async fn apply(&self, changes: Vec<Change>) {
        for change in changes {
            let mut stored = self.0.stored.lock().unwrap();
            match change {
                Change::Put(result) if result.resource == ResultResource::Summary => {
                    if *self.0.full.lock().unwrap() {
                        let Key { namespace, name } = Key {
                            namespace: result.namespace,
                            name: result.name,
                        };
                        self.0
                            .forgotten
                            .lock()
                            .unwrap()
                            .push(Key { namespace, name });
                    } else {
                        stored.insert(result.name.to_string(), result.digest.to_string());
                    }
                }
                Change::Put(_) => {}
                Change::Delete(key) => {
                    stored.remove(&*key.name);
                }
            }
        }
        self.0.changed.notify_waiters();
    }

    fn retain(&self, keep: Keep) {
        let key = |name: &str| Key {
            namespace: "shop".into(),
            name: name.into(),
        };
        self.0
            .stored
            .lock()
            .unwrap()
            .retain(|name, _| keep.keeps(&key(name), "Deployment", false));
        self.0.changed.notify_waiters();
    }

    fn forgotten(&self) -> Forgotten {
        Forgotten::Some(std::mem::take(&mut self.0.forgotten.lock().unwrap()))
    }
}

struct World {
    events: mpsc::Sender<Event>,
    store: Store,
    handle: Handle,
    kind: KindId,
}

impl World {
    fn start(store: Store) -> Self {
        let (desk, kinds) = common::desk("nsa");
        let now = || "2026-11-24T10:00:00Z".to_owned();
        let (service, handle) = Service::new(desk, store.clone(), &Options::default(), now, |_| {});
        let (events, receiver) = mpsc::channel(16);
        tokio::spawn(service.run(receiver));
        let kind = kinds.id(Kind {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            namespaced: true,
            ..Kind::default()
        });
        Self {
            events,
            store,
            handle,
            kind,
        }
    }

    async fn send(&self, event: Event) {
        self.events.send(event).await.unwrap();
    }

    async fn put(&self, name: &str, privileged: bool) {
        let text = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"template": {"spec": {"containers": [{"name": "main", "securityContext": {"privileged": privileged}}]}}},
        });
        self.send(Event::Put {
            kind: self.kind,
            text: text.to_string().into(),
        })
        .await;
    }

    async fn gone(&self, name: &str) {
        self.send(Event::Gone {
            kind: self.kind,
            namespace: "shop".into(),
            name: name.into(),
        })
        .await;
    }

    async fn settled(&self) {
        self.handle
            .progress()
            .wait_for(|progress| progress.settled)
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_stored_before_everything_was_read_and_leftovers_go_after_that() {
    let store = Store::default();
    store
        .0
        .stored
        .lock()
        .unwrap()
        .insert("deployment-left".to_owned(), String::new());
    let world = World::start(store);
    world.put("cart", true).await;
    // A question is answered after what came before it.
    assert_eq!(world.handle.ask(|desk| desk.len()).await, Some(1));
    assert_eq!(world.store.names(), ["deployment-left"]);

    world.send(Event::Synced).await;
    world.settled().await;
    assert_eq!(world.store.names(), ["deployment-cart"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_stored_and_a_deletion_too() {
    let world = World::start(Store::default());
    world.put("cart", true).await;
    world.put("mailer", true).await;
    world.send(Event::Synced).await;
    world.settled().await;
    let before = world.store.digest("deployment-cart").unwrap();

    world.put("cart", false).await;
    world
        .store
        .until(|stored| stored["deployment-cart"] != before)
        .await;
    world.gone("mailer").await;
    world
        .store
        .until(|stored| !stored.contains_key("deployment-mailer"))
        .await;
    assert_eq!(world.store.names(), ["deployment-cart"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_store_forgot_is_given_again_as_it_is_by_then() {
    let world = World::start(Store::default());
    world.send(Event::Synced).await;
    world.settled().await;
    world.store.has_room(false);
    world.put("cart", true).await;
    world.put("mailer", true).await;
    world.gone("mailer").await;
    world.handle.ask(|_| ()).await;
    assert!(world.store.names().is_empty());

    world.store.has_room(true);
    world
        .store
        .until(|stored| stored.contains_key("deployment-cart"))
        .await;
    assert_eq!(world.store.names(), ["deployment-cart"]);
}

#[tokio::test(start_paused = true)]
async fn the_service_ends_when_nothing_more_can_happen_and_stores_the_last_of_it() {
    let World {
        events,
        store,
        handle,
        kind,
    } = World::start(Store::default());
    let world = World {
        events,
        store,
        handle,
        kind,
    };
    world.send(Event::Synced).await;
    world.settled().await;
    world.put("cart", true).await;
    let World {
        events,
        store,
        handle,
        ..
    } = world;
    drop(events);
    store
        .until(|stored| stored.contains_key("deployment-cart"))
        .await;
    let mut progress = handle.progress();
    while progress.changed().await.is_ok() {}
    assert_eq!(handle.ask(|desk| desk.len()).await, None);
}
