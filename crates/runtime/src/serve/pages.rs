//! The pages that every role has.

use hyper::{Method, Request, Response};

use super::body::{Body, text};
use crate::health::Health;
use crate::metrics::Metrics;

/// The answer to `/livez`, `/readyz`, `/healthz` and, when given, `/metrics`; `None`
/// for all other paths. Who may see them is the caller's business.
pub fn page<B>(
    request: &Request<B>,
    health: &Health,
    metrics: Option<&Metrics>,
) -> Option<Response<Body>> {
    let path = request.uri().path();
    let (code, content_type, body) = match metrics {
        Some(metrics) if path == "/metrics" => (200, Metrics::CONTENT_TYPE, metrics.text()),
        _ => {
            let answer = health.answer(path, request.uri().query())?;
            (answer.code, "text/plain; charset=utf-8", answer.body)
        }
    };
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return Some(text(
            405,
            "text/plain; charset=utf-8",
            "method not allowed\n",
        ));
    }
    Some(text(code, content_type, body))
}
