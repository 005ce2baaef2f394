//! Pages that never change while the server runs: discovery, OpenAPI, version.
//! Made once, so that they answer at once, whatever else goes on.

use std::fmt::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Response};
use kubescape_api::{GROUP, VERSION, openapi};
use kubescape_apimachinery::negotiate::{Discovery, accept_discovery, accept_openapi};
use kubescape_apimachinery::{Failure, Format};
use kubescape_runtime::serve::Body;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::discovery::{self, Aggregated};
use crate::respond;
use crate::server::accept_header;

pub(crate) struct Documents {
    legacy: Value,
    groups: Value,
    group: Value,
    resources: Value,
    version: Value,
    v2: Bytes,
    v2beta1: Bytes,
    /// Without groups: what `/api` says in the aggregated form.
    none: [Bytes; 2],
}

/// The OpenAPI documents: made when somebody first asks, as they take longer than
/// all else that stands between the start and discovery.
static OPENAPI: LazyLock<OpenApi> = LazyLock::new(|| {
    let v3 = Hashed::new(&openapi::v3());
    OpenApi {
        v2: Hashed::new(&openapi::v2()),
        v3_index: Hashed::new(&openapi::v3_index(&v3.hash)),
        v3,
    }
});

struct OpenApi {
    v2: Hashed,
    v3: Hashed,
    v3_index: Hashed,
}

/// A text and what names it.
struct Hashed {
    text: Bytes,
    hash: String,
}

impl Hashed {
    fn new(value: &Value) -> Self {
        let text = value.to_string();
        let hash = Sha256::digest(&text);
        let hash = hash.iter().fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02X}");
            text
        });
        Self {
            text: text.into(),
            hash,
        }
    }
}

impl Documents {
    pub(crate) fn new(computed: bool) -> Self {
        let text = |value: &Value| Bytes::from(value.to_string());
        let forms = [Aggregated::V2, Aggregated::V2Beta1];
        Self {
            legacy: discovery::legacy_versions(),
            groups: discovery::groups(),
            group: discovery::group(),
            resources: discovery::resources(computed),
            version: version(),
            v2: text(&discovery::aggregated(Aggregated::V2, computed)),
            v2beta1: text(&discovery::aggregated(Aggregated::V2Beta1, computed)),
            none: forms.map(|form| text(&discovery::aggregated_none(form))),
        }
    }

    /// The page of that path, if it is one of ours.
    pub(crate) fn answer(
        &self,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Response<Body>>, Failure> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let below = path.strip_prefix("/apis/").unwrap_or_default();
        Ok(Some(match path {
            "/api" => Self::aggregated(headers, &self.legacy, &self.none)?,
            "/apis" => {
                let forms = [self.v2.clone(), self.v2beta1.clone()];
                Self::aggregated(headers, &self.groups, &forms)?
            }
            "/version" => respond::value(200, Format::Json, &self.version),
            "/openapi/v2" => hashed(&OPENAPI.v2, headers, None)?,
            "/openapi/v3" => hashed(&OPENAPI.v3_index, headers, None)?,
            _ if below == GROUP => plain(headers, &self.group)?,
            _ if below.split_once('/') == Some((GROUP, VERSION)) => {
                plain(headers, &self.resources)?
            }
            _ => match path.strip_prefix("/openapi/v3/apis/") {
                Some(rest) if rest.split_once('/') == Some((GROUP, VERSION)) => {
                    // The address has the hash, so that the page never changes.
                    hashed(
                        &OPENAPI.v3,
                        headers,
                        Some("public, immutable, max-age=31536000"),
                    )?
                }
                _ => return Ok(None),
            },
        }))
    }

    fn aggregated(
        headers: &HeaderMap,
        list: &Value,
        forms: &[Bytes; 2],
    ) -> Result<Response<Body>, Failure> {
        let chosen = accept_discovery(accept_header(headers), true)?;
        let mut response = match chosen {
            Discovery::Plain(format) => respond::value(200, format, list),
            Discovery::V2 => respond::bytes(200, chosen.content_type(), forms[0].clone()),
            Discovery::V2Beta1 => respond::bytes(200, chosen.content_type(), forms[1].clone()),
        };
        let vary = HeaderValue::from_static("Accept");
        response.headers_mut().insert(header::VARY, vary);
        Ok(response)
    }
}

fn plain(headers: &HeaderMap, value: &Value) -> Result<Response<Body>, Failure> {
    let format = match accept_discovery(accept_header(headers), false)? {
        Discovery::Plain(format) => format,
        Discovery::V2 | Discovery::V2Beta1 => Format::Json,
    };
    Ok(respond::value(200, format, value))
}

/// A page that a client which has it already need not get again.
fn hashed(
    page: &Hashed,
    headers: &HeaderMap,
    keep: Option<&'static str>,
) -> Result<Response<Body>, Failure> {
    let format = accept_openapi(accept_header(headers))?;
    let tag = format!("\"{}\"", page.hash);
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|one| one.trim().trim_start_matches("W/") == tag)
        });
    let mut response = if known {
        respond::bytes(304, format.media_type(), Bytes::new())
    } else {
        respond::bytes(200, format.media_type(), page.text.clone())
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    if let Some(keep) = keep {
        let keep = HeaderValue::from_static(keep);
        response.headers_mut().insert(header::CACHE_CONTROL, keep);
    }
    Ok(response)
}

/// `/version`: kubectl compares it with its own, so that the numbers are those
/// of the Kubernetes whose ways we follow.
fn version() -> Value {
    json!({
        "major": "1",
        "minor": "34",
        "gitVersion": format!("v1.34.0+kubescape-{}", env!("CARGO_PKG_VERSION")),
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, arch()),
    })
}

/// As Go names it.
fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
