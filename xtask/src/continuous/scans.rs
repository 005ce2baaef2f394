//! Scans of single objects over HTTP, by a scanner that follows the cluster.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::{Fault, percentile};

/// At the 99th percentile.
const BAR: Duration = Duration::from_millis(20);
const ROUNDS: usize = 200;

/// Scans the object again and again: alone, and while the whole cluster is scanned.
pub(super) fn measure(url: &str, object: &Json) -> Result<(), Fault> {
    let address = url.trim_start_matches("http://");
    let body = json!({"scanObject": {
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": {
            "name": object["metadata"]["name"],
            "namespace": object["metadata"]["namespace"],
        },
    }})
    .to_string();
    let mut alone = Vec::new();
    for _ in 0..ROUNDS {
        alone.push(scan(address, &body)?);
    }
    tell("object scan, nothing else", alone);
    let mut beside = Vec::new();
    while beside.len() < ROUNDS {
        if ask(address, "GET", "/v1/status", "")?.contains("notBusy") {
            ask(address, "POST", "/v1/scan", "{}")?;
        }
        beside.push(scan(address, &body)?);
    }
    tell("object scan while the cluster is scanned", beside);
    Ok(())
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    for share in [50, 99] {
        let time = percentile(&times, share).unwrap_or_default();
        println!(
            "{what}: p{share} {time:.1?} ({:.2} of {BAR:?})",
            time.as_secs_f64() / BAR.as_secs_f64()
        );
    }
}

fn scan(address: &str, body: &str) -> Result<Duration, Fault> {
    let began = Instant::now();
    let answer = ask(address, "POST", "/v1/scan?wait=true", body)?;
    let took = began.elapsed();
    if answer.starts_with("HTTP/1.1 200") {
        Ok(took)
    } else {
        Err(answer.into())
    }
}

fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<String, Fault> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
