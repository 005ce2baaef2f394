//! Writes events as lines.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::{LogFormat, LogLevel, LogOptions};

/// Libraries whose debug lines help nobody but their authors.
const NOISY: [&str; 8] = [
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "reqwest",
    "rustls",
    "tokio",
    "tower",
];

/// The layer that writes log lines to an output, each in one write.
pub struct LogLayer {
    options: LogOptions,
    output: Mutex<Box<dyn Write + Send>>,
}

impl LogLayer {
    /// Lines of at least the level of `options` go to `output`, once
    /// [`LogLayer::filtered`].
    pub fn new(options: LogOptions, output: Box<dyn Write + Send>) -> Self {
        Self {
            options,
            output: Mutex::new(output),
        }
    }

    /// With its level applied, to be given to a registry.
    pub fn filtered<S>(self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let level = self.options.level;
        let filter = filter_fn(move |metadata| is_wanted(metadata, level))
            .with_max_level_hint(level.filter());
        self.with_filter(filter)
    }

    fn line(&self, level: Level, fields: &Fields) -> String {
        let now = jiff::Timestamp::now();
        let mut line = String::with_capacity(256);
        // Writing to a String cannot fail.
        let _ = match self.options.format {
            LogFormat::Json => json(&mut line, level, now, fields),
            LogFormat::Human => human(&mut line, level, now, fields),
            LogFormat::None => return line,
        };
        line.push('\n');
        line
    }
}

/// Libraries that tell of every failed request what their callers tell, too, with
/// its reason and once.
const ECHOES: [&str; 1] = ["kube_client"];

fn is_wanted(metadata: &Metadata<'_>, level: LogLevel) -> bool {
    let root = metadata.target().split("::").next().unwrap_or_default();
    if NOISY.contains(&root) && level != LogLevel::Trace {
        return *metadata.level() <= Level::WARN && *metadata.level() <= level.filter();
    }
    if ECHOES.contains(&root) && !matches!(level, LogLevel::Debug | LogLevel::Trace) {
        return false;
    }
    *metadata.level() <= level.filter()
}

fn json(
    line: &mut String,
    level: Level,
    now: jiff::Timestamp,
    fields: &Fields,
) -> std::fmt::Result {
    let level = match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        _ => "debug",
    };
    let message = Value::from(fields.message.as_str());
    write!(
        line,
        r#"{{"level":"{level}","ts":"{now:.3}","msg":{message}"#
    )?;
    for (name, value) in &fields.others {
        // A field must not pass for one of the line's own.
        let own = ["level", "ts", "msg"].contains(name);
        let name = if own {
            format!("field.{name}")
        } else {
            (*name).to_owned()
        };
        write!(line, ",{}:{value}", Value::from(name))?;
    }
    line.push('}');
    Ok(())
}

fn human(
    line: &mut String,
    level: Level,
    now: jiff::Timestamp,
    fields: &Fields,
) -> std::fmt::Result {
    write!(line, "{now:.0} {level:<5} {}", plain(&fields.message))?;
    for (name, value) in &fields.others {
        match value {
            Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => {
                write!(line, " {name}={}", plain(text))?;
            }
            value => write!(line, " {name}={value}")?,
        }
    }
    Ok(())
}

/// Without control characters: nobody else's text makes lines or colours of ours.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                for (name, value) in &of_span.others {
                    fields.set(name, value.clone());
                }
            }
        }
        event.record(&mut fields);
        let line = self.line(*event.metadata().level(), &fields);
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // Where a log cannot be written there is nowhere to say so.
        let _ = output.write_all(line.as_bytes());
    }
}
