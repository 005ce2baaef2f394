//! The scanner of configurations: a scan's start and its end.

use std::time::Duration;

use http::Method;
use kubescape_commands::{Command, ScanDefaults, ScanReply, scan_request};
use kubescape_runtime::outgoing::{Incoming, Outgoing, OutgoingError};
use tokio::time::{Instant, sleep};

use crate::dispatch::Dispatcher;

/// Questions in a row about a scan that may go wrong.
const LOST: u32 = 5;

/// Starts a scan; tells its identifier.
pub(crate) async fn start(dispatcher: &Dispatcher, command: &Command) -> Result<String, String> {
    let config = dispatcher.config();
    let defaults = ScanDefaults {
        security_framework: config.security_framework,
        keep_local: !config.has_backend(),
    };
    let body = scan_request(&command.args, defaults)?;
    let url = format!("{}/v1/scan?keep=false", base(&config.kubescape_url));
    let mut request = Outgoing::new(Method::POST, url).json(&body);
    request.patience = config.pace.answer;
    let answer = patient(dispatcher, &request).await?;
    let reply = ScanReply::parse(&answer.body);
    match (answer.code, reply) {
        (200, Ok(reply)) if !reply.is_error() => Ok(reply.id),
        (200, Err(error)) => Err(error),
        (code, reply) => {
            let text = reply.map(|reply| reply.text).unwrap_or_default();
            Err(format!("the scanner answered {code} {text}")
                .trim_end()
                .to_owned())
        }
    }
}

/// Waits for a scan's end, but not for ever.
pub(crate) async fn end(dispatcher: &Dispatcher, scan: &str) -> Result<String, String> {
    let config = dispatcher.config();
    let pace = config.pace;
    // Scanners take either name; identifiers that are no such are not put into URLs.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if scan.is_empty() || !scan.chars().all(plain) {
        return Ok("the scan was handed over".to_owned());
    }
    let url = format!(
        "{}/v1/status?ID={scan}&id={scan}",
        base(&config.kubescape_url)
    );
    let mut request = Outgoing::new(Method::GET, url);
    request.patience = pace.answer;
    let deadline = Instant::now() + pace.scan;
    let mut lost = 0;
    sleep(pace.first_poll).await;
    loop {
        match ask(dispatcher, &request).await {
            Ok(reply) if reply.is_error() => return Err(format!("scan {scan}: {}", reply.text)),
            Ok(reply) if !reply.is_busy() => return Ok(format!("scan {scan} is done")),
            Ok(_) => lost = 0,
            Err(error) => {
                lost += 1;
                if lost >= LOST {
                    return Err(format!("scan {scan}: its end is not known: {error}"));
                }
            }
        }
        if Instant::now() + pace.poll > deadline {
            return Err(format!(
                "scan {scan} did not end within {}",
                words(pace.scan)
            ));
        }
        sleep(pace.poll).await;
    }
}

async fn ask(dispatcher: &Dispatcher, request: &Outgoing) -> Result<ScanReply, String> {
    let answer = dispatcher.http().send(request).await;
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.code != 200 {
        return Err(format!("the scanner answered {}", answer.code));
    }
    ScanReply::parse(&answer.body)
}

fn words(duration: Duration) -> String {
    format!("{} minutes", duration.as_secs() / 60)
}

/// Addresses in `clusterData.json` have no scheme.
pub(crate) fn base(address: &str) -> String {
    let address = address.trim_end_matches('/');
    if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    }
}

/// Sends, and again while nobody listens there: it may be starting.
pub(crate) async fn patient(
    dispatcher: &Dispatcher,
    request: &Outgoing,
) -> Result<Incoming, String> {
    let pace = dispatcher.config().pace;
    let mut tries = 0;
    loop {
        match dispatcher.http().send(request).await {
            Err(error @ OutgoingError::Refused(_)) if tries < pace.retries => {
                tries += 1;
                tracing::debug!(%error, tries, "trying again");
                sleep(pace.refused).await;
            }
            answer => return answer.map_err(|error| error.to_string()),
        }
    }
}
