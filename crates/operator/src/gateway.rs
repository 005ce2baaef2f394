//! The websocket to the gateway: commands from the dashboard.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use kubescape_commands::{Unpacked, bson, field};
use prometheus_client::metrics::gauge::Gauge;
use serde_json::Value;
use tokio::time::{Instant, interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use kubescape_runtime::outgoing::Stream;

use crate::dispatch::Dispatcher;
use crate::pool::Pool;
use crate::reports::Reporter;

/// The most bytes of a notification.
const MAX_MESSAGE: usize = 4 << 20;
/// Rounds of pings without any sign of life.
const SILENT: u32 = 3;
/// The longest pause between dials.
const LONGEST: Duration = Duration::from_mins(1);

/// Keeps a connection to the gateway.
pub(crate) struct Gateway {
    dispatcher: Dispatcher,
    pool: Pool,
}

impl Gateway {
    pub(crate) fn new(dispatcher: Dispatcher, pool: Pool) -> Self {
        Self { dispatcher, pool }
    }

    /// Until it is dropped.
    pub(crate) async fn run(&self) {
        let pace = self.dispatcher.config().pace;
        let mut pause = pace.redial;
        let mut complained = false;
        loop {
            let connected = Instant::now();
            match self.dial().await {
                Ok(socket) => {
                    tracing::info!("connected to the gateway");
                    complained = false;
                    let sockets = self.dispatcher.metrics().sockets.clone();
                    // Also when this future is dropped.
                    let _open = Open::new(sockets);
                    let reason = self.listen(socket).await;
                    tracing::info!(reason, "the connection to the gateway ended");
                    self.dispatcher.metrics().watch_restarted("gateway");
                }
                Err(error) if !complained => {
                    complained = true;
                    tracing::warn!(
                        error,
                        "cannot connect to the gateway; trying again and again"
                    );
                }
                Err(_) => {}
            }
            if connected.elapsed() > LONGEST {
                pause = pace.redial;
            }
            tokio::time::sleep(jittered(pause)).await;
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Upstream swaps ws and wss once when the handshake fails; so does this, unless
    /// the address names one of them.
    async fn dial(&self) -> Result<WebSocketStream<Box<dyn Stream>>, String> {
        let config = self.dispatcher.config();
        let address = config.gateway_url.trim_end_matches('/');
        if address.contains("://") {
            return self.dial_at(address).await;
        }
        match self.dial_at(&format!("ws://{address}")).await {
            Err(Dialled::Handshake(_)) => self.dial_at(&format!("wss://{address}")).await,
            done => done,
        }
        .map_err(Into::into)
    }

    async fn dial_at<E: From<Dialled>>(
        &self,
        base: &str,
    ) -> Result<WebSocketStream<Box<dyn Stream>>, E> {
        let config = self.dispatcher.config();
        let account = config
            .backend
            .as_ref()
            .map(|backend| backend.account.as_str());
        let url = format!(
            "{base}/v1/waitfornotification?clusterComponent=InClusterTriggerHandler&clusterName={}&customerGUID={}",
            encoded(&config.cluster),
            encoded(account.unwrap_or_default()),
        );
        let settings = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let dial = async {
            let stream = self.dispatcher.http().connect(&url).await;
            let stream = stream.map_err(|error| Dialled::Connect(error.to_string()))?;
            let done = client_async_with_config(url.as_str(), stream, Some(settings)).await;
            let (socket, _) = done.map_err(|error| Dialled::Handshake(error.to_string()))?;
            Ok::<_, Dialled>(socket)
        };
        let late = Dialled::Connect("the gateway did not answer in time".to_owned());
        timeout(config.pace.answer, dial)
            .await
            .unwrap_or(Err(late))
            .map_err(E::from)
    }

    /// Takes notifications until the connection ends; tells why it did.
    async fn listen(&self, mut socket: WebSocketStream<Box<dyn Stream>>) -> String {
        let pace = self.dispatcher.config().pace;
        let mut pings = interval(pace.ping);
        pings.tick().await;
        let mut silent = 0;
        loop {
            tokio::select! {
                message = socket.next() => {
                    silent = 0;
                    match message {
                        Some(Ok(Message::Text(text))) => self.take(text.as_bytes()),
                        Some(Ok(Message::Binary(bytes))) => self.take(&bytes),
                        Some(Ok(Message::Close(_))) | None => return "closed".to_owned(),
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return error.to_string(),
                    }
                }
                _ = pings.tick() => {
                    silent += 1;
                    if silent > SILENT {
                        return "the gateway is silent".to_owned();
                    }
                    let ping = socket.send(Message::Ping(Vec::new().into()));
                    match timeout(pace.answer, ping).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => return error.to_string(),
                        Err(_) => return "the gateway takes nothing".to_owned(),
                    }
                }
            }
        }
    }

    /// A notification: its commands go to the workers.
    fn take(&self, bytes: &[u8]) {
        let commands = match notification(bytes) {
            Ok(None) => return,
            Ok(Some(unpacked)) => unpacked.commands,
            Err(error) => {
                // Never what it holds.
                tracing::warn!(error, "a notification of the gateway is not usable");
                return;
            }
        };
        if let Err(error) = self.pool.submit(commands, Reporter::Socket) {
            tracing::error!(%error, "commands of the gateway are lost");
        }
    }
}

/// Counts a connection while it lives.
struct Open(Gauge);

impl Open {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Why there is no connection.
enum Dialled {
    /// There is no way there.
    Connect(String),
    /// Someone is there, but does not speak this protocol so.
    Handshake(String),
}

impl From<Dialled> for String {
    fn from(dialled: Dialled) -> Self {
        match dialled {
            Dialled::Connect(text) | Dialled::Handshake(text) => text,
        }
    }
}

/// The commands of a frame; `None` when it is for somebody else.
fn notification(bytes: &[u8]) -> Result<Option<Unpacked>, String> {
    let Some(first) = bytes.first() else {
        return Err("it is empty".to_owned());
    };
    let json = || serde_json::from_slice::<Value>(bytes).ok();
    let value = if matches!(first, b'{' | b'[' | b'"') {
        json()
    } else {
        None
    };
    // The first byte of BSON is a length, and may look like JSON.
    let value = match value {
        Some(value) => value,
        None => {
            bson::decode(bytes).map_err(|error| format!("it is neither JSON nor BSON: {error}"))?
        }
    };
    let object = value.as_object().ok_or("it is not an object")?;
    let target = field(object, "target").and_then(Value::as_object);
    let dest = target
        .and_then(|target| field(target, "dest"))
        .and_then(Value::as_str);
    if !matches!(dest, Some("trigger" | "kubescape")) {
        return Ok(None);
    }
    let inner = field(object, "notification").ok_or("it has no notification")?;
    let unpacked = match inner {
        // Bytes holding JSON, as text or in base64.
        Value::String(text) => kubescape_commands::parse(&text_bytes(text)),
        other => Unpacked::from_value(other),
    };
    unpacked.map(Some).map_err(|error| error.to_string())
}

/// Go writes bytes in JSON as base64.
fn text_bytes(text: &str) -> Vec<u8> {
    if text.trim_start().starts_with('{') {
        return text.as_bytes().to_vec();
    }
    kubescape_commands::decoded(text).unwrap_or_else(|| text.as_bytes().to_vec())
}

/// Between a half and the whole of a pause, so that a restarted gateway is not met by
/// all at once.
fn jittered(pause: Duration) -> Duration {
    let random = u32::try_from(uuid::Uuid::new_v4().as_u128() % 1000).unwrap_or_default();
    pause / 2 + pause / 2 * random / 1000
}

/// For a query: what is not plain is escaped.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_json_or_bytes_holding_it() {
        for text in [
            r#"{"target":{"dest":"trigger"},"notification":{"commands":[{"commandName":"scan"}]}}"#,
            r#"{"Target":{"Dest":"kubescape"},"notification":"{\"commands\":[{\"commandName\":\"scan\"}]}"}"#,
            // base64 of {"commands":[{"commandName":"scan"}]}
            r#"{"target":{"dest":"trigger"},"notification":"eyJjb21tYW5kcyI6W3siY29tbWFuZE5hbWUiOiJzY2FuIn1dfQ=="}"#,
        ] {
            let unpacked = notification(text.as_bytes()).unwrap().unwrap();
            assert_eq!(unpacked.commands[0].name, "scan", "{text}");
        }
    }

    #[test]
    fn what_is_for_others_is_dropped_and_rubbish_is_said() {
        let other = br#"{"target":{"dest":"node"},"notification":{"commands":[]}}"#;
        assert_eq!(notification(other), Ok(None));
        assert_eq!(notification(br#"{"notification":{}}"#), Ok(None));
        for bytes in [&b""[..], b"{", b"\x05\0\0\0", b"[]"] {
            assert!(notification(bytes).is_err());
        }
    }
}
