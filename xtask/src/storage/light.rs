//! Many small objects: writes, lists, and what they cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::Method;

use super::client::{Api, Connection, JSON, METADATA, TABLE};
use super::figures::{Figures, Times};
use super::objects::{
    SUMMARIES, all, batch, summary, summary_path, summary_place, version_of, within,
};
use super::{Fault, process, watch};

/// Connections that write at once.
const WRITERS: usize = 64;

/// How often a short list is read.
const READS: usize = 200;

/// What is measured of a server with small objects; of the peer only what it
/// offers and keeps up with.
pub(super) async fn run(
    api: &Api,
    ids: &[u32],
    objects: usize,
    ours: bool,
    figures: &mut Figures,
) -> Result<(), Fault> {
    let writers = api.connections(WRITERS).await?;
    let before = process::used(ids)?;
    let versions = writes(&writers, objects, figures).await?;
    let between = process::used(ids)?;
    updates(&writers, &versions, figures).await?;
    let after = process::used(ids)?;
    let each = |seconds: f64, count: usize| seconds / count as f64 * 1e6;
    let time = each(between - before, objects);
    figures.set("processor time of a create", time);
    let time = each(after - between, versions.len());
    figures.set("processor time of an update", time);
    patches(&writers, objects, ours, figures).await?;
    let reader = api.connect().await?;
    lists(&reader, objects, figures).await?;
    if ours {
        // More writes a second than the peer can do.
        watch::latency(api, &writers, objects, figures).await?;
    }
    watch::fan_out(api, ids, figures).await?;
    figures.set("memory, peak of all this", process::peak(ids)?);
    Ok(())
}

/// Does something for each index up to `count`, one at a time on each
/// connection. Gives how often it was done in a second.
pub(super) async fn spread<F, R>(
    connections: &[Connection],
    count: usize,
    work: F,
) -> Result<f64, Fault>
where
    F: Fn(Connection, usize) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(), Fault>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for connection in connections {
        let (connection, next, work) = (connection.clone(), Arc::clone(&next), work.clone());
        tasks.push(tokio::spawn(async move {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return Ok::<(), Fault>(());
                }
                work(connection.clone(), index).await?;
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// Creates all objects; gives the versions of the first ones.
async fn writes(
    writers: &[Connection],
    objects: usize,
    figures: &mut Figures,
) -> Result<Arc<Vec<String>>, Fault> {
    let kept = objects.min(10_000);
    let (sender, mut versions) = tokio::sync::mpsc::unbounded_channel();
    let rate = spread(writers, objects, move |connection, index| {
        let sender = sender.clone();
        async move {
            let path = within(SUMMARIES, &summary_place(index).0);
            let body = summary(index, None, 1);
            let answer = connection.write(Method::POST, &path, JSON, body).await?;
            if index < kept {
                let version = version_of(&answer).ok_or("no version")?.to_owned();
                sender.send((index, version))?;
            }
            Ok(())
        }
    });
    figures.set("creates, 64 connections", rate.await?);
    let mut known = vec![String::new(); kept];
    while let Some((index, version)) = versions.recv().await {
        known[index] = version;
    }
    Ok(Arc::new(known))
}

async fn updates(
    writers: &[Connection],
    versions: &Arc<Vec<String>>,
    figures: &mut Figures,
) -> Result<(), Fault> {
    let (count, versions) = (versions.len(), Arc::clone(versions));
    let rate = spread(writers, count, move |connection, index| {
        let body = summary(index, Some(&versions[index]), 2);
        async move {
            let path = summary_path(index);
            connection.write(Method::PUT, &path, JSON, body).await?;
            Ok(())
        }
    });
    figures.set("updates, 64 connections", rate.await?);
    Ok(())
}

async fn patches(
    writers: &[Connection],
    objects: usize,
    strategic: bool,
    figures: &mut Figures,
) -> Result<(), Fault> {
    let kinds = [
        (
            "merge patches, 64 connections",
            "application/merge-patch+json",
            true,
        ),
        (
            "strategic merge patches, 64 connections",
            "application/strategic-merge-patch+json",
            strategic,
        ),
    ];
    for (number, (name, kind, wanted)) in kinds.into_iter().enumerate() {
        if !wanted {
            continue;
        }
        let rate = spread(
            writers,
            objects.min(10_000),
            move |connection, index| async move {
                let body = Bytes::from(format!(
                    r#"{{"spec":{{"severities":{{"low":{}}},"controls":{{"C-0001":{{"status":{{"status":"failed"}}}}}}}}}}"#,
                    number + 1
                ));
                let path = summary_path(index);
                connection.write(Method::PATCH, &path, kind, body).await?;
                Ok(())
            },
        );
        figures.set(name, rate.await?);
    }
    Ok(())
}

async fn lists(reader: &Connection, objects: usize, figures: &mut Figures) -> Result<(), Fault> {
    let all = all(SUMMARIES);
    let first = format!("{all}?limit=500");
    let mut times = often(reader, READS, METADATA, |_| first.clone()).await?;
    figures.set("metadata, first 500, p99", times.within(0.99));
    figures.set("metadata, first 500, median", times.within(0.5));
    let batches = (objects / 100).max(1);
    let labelled = |at: usize| format!("{all}?{}", batch(at * 37 % batches));
    let mut times = often(reader, READS, METADATA, labelled).await?;
    figures.set("100 by label, metadata, p99", times.within(0.99));
    let mut times = often(reader, READS, JSON, labelled).await?;
    figures.set("100 by label, whole, p99", times.within(0.99));
    let mut times = often(reader, READS, TABLE, |_| first.clone()).await?;
    figures.set("table, first 500, p99", times.within(0.99));
    for (name, accept) in [
        ("metadata, all", METADATA),
        ("table, all", TABLE),
        ("whole objects, all", JSON),
    ] {
        let mut times = often(reader, 3, accept, |_| all.clone()).await?;
        figures.set(name, times.within(0.5));
    }
    Ok(())
}

/// How long each of some reads takes, to the last byte.
pub(super) async fn often(
    reader: &Connection,
    count: usize,
    accept: &str,
    path: impl Fn(usize) -> String,
) -> Result<Times, Fault> {
    let mut times = Times::default();
    for at in 0..count {
        let begun = Instant::now();
        if reader.count(&path(at), accept).await? == 0 {
            return Err("an empty answer".into());
        }
        times.0.push(begun.elapsed());
    }
    Ok(times)
}
