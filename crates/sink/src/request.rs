//! Requests of the Kubernetes API about results, and what answers mean. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use kubescape_api::{GROUP, VERSION};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::object::{DIGEST, ResultKey, ResultObject, ResultResource};
use crate::store::{IndexPage, IndexRow, StoreError};

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

/// A new object.
pub(crate) fn create(object: &ResultObject) -> Result<Request<Bytes>, StoreError> {
    let path = collection(object.resource, &object.namespace);
    Ok(build(Method::POST, &path, SHORT, text(object)?))
}

/// Another version of an object.
pub(crate) fn update(object: &ResultObject) -> Result<Request<Bytes>, StoreError> {
    let path = path(&object.key());
    Ok(build(Method::PUT, &path, SHORT, text(object)?))
}

/// An object goes.
pub(crate) fn delete(key: &ResultKey) -> Request<Bytes> {
    build(Method::DELETE, &path(key), JSON, Bytes::new())
}

fn text(object: &ResultObject) -> Result<Bytes, StoreError> {
    let text = object.document().map_err(|error| StoreError::Refused {
        code: 400,
        why: format!("the spec is no JSON: {error}"),
    })?;
    Ok(text.into())
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
    items: Vec<Item>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct Item {
    metadata: ItemMeta,
}

#[derive(Deserialize)]
struct ItemMeta {
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
