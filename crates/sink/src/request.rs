//! Requests of the Kubernetes API about results, and what answers mean. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use kubescape_api::{GROUP, VERSION};
use kubescape_posture::Document;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::object::{DIGEST, Patch, ResultKey, ResultObject, ResultResource, patch};
use crate::store::{Expected, IndexPage, IndexRow, StoreError, Write};

/// Rows of one page of the index.
const PAGE: usize = 2_000;

/// An answer to a write is not read: without `spec` it is short.
const SHORT: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const ROWS: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const JSON: &str = "application/json";

/// Who writes, in the record of fields and in logs.
const AGENT: &str = concat!("kubescape/", env!("CARGO_PKG_VERSION"));

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One page of the index.
pub(crate) fn list(resource: ResultResource, after: Option<&str>) -> Request<Bytes> {
    let mut path = format!("/apis/{GROUP}/{VERSION}/{}?limit={PAGE}", resource.plural());
    if let Some(after) = after {
        path.push_str("&continue=");
        path.extend(utf8_percent_encode(after, NON_ALPHANUMERIC));
    }
    build(Method::GET, &path, ROWS, Bytes::new())
}

/// One object without its body.
pub(crate) fn metadata(key: &ResultKey) -> Request<Bytes> {
    build(Method::GET, &path(key), SHORT, Bytes::new())
}

/// A new object.
pub(crate) fn create(object: &ResultObject) -> Result<Request<Bytes>, StoreError> {
    let path = collection(object.resource, &object.namespace);
    let body = text(object, object.document())?;
    Ok(build(Method::POST, &path, SHORT, body))
}

/// Another version of an object.
pub(crate) fn update(object: &ResultObject) -> Result<Request<Bytes>, StoreError> {
    let body = text(object, patch(object))?;
    let mut request = build(Method::PATCH, &path(&object.key()), SHORT, body);
    let kind = header::HeaderValue::from_static("application/json-patch+json");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(request)
}

/// Where many writes go at once.
const BATCHES: &str = "configurationscanbatches";

#[derive(Serialize)]
struct Item<'a> {
    verb: &'static str,
    resource: &'static str,
    namespace: &'a str,
    name: &'a str,
    object: Content<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Whole(Document<'a>),
    Patch(Patch<'a>),
    Nothing,
}

/// Many writes of different objects, each the JSON of an item.
pub(crate) fn batch(items: &[Vec<u8>]) -> Request<Bytes> {
    let size: usize = items.iter().map(|item| item.len() + 1).sum();
    let mut body = Vec::with_capacity(size + 16);
    body.extend_from_slice(b"{\"items\":[");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(item);
    }
    body.extend_from_slice(b"]}");
    let path = format!("/apis/{GROUP}/{VERSION}/{BATCHES}");
    build(Method::POST, &path, JSON, body.into())
}

/// One write of a batch.
pub(crate) fn item(write: &Write) -> Result<Vec<u8>, StoreError> {
    let key = write.key();
    let (verb, content) = match write {
        Write::Put(object, Expected::Absent) => ("create", object.document().map(Content::Whole)),
        Write::Put(object, Expected::Present) => ("patch", patch(object).map(Content::Patch)),
        Write::Delete(_) => ("delete", Ok(Content::Nothing)),
    };
    let item = Item {
        verb,
        resource: key.resource.plural(),
        namespace: &key.namespace,
        name: &key.name,
        object: content.map_err(|error| no_json(&error))?,
    };
    serde_json::to_vec(&item).map_err(|error| no_json(&error))
}

#[derive(Deserialize)]
struct Answers<'a> {
    #[serde(borrow)]
    items: Vec<ItemAnswer<'a>>,
}

#[derive(Deserialize)]
struct ItemAnswer<'a> {
    code: u16,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

/// What came of each write of a batch.
pub(crate) fn answers(body: &[u8]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let answers: Answers<'_> = serde_json::from_slice(body)
        .map_err(|error| StoreError::Failed(format!("answers that cannot be read: {error}")))?;
    let each = answers.items.into_iter().map(|item| {
        if (200..300).contains(&item.code) {
            return Ok(());
        }
        let status = item.status.map_or("", RawValue::get);
        Err(failure(&Answer {
            code: item.code,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(status.as_bytes()),
        }))
    });
    Ok(each.collect())
}

/// An object goes.
pub(crate) fn delete(key: &ResultKey) -> Request<Bytes> {
    build(Method::DELETE, &path(key), JSON, Bytes::new())
}

fn text<T: Serialize>(
    object: &ResultObject,
    content: Result<T, serde_json::Error>,
) -> Result<Bytes, StoreError> {
    let content = content.map_err(|error| no_json(&error))?;
    let mut text = Vec::with_capacity(object.spec.len() + 2048);
    serde_json::to_writer(&mut text, &content).map_err(|error| no_json(&error))?;
    Ok(text.into())
}

fn no_json(error: &serde_json::Error) -> StoreError {
    StoreError::Refused {
        code: 400,
        why: format!("the spec is no JSON: {error}"),
    }
}

fn collection(resource: ResultResource, namespace: &str) -> String {
    let namespace = utf8_percent_encode(namespace, NON_ALPHANUMERIC);
    let plural = resource.plural();
    format!("/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{plural}")
}

