//! Bills of materials of many megabytes.

use bytes::Bytes;
use http::Method;

use super::client::{Api, JSON, TABLE, drain};
use super::figures::Figures;
use super::objects::{
    SBOMS, SUMMARIES, all, sbom, sbom_name, sbom_spec, summary, summary_place, version_of, within,
};
use super::{Fault, light, process};

/// Summaries beside the large objects.
const SUMMARY_COUNT: usize = 10_000;

/// Connections that write and read at once.
const AT_ONCE: usize = 2;

/// What is measured of a server with large objects.
pub(super) async fn run(
    api: &Api,
    ids: &[u32],
    count: usize,
    megabytes: usize,
    figures: &mut Figures,
) -> Result<(), Fault> {
    let connections = api.connections(AT_ONCE).await?;
    let spec = sbom_spec(megabytes * 1_000_000);
    let (sender, mut versions) = tokio::sync::mpsc::unbounded_channel();
    process::forget_peak(ids);
    let shared = spec.clone();
    let rate = light::spread(&connections, count, move |connection, index| {
        let (body, sender) = (sbom(index, &shared, None), sender.clone());
        async move {
            let path = within(SBOMS, "kubescape");
            let content = Some((JSON, body));
            let answer = connection.send(Method::POST, &path, JSON, content).await?;
            sender.send((index, first_version(answer).await?))?;
            Ok(())
        }
    });
    let size = spec.len() as f64 / 1e6;
    figures.set("large objects, written", rate.await? * size);
    let name = "memory, peak of writing large objects";
    figures.set(name, process::peak(ids)?);
    let mut known = Vec::new();
    while let Some(version) = versions.recv().await {
        known.push(version);
    }
    updates(&connections, ids, &spec, known, figures).await?;
    reads(&connections, ids, count, size, figures).await?;
    tables(api, figures).await
}

/// The version that an answer names; the rest is read and dropped.
async fn first_version(answer: http::Response<hyper::body::Incoming>) -> Result<String, Fault> {
    use http_body_util::BodyExt as _;
    let (parts, mut body) = answer.into_parts();
    let first = body.frame().await.ok_or("no body")??;
    let head = first.into_data().map_err(|_| "no data")?;
    let mut start = head.to_vec();
    while version_of(&start).is_none() && start.len() < 1 << 16 {
        let next = body.frame().await.ok_or("no version")??;
        start.extend_from_slice(&next.into_data().unwrap_or_default());
    }
    let version = version_of(&start).ok_or("no version")?.to_owned();
    drain(http::Response::from_parts(parts, body)).await?;
    Ok(version)
}

async fn updates(
    connections: &[super::client::Connection],
    ids: &[u32],
    spec: &Bytes,
    known: Vec<(usize, String)>,
    figures: &mut Figures,
) -> Result<(), Fault> {
    // Another digit somewhere inside.
    let changed =
        String::from_utf8(spec.to_vec())?.replace("\"version\":\"12\"", "\"version\":\"13\"");
    let (count, changed) = (known.len(), Bytes::from(changed));
    process::forget_peak(ids);
    light::spread(connections, count, move |connection, at| {
        let (index, version) = &known[at];
        let body = sbom(*index, &changed, Some(version));
        let path = format!("{}/{}", within(SBOMS, "kubescape"), sbom_name(*index));
        async move {
            let content = Some((JSON, body));
            drain(connection.send(Method::PUT, &path, JSON, content).await?).await?;
            Ok(())
        }
    })
    .await?;
    let name = "memory, peak of updating large objects";
    figures.set(name, process::peak(ids)?);
    Ok(())
}

async fn reads(
    connections: &[super::client::Connection],
    ids: &[u32],
    count: usize,
    size: f64,
    figures: &mut Figures,
) -> Result<(), Fault> {
    process::forget_peak(ids);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let least = (size * 1e6) as usize;
    let rate = light::spread(connections, count, move |connection, index| async move {
        let path = format!("{}/{}", within(SBOMS, "kubescape"), sbom_name(index));
        if connection.count(&path, JSON).await? < least {
            return Err("an object came back smaller".into());
        }
        Ok(())
    });
    figures.set("large objects, read whole", rate.await? * size);
    let name = "memory, peak of reading large objects";
    figures.set(name, process::peak(ids)?);
    Ok(())
}

async fn tables(api: &Api, figures: &mut Figures) -> Result<(), Fault> {
    let writers = api.connections(16).await?;
    let made = light::spread(&writers, SUMMARY_COUNT, |connection, index| async move {
        let path = within(SUMMARIES, &summary_place(index).0);
        let body = summary(index, None, 1);
        connection.write(Method::POST, &path, JSON, body).await?;
        Ok(())
    });
    made.await?;
    let mut times = light::often(&writers[0], 5, TABLE, |_| all(SBOMS)).await?;
    figures.set("large objects, table", times.within(0.5));
    let mut times = light::often(&writers[0], 5, TABLE, |_| all(SUMMARIES)).await?;
    let name = "10,000 summaries beside them, table";
    figures.set(name, times.within(0.5));
    Ok(())
}
