//! Sends the request.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use hyper::body::Bytes;
use kubescape_runtime::outgoing::{HttpClient, Outgoing, OutgoingError};
use kubescape_runtime::tls::TlsError;

use crate::flags::Flags;

/// The most bytes of a body, either way.
const MAX_BODY: u64 = 8 << 20;

/// How patient it is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For one try.
    pub patience: Duration,
    /// Tries after the first, while nobody listens there.
    pub retries: u32,
    /// Before each of them.
    pub pause: Duration,
}

impl Default for Pace {
    /// 30 s, and three more tries 2 s apart.
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            retries: 3,
            pause: Duration::from_secs(2),
        }
    }
}

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no answer.
    #[error(transparent)]
    Request(#[from] OutgoingError),
    /// The answer says no. Its text is not shown: it may quote the request.
    #[error("{url} answered {code}")]
    Status {
        /// Where.
        url: String,
        /// Its status.
        code: u16,
    },
    /// TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Sends the request and tells the answer's status, of 2xx. Tries again only while the
/// connection is refused: then nothing was done yet.
///
/// # Errors
///
/// There is no answer, or one that is not 2xx.
pub async fn send(flags: &Flags, pace: Pace) -> Result<u16, Failed> {
    let client = if flags.skip_ssl_verify {
        HttpClient::trusting()?
    } else {
        HttpClient::new()?
    };
    let request = Outgoing {
        headers: flags.headers.clone(),
        body: body(flags)?,
        patience: pace.patience,
        limit: MAX_BODY,
        ..Outgoing::new(flags.method.clone(), &flags.url)
    };
    let mut tries = 0;
    let answer = loop {
        match client.send(&request).await {
            Err(error) if error.is_refused() && tries < pace.retries => {
                tries += 1;
                tokio::time::sleep(pace.pause).await;
            }
            answer => break answer?,
        }
    };
    if !(200..300).contains(&answer.code) {
        return Err(Failed::Status {
            url: flags.url.clone(),
            code: answer.code,
        });
    }
    if let Some(path) = &flags.output {
        std::fs::write(path, &answer.body).map_err(|source| Failed::File {
            path: path.clone(),
            source,
        })?;
    }
    Ok(answer.code)
}

fn body(flags: &Flags) -> Result<Bytes, Failed> {
    let Some(path) = &flags.body else {
        return Ok(Bytes::new());
    };
    let failed = |source| Failed::File {
        path: path.clone(),
        source,
    };
    let mut body = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_BODY + 1)
        .read_to_end(&mut body)
        .map_err(failed)?;
    if body.len() as u64 > MAX_BODY {
        let source = std::io::Error::other("it has more than 8 MiB");
        return Err(failed(source));
    }
    Ok(body.into())
}
