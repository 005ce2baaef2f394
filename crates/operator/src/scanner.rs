//! The scanner of configurations: a scan's start and its end.

use std::time::Duration;

use http::Method;
use kubescape_commands::{Command, ScanDefaults, ScanReply, scan_request};
use tokio::time::{Instant, sleep};

use crate::calls::{Call, Scanner};
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
    let call = Call::new(Scanner::Configurations, Method::POST, "/v1/scan?keep=false");
    let answer = dispatcher.calls().patient(&call.json(body)).await?;
    let reply = ScanReply::parse(&answer.body);
    match (answer.code, reply) {
        (200, Ok(reply)) if !reply.is_error() => Ok(reply.id),
        (200, Err(error)) => Err(error),
        (code, reply) => Err(refusal(code, reply)),
    }
}

/// What the scanner said instead.
fn refusal(code: u16, reply: Result<ScanReply, String>) -> String {
    let text = reply.map(|reply| reply.text).unwrap_or_default();
    let said = format!("the scanner answered {code} {text}");
    said.trim_end().to_owned()
}

/// Waits for a scan's end, but not for ever.
pub(crate) async fn end(dispatcher: &Dispatcher, scan: &str) -> Result<String, String> {
    let pace = dispatcher.config().pace;
    // Identifiers that are no such are not put into URLs.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if scan.is_empty() || !scan.chars().all(plain) {
        return Ok("the scan was handed over".to_owned());
    }
    let path = format!("/v1/status?ID={scan}");
    let call = Call::new(Scanner::Configurations, Method::GET, path);
    let deadline = Instant::now() + pace.scan;
    let mut lost = 0;
    sleep(pace.first_poll).await;
    loop {
        match ask(dispatcher, &call).await {
            Ok(reply) if reply.is_error() => return Err(format!("scan {scan}: {}", reply.text)),
            Ok(reply) if !reply.is_busy() => return outcome(dispatcher, scan).await,
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

/// A scan that failed is not busy either: its result says so. Scanners that do not know
/// the question are believed.
async fn outcome(dispatcher: &Dispatcher, scan: &str) -> Result<String, String> {
    let path = format!("/v1/results?id={scan}&keep=true");
    let asked = |method| Call::new(Scanner::Configurations, method, path.clone());
    let calls = dispatcher.calls();
    // A report may be large: it is not fetched.
    let failed = calls.once(&asked(Method::HEAD)).await;
    if !failed.is_ok_and(|answer| answer.code == 500) {
        return Ok(format!("scan {scan} is done"));
    }
    let answer = calls.once(&asked(Method::GET)).await;
    let reply = answer
        .ok()
        .and_then(|answer| ScanReply::parse(&answer.body).ok());
    let reason = reply.filter(ScanReply::is_error).map(|reply| reply.text);
    let reason = reason.unwrap_or_else(|| "it has no result".to_owned());
    Err(format!("scan {scan}: {reason}"))
}

async fn ask(dispatcher: &Dispatcher, call: &Call) -> Result<ScanReply, String> {
    let answer = dispatcher.calls().once(call).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let reply = ScanReply::parse(&answer.body);
    if answer.code != 200 {
        return Err(refusal(answer.code, reply));
    }
    reply
}

fn words(duration: Duration) -> String {
    format!("{} minutes", duration.as_secs() / 60)
}
