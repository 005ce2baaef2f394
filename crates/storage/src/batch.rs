//! Many writes of results in one request: `POST …/configurationscanbatches`. Each is
//! what it would be alone, with the rights, rules, events and answer of its own; what
//! is saved is the way here (ADR 9).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::Full;
use kubescape_api::{API_VERSION, GROUP, Resource, VERSION};
use kubescape_apimachinery::{Failure, Format, RequestInfo, Verb};
use kubescape_runtime::serve::{Body, BodyError, BoxError, read_limited};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::auth::{Access, Asked};
use crate::lanes::Held;
use crate::respond;
use crate::rest::{self, Call};
use crate::server::Inner;

/// What the path has in place of a plural. Discovery does not tell of it: there are no
/// such objects.
const PLURAL: &str = "configurationscanbatches";
const KIND: &str = "ConfigurationScanBatch";

/// Kinds that come by thousands.
const KINDS: [&str; 2] = [
    "workloadconfigurationscans",
    "workloadconfigurationscansummaries",
];

const MOST_ITEMS: usize = 512;
const MOST_BYTES: usize = 4 << 20;

/// Items of one batch that are worked on at once, which share commits.
const AT_ONCE: usize = 32;

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    verb: Kind,
    resource: String,
    namespace: String,
    #[serde(default)]
    name: String,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Create,
    /// With a JSON patch.
    Patch,
    Delete,
}

/// One item, ready to be done.
struct One {
    verb: Verb,
    resource: &'static Resource,
    namespace: String,
    name: String,
    body: Bytes,
}

/// Who sent a batch, and how.
struct Sender {
    server: Arc<Inner>,
    asked: Asked,
    headers: HeaderMap,
}

/// Whether a request is about batches.
pub(crate) fn is_batch(info: &RequestInfo) -> bool {
    let ours = info.group == GROUP && info.version == VERSION && info.resource == PLURAL;
    ours && info.namespace.is_empty() && info.name.is_empty() && info.subresource.is_empty()
}

/// Does what a batch asks for. That fails as a whole only when it cannot be read.
pub(crate) async fn serve<B>(
    server: &Arc<Inner>,
    info: &RequestInfo,
    asked: &Asked,
    headers: &HeaderMap,
    body: B,
) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    if info.verb != Verb::Create {
        let verb = info.verb.as_str();
        return Err(Failure::method_not_supported(GROUP, PLURAL, verb));
    }
    let mut held = Held::default();
    let size = body.size_hint().upper().map_or(MOST_BYTES, |size| {
        usize::try_from(size).unwrap_or(MOST_BYTES).min(MOST_BYTES)
    });
    let room = server.lanes.hold_arriving(&mut held, size).await;
    room.map_err(rest::busy)?;
    let text = read_limited(body, MOST_BYTES as u64, server.settings.patience).await;
    let items = items(&text.map_err(|error| unreadable(&error))?)?;
    let sender = Arc::new(Sender {
        server: Arc::clone(server),
        asked: asked.clone(),
        headers: headers_of_items(headers),
    });
    // Tasks of their own, which use all processors; a panic costs one item.
    let tasks = items.into_iter().map(move |item| {
        let sender = Arc::clone(&sender);
        async move {
            tokio::spawn(one(sender, item))
                .await
                .unwrap_or_else(|error| lost(&error))
        }
    });
    let answers = futures_util::stream::iter(tasks).buffered(AT_ONCE);
    let answers: Vec<Value> = answers.collect().await;
    let answer = json!({"kind": KIND, "apiVersion": API_VERSION, "items": answers});
    Ok(respond::value(200, Format::Json, &answer))
}

fn unreadable(error: &BodyError) -> Failure {
    match error {
        BodyError::TooLarge(limit) => Failure::too_large(*limit),
        _ => Failure::bad_request(error.to_string()),
    }
}