fn path(key: &ResultKey) -> String {
    let name = utf8_percent_encode(&key.name, NON_ALPHANUMERIC);
    format!("{}/{name}", collection(key.resource, &key.namespace))
}

fn build(method: Method, path: &str, accept: &'static str, body: Bytes) -> Request<Bytes> {
    let sends = !body.is_empty();
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // Segments are encoded, so that there is nothing that could not be parsed.
    *request.uri_mut() = path.parse().unwrap_or_default();
    let headers = request.headers_mut();
    let value = header::HeaderValue::from_static;
    headers.insert(header::ACCEPT, value(accept));
    headers.insert(header::USER_AGENT, value(AGENT));
    if sends {
        headers.insert(header::CONTENT_TYPE, value(JSON));
    }
    request
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMeta,
    items: Vec<Row>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct Row {
    metadata: RowMeta,
}

#[derive(Deserialize)]
struct RowMeta {
    name: Box<str>,
    #[serde(default)]
    namespace: Box<str>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// What a page says.
pub(crate) fn page(resource: ResultResource, body: &[u8]) -> Result<IndexPage, StoreError> {
    let list: List = serde_json::from_slice(body)
        .map_err(|error| StoreError::Failed(format!("a list that cannot be read: {error}")))?;
    let rows = list.items.into_iter().map(|item| {
        let mut metadata = item.metadata;
        IndexRow {
            digest: metadata.annotations.remove(DIGEST),
            labels: metadata.labels,
            key: ResultKey {
                resource,
                namespace: metadata.namespace,
                name: metadata.name,
            },
        }
    });
    Ok(IndexPage {
        rows: rows.collect(),
        next: Some(list.metadata.next).filter(|next| !next.is_empty()),
    })
}

/// The annotations of one object.
pub(crate) fn annotations(body: &[u8]) -> Result<BTreeMap<String, String>, StoreError> {
    let row: Row = serde_json::from_slice(body)
        .map_err(|error| StoreError::Failed(format!("a result that cannot be read: {error}")))?;
    Ok(row.metadata.annotations)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    message: String,
    reason: String,
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    name: String,
}

/// What an answer that is no success means.
pub(crate) fn failure(answer: &Answer) -> StoreError {
    let status: Status = serde_json::from_slice(&answer.body).unwrap_or_default();
    let why = if status.message.is_empty() {
        let text = String::from_utf8_lossy(&answer.body);
        let start: String = text.trim().chars().take(200).collect();
        format!("HTTP {} {start}", answer.code)
    } else {
        status.message
    };
    let after = || {
        let value = answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        // Nobody is obeyed for longer than this.
        Some(Duration::from_secs(value.parse::<u64>().ok()?.min(60)))
    };
    let unavailable = |busy| StoreError::Unavailable {
        why: why.clone(),
        code: answer.code,
        after: after(),
        busy,
    };
    match answer.code {
        // Without an object's name it is the whole group that is not there.
        404 if status.kind == "Status"
            && status
                .details
                .is_some_and(|details| !details.name.is_empty()) =>
        {
            StoreError::Gone
        }
        410 => StoreError::Expired,
        409 if status.reason == "AlreadyExists" => StoreError::Refused { code: 409, why },
        // Another writer was faster: the same again.
        409 | 429 => unavailable(true),
        401 | 404 | 408 | 502 | 503 | 504 => unavailable(false),
        507 | 400..=499 => StoreError::Refused {
            code: answer.code,
            why,
        },
        _ => StoreError::Failed(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16, body: &str) -> StoreError {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("7"));
        failure(&Answer {
            code,
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    #[test]
    fn only_a_named_object_is_gone() {
        let named = r#"{"kind":"Status","reason":"NotFound","details":{"name":"a"}}"#;
        assert_eq!(answered(404, named), StoreError::Gone);
        let group = answered(404, "404 page not found\n");
        assert!(matches!(group, StoreError::Unavailable { .. }), "{group}");
    }

    #[test]
    fn a_busy_storage_says_when_to_come_back() {
        let seven = Some(Duration::from_secs(7));
        match answered(429, "{}") {
            StoreError::Unavailable { after, busy, .. } => assert_eq!((after, busy), (seven, true)),
            other => panic!("{other}"),
        }
        match answered(503, "error trying to reach service") {
            StoreError::Unavailable { why, busy, .. } => {
                assert!(why.contains("error trying to reach service"));
                assert!(!busy);
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn refusals_are_about_one_object() {
        for code in [400, 403, 413, 415, 422, 507] {
            let text = r#"{"kind":"Status","message":"no"}"#;
            let why = "no".to_owned();
            assert_eq!(answered(code, text), StoreError::Refused { code, why });
        }
        assert!(matches!(answered(500, ""), StoreError::Failed(_)));
    }

    #[test]
    fn odd_names_stay_one_segment() {
        let key = ResultKey {
            resource: ResultResource::Summary,
            namespace: "a/b".into(),
            name: "c?d e".into(),
        };
        let request = delete(&key);
        let end = "namespaces/a%2Fb/workloadconfigurationscansummaries/c%3Fd%20e";
        assert!(request.uri().path().ends_with(end), "{}", request.uri());
    }
}
