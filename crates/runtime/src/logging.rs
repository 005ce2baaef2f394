//! Log lines: JSON with upstream's keys, or a form for people. Never a secret.
//!
//! A JSON line is `{"level":"info","ts":"2026-…Z","msg":"…",…}` with the fields of the
//! event and of all spans around it beside these; a span made with `jobId` and
//! `parentId` so puts both on every line of an action.

mod fields;
mod layer;
mod redact;

use std::io::{IsTerminal, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use layer::LogLayer;
pub use redact::redact;

use crate::config::{FromConfig, Raw, Reader};
use crate::traces::{TraceGuard, TraceOptions};

/// The least important lines that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything, also of libraries.
    Trace,
    /// Our own steps.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What should be looked at.
    Warning,
    /// What failed.
    Error,
}

impl LogLevel {
    pub(crate) fn filter(self) -> LevelFilter {
        match self {
            LogLevel::Trace => LevelFilter::TRACE,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Warning => LevelFilter::WARN,
            LogLevel::Error => LevelFilter::ERROR,
        }
    }
}

impl FromConfig for LogLevel {
    const WANTED: &'static str = "debug, info, warning, error or fatal";

    /// Upstream's names; its `success` is between info and debug.
    fn from_config(raw: Raw<'_>) -> Option<Self> {
        Some(match String::from_config(raw)?.to_lowercase().as_str() {
            "trace" => LogLevel::Trace,
            "debug" => LogLevel::Debug,
            "info" | "success" => LogLevel::Info,
            "warning" | "warn" => LogLevel::Warning,
            "error" | "fatal" => LogLevel::Error,
            _ => return None,
        })
    }
}

/// The form of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Human,
    /// No lines at all.
    None,
}

impl FromConfig for LogFormat {
    const WANTED: &'static str = "zap (JSON), pretty or none";

    /// Upstream names its loggers; `json` and `human` say the same plainly.
    fn from_config(raw: Raw<'_>) -> Option<Self> {
        Some(match String::from_config(raw)?.to_lowercase().as_str() {
            "zap" | "json" => LogFormat::Json,
            "pretty" | "human" => LogFormat::Human,
            "none" => LogFormat::None,
            _ => return None,
        })
    }
}

/// How to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// The least important lines that are written.
    pub level: LogLevel,
    /// Their form.
    pub format: LogFormat,
}

impl Default for LogOptions {
    /// Information, for people on a terminal and else as JSON.
    fn default() -> Self {
        Self {
            level: LogLevel::default(),
            format: if std::io::stderr().is_terminal() {
                LogFormat::Human
            } else {
                LogFormat::Json
            },
        }
    }
}

impl LogOptions {
    /// From `KS_LOGGER_LEVEL` and `KS_LOGGER_NAME`.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let default = Self::default();
        Self {
            level: reader.variable("KS_LOGGER_LEVEL").or(default.level),
            format: reader.variable("KS_LOGGER_NAME").or(default.format),
        }
    }
}

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// Something else receives this process's events already.
    #[error("logging was started already")]
    Started,
    /// The exporter of traces cannot be made.
    #[error("traces to {endpoint}: {reason}: correct OTEL_COLLECTOR_SVC, or unset it")]
    Traces {
        /// Where to.
        endpoint: String,
        /// What the exporter said.
        reason: String,
    },
}

/// Starts logging to standard error, and traces where they are asked for. Hold what
/// is returned, and finish it last: that sends the last traces.
///
/// # Errors
///
/// Started already, or traces cannot be sent as asked.
pub fn start(log: LogOptions, traces: &TraceOptions) -> Result<TraceGuard, TelemetryError> {
    let output: Box<dyn Write + Send> = match log.format {
        LogFormat::None => Box::new(std::io::sink()),
        LogFormat::Json | LogFormat::Human => Box::new(std::io::stderr()),
    };
    let layer = LogLayer::new(log, output).filtered();
    let (traces, guard) = crate::traces::layer(traces)?;
    tracing_subscriber::registry()
        .with(layer)
        .with(traces)
        .try_init()
        .map_err(|_| TelemetryError::Started)?;
    guard.report();
    Ok(guard)
}
