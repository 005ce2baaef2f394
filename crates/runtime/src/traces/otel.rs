//! The exporter.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

use super::{TraceGuard, TraceOptions};
use crate::logging::TelemetryError;

/// For which a batch may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The layer that sends spans, and what keeps it alive. Has to be called on a Tokio
/// runtime, which the connection lives on.
pub(crate) fn layer<S>(
    options: &TraceOptions,
) -> Result<(Option<impl Layer<S> + use<S>>, TraceGuard), TelemetryError>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let Some(collector) = &options.collector else {
        return Ok((None, TraceGuard::default()));
    };
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint(collector))
        .with_timeout(TIMEOUT)
        .build()
        .map_err(|error| TelemetryError::Traces {
            endpoint: collector.clone(),
            reason: error.to_string(),
        })?;
    let resource = Resource::builder()
        .with_service_name(options.service.clone())
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build();
    // The exporter's own connection must not make spans of its sending.
    let ours = filter_fn(|metadata| metadata.target().starts_with("kubescape"))
        .with_max_level_hint(LevelFilter::INFO);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("kubescape"))
        .with_filter(ours);
    let guard = TraceGuard {
        missing: None,
        provider: Some(provider),
    };
    Ok((Some(layer), guard))
}

/// Upstream takes `HOST:PORT`; a whole URL is taken, too.
fn endpoint(collector: &str) -> String {
    if collector.contains("://") {
        return collector.to_owned();
    }
    format!("http://{collector}")
}