/// The items, each with its place in the text.
fn items(text: &Bytes) -> Result<Vec<One>, Failure> {
    let batch: Batch<'_> = serde_json::from_slice(text)
        .map_err(|error| Failure::bad_request(format!("{KIND}: {error}")))?;
    if batch.items.len() > MOST_ITEMS {
        let (count, most) = (batch.items.len(), MOST_ITEMS);
        let why = format!("{KIND} has {count} items, the most is {most}: send several");
        return Err(Failure::bad_request(why));
    }
    let mut seen = HashSet::new();
    let items = batch.items.into_iter().enumerate().map(|(at, item)| {
        let wrong = |why: &str| Failure::bad_request(format!("{KIND}: items[{at}]: {why}"));
        let resource = Resource::by_plural(&item.resource)
            .filter(|resource| KINDS.contains(&resource.plural))
            .ok_or_else(|| wrong(&format!("resource has to be one of {}", KINDS.join(", "))))?;
        if item.namespace.is_empty() || item.name.is_empty() {
            return Err(wrong("namespace and name are needed"));
        }
        // They work at the same time.
        if !seen.insert((resource.plural, item.namespace.clone(), item.name.clone())) {
            return Err(wrong("a second item about the same object: send it apart"));
        }
        let body = match (item.verb, item.object) {
            (Kind::Delete, _) => Bytes::new(),
            (_, Some(object)) => text.slice_ref(object.get().as_bytes()),
            (_, None) => return Err(wrong("object is needed")),
        };
        Ok(One {
            verb: match item.verb {
                Kind::Create => Verb::Create,
                Kind::Patch => Verb::Patch,
                Kind::Delete => Verb::Delete,
            },
            resource,
            namespace: item.namespace,
            name: item.name,
            body,
        })
    });
    items.collect()
}

/// As if each came alone and wanted a short answer.
fn headers_of_items(headers: &HeaderMap) -> HeaderMap {
    let mut all = HeaderMap::new();
    let short = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    all.insert(header::ACCEPT, HeaderValue::from_static(short));
    if let Some(agent) = headers.get(header::USER_AGENT) {
        all.insert(header::USER_AGENT, agent.clone());
    }
    all
}

/// What came of one item: its code, and the `Status` if it failed.
async fn one(sender: Arc<Sender>, item: One) -> Value {
    let begun = Instant::now();
    let (verb, plural) = (item.verb.as_str().to_owned(), item.resource.plural);
    let done = write(&sender, item).await;
    let (code, answer) = match done {
        Ok(code) => (code, json!({"code": code})),
        Err(failure) => (failure.code, failed(&failure)),
    };
    let metrics = &sender.server.metrics;
    metrics.request(&verb, plural, code, begun.elapsed());
    answer
}

fn failed(failure: &Failure) -> Value {
    json!({"code": failure.code, "status": failure.to_status()})
}

fn lost(error: &tokio::task::JoinError) -> Value {
    failed(&Failure::internal(format!("the write failed: {error}")))
}

async fn write(sender: &Sender, item: One) -> Result<u16, Failure> {
    let creates = item.verb == Verb::Create;
    let access = Access {
        verb: item.verb.as_str().to_owned(),
        resource: item.resource.plural.to_owned(),
        namespace: item.namespace.clone(),
        // Who may write some objects by name only has to send each alone: there is one
        // review for all of a namespace.
        name: String::new(),
        path: String::new(),
    };
    let server = &sender.server;
    server.allow_item(&sender.asked, &access).await?;
    if creates && !names(&item.body, &item.name) {
        return Err(Failure::bad_request("metadata.name is not the item's name"));
    }
    let mut headers = sender.headers.clone();
    let kind = match item.verb {
        Verb::Patch => "application/json-patch+json",
        _ => "application/json",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let call = Call {
        server: Arc::clone(server),
        resource: item.resource,
        namespace: item.namespace,
        name: if creates { String::new() } else { item.name },
        query: String::new(),
        headers,
    };
    let response = rest::serve(call, &item.verb, Full::new(item.body)).await?;
    let code = response.status().as_u16();
    // Short, and to be read to its end: that frees what it holds.
    let patience = server.settings.patience;
    let _ = read_limited(response.into_body(), MOST_BYTES as u64, patience).await;
    Ok(code)
}

/// Whether the object has that name: what an item says it is about is what it is.
fn names(object: &[u8], name: &str) -> bool {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Metadata<'a>,
    }
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        name: std::borrow::Cow<'a, str>,
    }
    serde_json::from_slice::<Object<'_>>(object).is_ok_and(|object| object.metadata.name == name)
}
