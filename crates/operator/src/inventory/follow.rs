//! Follows the pods and asks for scans of what is new.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, pin_mut};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Api, Client};
use kubescape_commands::Command;
use serde_json::Value;
use tokio::sync::Notify;

use super::state::{Images, Inventory};
use crate::dispatch::Dispatcher;
use crate::pool::{Pool, Refused};
use crate::reports::Reporter;
use crate::slim::SlimPod;

/// Pods on a page.
const PAGE: u32 = 500;
/// While the queue is full.
const BREATH: Duration = Duration::from_secs(1);

/// Follows the pods. What it knows outlives a watch, so that a watch that begins anew
/// scans nothing twice.
pub(crate) struct Follower {
    client: Client,
    dispatcher: Dispatcher,
    pool: Pool,
    inventory: Mutex<Inventory>,
    /// To scan, by workload: what comes while one waits is added to it, so this is
    /// never more than the cluster's workloads.
    wanted: Mutex<BTreeMap<String, Images>>,
    more: Notify,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Follower {
    pub(crate) fn new(client: Client, dispatcher: Dispatcher, pool: Pool) -> Self {
        Self {
            client,
            dispatcher,
            pool,
            inventory: Mutex::default(),
            wanted: Mutex::default(),
            more: Notify::new(),
        }
    }

    /// Until it is dropped.
    pub(crate) async fn run(&self) {
        tokio::select! {
            () = self.follow() => {}
            () = self.ask() => {}
        }
    }

    async fn follow(&self) {
        let api: Api<SlimPod> = Api::all(self.client.clone());
        let config = watcher::Config::default().page_size(PAGE);
        let events = watch(api, config).default_backoff();
        pin_mut!(events);
        let mut listed: Option<HashSet<String>> = None;
        let mut complained = false;
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => listed = Some(HashSet::new()),
                Ok(Event::InitApply(pod)) => {
                    if let Some(listed) = &mut listed {
                        listed.insert(key(&pod));
                    }
                    self.seen(&pod).await;
                }
                Ok(Event::InitDone) => {
                    complained = false;
                    if let Some(listed) = listed.take() {
                        locked(&self.inventory).keep(&listed);
                    }
                    self.count();
                }
                Ok(Event::Apply(pod)) => {
                    self.seen(&pod).await;
                    self.count();
                }
                Ok(Event::Delete(pod)) => {
                    locked(&self.inventory).gone(&key(&pod));
                    self.count();
                }
                Err(error) => {
                    self.dispatcher.metrics().watch_restarted("pods");
                    if !complained {
                        complained = true;
                        tracing::warn!(%error, "the watch of pods broke; it begins anew");
                    }
                }
            }
        }
    }

    fn count(&self) {
        let count = locked(&self.inventory).workloads();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.dispatcher.metrics().workloads.set(count);
    }

    async fn seen(&self, pod: &SlimPod) {
        let config = self.dispatcher.config();
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let images: Images = pod.images().into_iter().collect();
        if images.is_empty() || !config.wants(namespace) {
            locked(&self.inventory).gone(&key(pod));
            return;
        }
        let wlid = match self
            .dispatcher
            .owners()
            .wlid(&config.cluster, &pod.metadata)
            .await
        {
            Ok(Some(wlid)) => wlid.to_string(),
            Ok(None) => return,
            Err(error) => {
                // Its next change is another chance.
                tracing::warn!(pod = %key(pod), error, "the workload of a pod is not known");
                return;
            }
        };
        let new = locked(&self.inventory).runs(&key(pod), &wlid, images);
        if let Some(new) = new {
            locked(&self.wanted).entry(wlid).or_default().extend(new);
            self.more.notify_one();
        }
    }

    /// Hands over one scan after the other.
    async fn ask(&self) {
        loop {
            let next = locked(&self.wanted).pop_first();
            let Some((wlid, images)) = next else {
                self.more.notified().await;
                continue;
            };
            match self.pool.submit(vec![scan(&wlid, &images)], Reporter::Rest) {
                Ok(_) => {}
                Err(Refused::Leaving) => return,
                Err(_) => {
                    self.put_back(wlid, images);
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

impl Follower {
    fn put_back(&self, wlid: String, images: Images) {
        let mut wanted = locked(&self.wanted);
        let entry = wanted.entry(wlid).or_default();
        for (container, image) in images {
            // What came meanwhile is newer.
            entry.entry(container).or_insert(image);
        }
    }
}

fn key(pod: &SlimPod) -> String {
    let meta = &pod.metadata;
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}/{}", part(&meta.namespace), part(&meta.name))
}

fn scan(wlid: &str, images: &Images) -> Command {
    let images = images
        .iter()
        .map(|(container, image)| (container.clone(), Value::from(image.as_str())));
    let images: serde_json::Map<String, Value> = images.collect();
    Command {
        name: "scan".to_owned(),
        wlid: wlid.to_owned(),
        args: [("containerToImageIDs".to_owned(), Value::Object(images))]
            .into_iter()
            .collect(),
        ..Command::default()
    }
}
