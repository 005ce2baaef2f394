//! Traces to an OpenTelemetry collector, where one is named; needs feature `otel`.

use crate::config::Reader;

#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otel")]
pub(crate) use otel::layer;

/// Where traces go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceOptions {
    /// The service's name in traces: `storage`.
    pub service: String,
    /// `HOST:PORT` of a collector that takes OTLP over gRPC; `None`: no traces.
    pub collector: Option<String>,
}

impl TraceOptions {
    /// From `OTEL_COLLECTOR_SVC`, as the chart sets it.
    pub fn read(service: &str, reader: &mut Reader<'_>) -> Self {
        Self {
            service: service.to_owned(),
            collector: reader.variable("OTEL_COLLECTOR_SVC").get(),
        }
    }
}

/// Keeps traces flowing; [`TraceGuard::finish`] sends the last.
#[derive(Debug, Default)]
#[must_use = "finish it last"]
pub struct TraceGuard {
    /// Named, but this program was built without the feature.
    missing: Option<String>,
    #[cfg(feature = "otel")]
    provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

impl TraceGuard {
    /// Sends what is still waiting, for at most 5 s. Blocks: call it after the
    /// runtime's work is done.
    pub fn finish(self) {
        #[cfg(feature = "otel")]
        if let Some(provider) = &self.provider {
            let _ = provider.shutdown_with_timeout(std::time::Duration::from_secs(5));
        }
    }

    pub(crate) fn report(&self) {
        if let Some(collector) = &self.missing {
            tracing::warn!(
                collector,
                "OTEL_COLLECTOR_SVC is set, but this program was built without traces (feature otel)"
            );
        }
    }
}

#[cfg(not(feature = "otel"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the form with the feature can fail"
)]
pub(crate) fn layer(
    options: &TraceOptions,
) -> Result<(Option<tracing_subscriber::layer::Identity>, TraceGuard), crate::logging::TelemetryError>
{
    let guard = TraceGuard {
        missing: options.collector.clone(),
    };
    Ok((None, guard))
}
