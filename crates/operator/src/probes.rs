//! Probes and metrics, on a port of their own.

use http::{Method, Request, Response};
use kubescape_runtime::Health;
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::serve::{Body, page, text};

const PLAIN: &str = "text/plain; charset=utf-8";

/// Answers `/v1/liveness`, `/v1/readiness`, `/metrics` and the pages that every role has.
pub(crate) fn answer<B>(
    request: &Request<B>,
    health: &Health,
    metrics: &Registry,
) -> Response<Body> {
    let path = request.uri().path();
    if let "/v1/liveness" | "/v1/readiness" = path {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return text(405, PLAIN, "use GET\n");
        }
        return if path == "/v1/liveness" || health.is_ready() {
            text(200, PLAIN, "ok\n")
        } else {
            text(503, PLAIN, "not ready: see /readyz?verbose\n")
        };
    }
    page(request, health, Some(metrics)).unwrap_or_else(|| text(404, PLAIN, "not found\n"))
}
