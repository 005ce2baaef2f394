//! What continuous scanning knows, for those who ask over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use http::Response;
use http::header::{HeaderValue, RETRY_AFTER};
use kubescape_explain::{Explanation, ObjectRef, Progress};
use kubescape_runtime::metrics::Metrics as Registry;
use kubescape_runtime::serve::{Body, full};
use prometheus_client::metrics::gauge::Gauge;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::answer::{content, error};
use crate::query::Query;

/// Knows how far continuous scanning is, and why results are as they are.
#[async_trait]
pub trait Insight: Send + Sync {
    /// Why the result of an object is as it is. Ends by itself within seconds.
    async fn explain(&self, object: ObjectRef) -> Explanation;

    /// How far it is. Does not wait.
    fn progress(&self) -> Progress;
}

/// What is said where nobody scans continuously.
const OFF: &str = "continuous scanning is off here: turn it on with \"continuousPostureScan\": \
    true in clusterData.json, or \"continuousScan\": \"enable\" in capabilities.json, and with \
    KS_STORE_RESULTS not false";

/// Explanations that are worked out at once.
const AT_ONCE: usize = 32;

/// Names and help texts of the numbers of continuous scanning, which are there while
/// it is on.
#[rustfmt::skip]
pub const CONTINUOUS_METRICS: [(&str, &str); 6] = [
    ("kubescape_continuous_objects", "Objects that continuous scanning knows."),
    ("kubescape_continuous_synced", "1 when every kind has been read once."),
    ("kubescape_continuous_to_write", "Resources whose results the lap has still to give away."),
    ("kubescape_continuous_pending_results", "Results that wait to be stored."),
    ("kubescape_continuous_settled", "1 when all that is known is stored."),
    ("kubescape_continuous_gaps", "Reasons why something cannot be read."),
];

/// The endpoints that ask it.
pub(crate) struct Insights {
    insight: Option<Arc<dyn Insight>>,
    explaining: Semaphore,
    registry: Registry,
    /// In the order of [`CONTINUOUS_METRICS`].
    gauges: [Gauge; CONTINUOUS_METRICS.len()],
}

impl Insights {
    pub(crate) fn new(insight: Option<Arc<dyn Insight>>) -> Self {
        let registry = Registry::new();
        let gauges: [Gauge; CONTINUOUS_METRICS.len()] = Default::default();
        for ((name, help), gauge) in CONTINUOUS_METRICS.iter().zip(&gauges) {
            registry.register(name, help, gauge.clone());
        }
        Self {
            insight,
            explaining: Semaphore::new(AT_ONCE),
            registry,
            gauges,
        }
    }

    /// `GET /v1/explain`.
    pub(crate) async fn explain(&self, query: &Query) -> Response<Body> {
        let object = match object(query) {
            Ok(object) => object,
            Err(text) => return error(400, &text),
        };
        let Some(insight) = &self.insight else {
            return error(404, OFF);
        };
        let Ok(_place) = self.explaining.try_acquire() else {
            let mut answer = error(429, "too many ask already: try again after a second");
            let second = HeaderValue::from_static("1");
            answer.headers_mut().insert(RETRY_AFTER, second);
            return answer;
        };
        json(&insight.explain(object).await)
    }

    /// `GET /v1/progress`.
    pub(crate) fn progress(&self) -> Response<Body> {
        match &self.insight {
            Some(insight) => json(&insight.progress()),
            None => error(404, OFF),
        }
    }

    /// This part of the page for Prometheus; empty where nobody scans continuously.
    pub(crate) fn metrics(&self) -> String {
        let Some(insight) = &self.insight else {
            return String::new();
        };
        let progress = insight.progress();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let values = [
            number(progress.objects),
            progress.synced.into(),
            number(progress.to_write),
            number(progress.pending_results),
            progress.settled.into(),
            number(progress.gaps.len()),
        ];
        for (gauge, value) in self.gauges.iter().zip(values) {
            gauge.set(value);
        }
        self.registry.text()
    }
}

/// Which object is meant, or all that is missing.
fn object(query: &Query) -> Result<ObjectRef, String> {
    let text = |name| query.text(name).unwrap_or_default().trim().to_owned();
    let object = ObjectRef {
        api_version: text("apiVersion"),
        kind: text("kind"),
        namespace: text("namespace"),
        name: text("name"),
    };
    let given = [("kind", &object.kind), ("name", &object.name)];
    let missing = given.iter().filter(|(_, text)| text.is_empty());
    let missing: Vec<_> = missing
        .map(|(name, _)| format!("{name}: name the object, as in kind=Deployment&name=cart"))
        .collect();
    if missing.is_empty() {
        Ok(object)
    } else {
        Err(missing.join("; "))
    }
}

fn json<T: Serialize>(answer: &T) -> Response<Body> {
    match serde_json::to_string(answer) {
        Ok(text) => content(200, "application/json", full(text + "\n")),
        Err(problem) => error(500, &format!("the answer cannot be written: {problem}")),
    }
}
