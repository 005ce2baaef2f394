//! From a write to the watchers that hear of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::Method;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::Fault;
use super::client::{Api, Connection, JSON};
use super::figures::{Figures, Times};
use super::objects::{SUMMARIES, all, summary_path, version_of};

/// Writes a second while the time to an event is measured.
const LOAD: u32 = 500;

/// Writes whose events are timed.
const PROBES: usize = 500;

/// Watchers of one kind.
const WATCHERS: usize = 1000;

/// Annotations by which an event is recognised.
const MARK: &[u8] = b"\"bench-probe\":\"";

const MERGE: &str = "application/merge-patch+json";

/// An open watch, and what came of it.
struct Watch {
    body: Incoming,
    rest: BytesMut,
}

impl Watch {
    async fn open(connection: &Connection, from: &str) -> Result<Self, Fault> {
        let path = format!("{}?watch=1&resourceVersion={from}", all(SUMMARIES));
        let response = connection.send(Method::GET, &path, JSON, None).await?;
        Ok(Self {
            body: response.into_body(),
            rest: BytesMut::new(),
        })
    }

    /// The number of the next event that is a probe's.
    async fn probe(&mut self) -> Result<usize, Fault> {
        loop {
            if let Some(at) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(at + 1);
                if let Some(number) = probe_of(&line) {
                    return Ok(number);
                }
                continue;
            }
            let frame = self.body.frame().await.ok_or("the watch ended")??;
            if let Some(data) = frame.data_ref() {
                self.rest.extend_from_slice(data);
            }
        }
    }
}

fn probe_of(line: &[u8]) -> Option<usize> {
    let at = line.windows(MARK.len()).position(|part| part == MARK)? + MARK.len();
    let digits = line[at..].iter().take_while(|byte| byte.is_ascii_digit());
    std::str::from_utf8(&line[at..at + digits.count()])
        .ok()?
        .parse()
        .ok()
}

async fn newest(connection: &Connection) -> Result<String, Fault> {
    let path = format!("{}?limit=1", all(SUMMARIES));
    let list = connection.get(&path, super::client::METADATA).await?;
    let value: serde_json::Value = serde_json::from_slice(&list)?;
    let version = value["metadata"]["resourceVersion"].as_str();
    Ok(version.ok_or("a list without a version")?.to_owned())
}

/// Changes an object so that its event can be recognised.
async fn change(connection: &Connection, index: usize, number: usize) -> Result<(), Fault> {
    let body = Bytes::from(format!(
        r#"{{"metadata":{{"annotations":{{"bench-probe":"{number}"}}}}}}"#
    ));
    let path = summary_path(index);
    let answer = connection.write(Method::PATCH, &path, MERGE, body).await?;
    version_of(&answer).map(drop).ok_or("no version".into())
}

/// The time from sending a write to its event, while others write.
pub(super) async fn latency(
    api: &Api,
    writers: &[Connection],
    objects: usize,
    figures: &mut Figures,
) -> Result<(), Fault> {
    let connection = api.connect().await?;
    let mut watch = Watch::open(&connection, &newest(&connection).await?).await?;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let reader = tokio::spawn(async move {
        for _ in 0..PROBES {
            sender.send((watch.probe().await?, Instant::now()))?;
        }
        Ok::<(), Fault>(())
    });
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(writers.to_vec(), objects, Arc::clone(&stop));
    let (prober, mut times) = (api.connect().await?, Times::default());
    for number in 0..PROBES {
        tokio::time::sleep(Duration::from_millis(4)).await;
        let begun = Instant::now();
        let (written, event) = tokio::join!(change(&prober, 0, number), seen.recv());
        written?;
        let (heard, at) = event.ok_or("the watch ended")?;
        if heard != number {
            return Err(format!("event {heard} instead of {number}").into());
        }
        times.0.push(at - begun);
    }
    stop.store(true, Ordering::Relaxed);
    load.await??;
    reader.await??;
    let name = "write to its event, 500 writes/s, p99";
    figures.set(name, times.within(0.99));
    let name = "write to its event, 500 writes/s, median";
    figures.set(name, times.within(0.5));
    Ok(())
}

/// Writes at a steady rate until it is stopped.
fn load(
    writers: Vec<Connection>,
    objects: usize,
    stop: Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Result<(), Fault>> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / LOAD * 8);
        let (mut index, mut tasks) = (1, tokio::task::JoinSet::new());
        while !stop.load(Ordering::Relaxed) {
            ticks.tick().await;
            for _ in 0..8 {
                let writer = writers[index % writers.len()].clone();
                let place = 1 + index % (objects - 1).max(1);
                let body = Bytes::from(format!(
                    r#"{{"metadata":{{"annotations":{{"other":"{index}"}}}}}}"#
                ));
                tasks.spawn(async move {
                    let path = summary_path(place);
                    writer.write(Method::PATCH, &path, MERGE, body).await?;
                    Ok::<(), Fault>(())
                });
                index += 1;
            }
            while let Some(done) = tasks.try_join_next() {
                done??;
            }
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(())
    })
}

/// One write, and the time until the last of many watchers has it.
pub(super) async fn fan_out(api: &Api, ids: &[u32], figures: &mut Figures) -> Result<(), Fault> {
    const ROUNDS: usize = 20;
    let connections = api.connections(WATCHERS / 100).await?;
    let from = newest(&connections[0]).await?;
    let (sender, mut heard) = mpsc::unbounded_channel();
    let mut tasks = Vec::new();
    for number in 0..WATCHERS {
        let connection = &connections[number % connections.len()];
        let (mut watch, sender) = (Watch::open(connection, &from).await?, sender.clone());
        tasks.push(tokio::spawn(async move {
            while let Ok(number) = watch.probe().await {
                if sender.send((number, Instant::now())).is_err() {
                    return;
                }
            }
        }));
    }
    let (prober, mut times) = (api.connect().await?, Times::default());
    for round in 0..ROUNDS {
        let begun = Instant::now();
        change(&prober, 0, 1_000_000 + round).await?;
        let mut last = begun;
        for _ in 0..WATCHERS {
            let (number, at) = heard.recv().await.ok_or("the watches ended")?;
            if number != 1_000_000 + round {
                return Err(format!("event {number} in round {round}").into());
            }
            last = last.max(at);
        }
        times.0.push(last - begun);
    }
    let name = "one write to 1000 watchers, the last";
    figures.set(name, times.within(0.5));
    figures.set("memory with 1000 watchers", super::process::memory(ids)?);
    for task in tasks {
        task.abort();
    }
    Ok(())
}
