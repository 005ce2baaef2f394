//! Requests from threads that may wait, with a limit to every wait.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::time::timeout;

use kubescape_scan::Cancel;

use crate::patience::Patience;
use crate::trouble::Trouble;

/// An answer that is no list is not read beyond this.
const ANSWER_BYTES: u64 = 32 << 20;

/// Of an error's body.
const ERROR_BYTES: u64 = 64 << 10;

/// Asks an API server. The threads that use it are not those of the runtime.
#[derive(Clone)]
pub(crate) struct Requests {
    client: Client,
    runtime: Handle,
    pub(crate) patience: Patience,
    cancel: Cancel,
}

impl Requests {
    pub(crate) fn new(client: Client, runtime: Handle, patience: Patience) -> Self {
        Self {
            client,
            runtime,
            patience,
            cancel: Cancel::default(),
        }
    }

    /// The same, but giving up when that is set.
    pub(crate) fn until(&self, cancel: &Cancel) -> Self {
        Self {
            cancel: cancel.clone(),
            ..self.clone()
        }
    }

    /// Begins to read an answer, if it is a success.
    pub(crate) fn open(&self, path: &str, accept: &str) -> Result<Answer, Trouble> {
        let request = Request::get(path)
            .header(header::ACCEPT, accept)
            .body(Body::empty())
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        let limit = self.patience.answer;
        let response = self
            .runtime
            .block_on(wanted(&self.cancel, async {
                timeout(limit, self.client.send(request)).await
            }))
            .ok_or(Trouble::Cancelled)?
            .map_err(|_| Trouble::Slow(limit))?
            .map_err(|error| Trouble::from(&error))?;
        let (status, again) = (response.status(), retry_after(&response));
        let answer = Answer {
            body: response.into_body(),
            bytes: Bytes::new(),
            runtime: self.runtime.clone(),
            idle: self.patience.idle,
            until: Instant::now() + self.patience.page,
            broken: None,
            cancel: self.cancel.clone(),
        };
        if status.is_success() {
            return Ok(answer);
        }
        Err(Trouble::of_status(status, message(answer), again))
    }

    /// The same for a server that nobody has heard of yet: whether it is there
    /// at all should be known soon.
    pub(crate) fn knocking(&self) -> Self {
        let patience = Patience {
            tries: 2,
            ..self.patience
        };
        Self {
            patience,
            ..self.clone()
        }
    }

    /// A whole answer that is no list. Tries again where that may help.
    pub(crate) fn get(&self, path: &str, accept: &str) -> Result<Vec<u8>, Trouble> {
        let once = || -> Result<Vec<u8>, Trouble> {
            let mut text = Vec::new();
            let mut answer = self.open(path, accept)?;
            let read = answer.by_ref().take(ANSWER_BYTES).read_to_end(&mut text);
            read.and_then(|_| answer.finish())
                .map_err(|error| self.trouble(&error))?;
            Ok(text)
        };
        let mut failed = 0;
        loop {
            match once() {
                Err(trouble) if trouble.may_pass() && failed + 1 < self.patience.tries => {
                    failed += 1;
                    self.wait(failed, &trouble);
                }
                done => return done,
            }
        }
    }

    /// Waits before the next try.
    pub(crate) fn wait(&self, failed: u32, trouble: &Trouble) {
        let wait = self.patience.wait(failed, trouble.again());
        self.runtime.block_on(wanted(&self.cancel, async {
            tokio::time::sleep(wait).await;
        }));
    }

    /// What an error of reading an answer means.
    pub(crate) fn trouble(&self, error: &io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::TimedOut => Trouble::Slow(self.patience.idle),
            _ => Trouble::Broken(error.to_string()),
        }
    }
}

/// How often somebody who waits looks whether that is still wanted.
const GLANCE: Duration = Duration::from_millis(50);

/// What the future gives; nothing once nobody wants it any more.
async fn wanted<F: Future>(cancel: &Cancel, future: F) -> Option<F::Output> {
    let cancelled = async {
        while !cancel.is_cancelled() {
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::select! {
        biased;
        done = future => Some(done),
        () = cancelled => None,
    }
}

/// The body of an answer, as it comes.
pub(crate) struct Answer {
    body: Body,
    bytes: Bytes,
    runtime: Handle,
    idle: Duration,
    /// Then it has to be over.
    until: Instant,
    /// Why there is no more of it.
    broken: Option<io::Error>,
    cancel: Cancel,
}

impl Answer {
    /// Whether it ended as it should.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.broken.take().map_or(Ok(()), Err)
    }

    /// The next bytes of the body; none at its end.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        let left = self.until.saturating_duration_since(Instant::now());
        let limit = self.idle.min(left);
        let body = &mut self.body;
        let frame = self
            .runtime
            .block_on(wanted(&self.cancel, async {
                timeout(limit, body.frame()).await
            }))
            .ok_or_else(|| io::Error::other(Trouble::Cancelled))?
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        match frame {
            None => Ok(None),
            // Trailers are no data.
            Some(Ok(frame)) => Ok(Some(frame.into_data().unwrap_or_default())),
            Some(Err(error)) => Err(io::Error::other(crate::trouble::chain(&error))),
        }
    }
}

/// Ends early when something goes wrong, so that what came before it is used;
/// [`Answer::finish`] tells.
impl Read for Answer {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() {
            if self.broken.is_some() {
                return Ok(0);
            }
            match self.next() {
                Ok(None) => return Ok(0),
                Ok(Some(bytes)) => self.bytes = bytes,
                Err(error) => self.broken = Some(error),
            }
        }
        let count = into.len().min(self.bytes.len());
        into[..count].copy_from_slice(&self.bytes.split_to(count));
        Ok(count)
    }
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    let seconds: u64 = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What the server says about an error.
fn message(answer: Answer) -> String {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    let mut text = Vec::new();
    // Without words the status has to do.
    let _ = answer.take(ERROR_BYTES).read_to_end(&mut text);
    let status: Result<Status, _> = serde_json::from_slice(&text);
    let message = match status {
        Ok(status) => status.message,
        Err(_) => String::from_utf8_lossy(&text).into_owned(),
    };
    let line = message.lines().next().unwrap_or_default();
    let words: String = line.chars().filter(|letter| !letter.is_control()).collect();
    words.trim().chars().take(300).collect()
}
