//! Requests from threads that may wait.

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::caller::{Caller, Stream};
use crate::follow::{Ended, Stop};
use crate::patience::Patience;
use crate::trouble::Trouble;

/// Asks an API server. The threads that use it are not those of the runtime.
#[derive(Clone)]
pub(crate) struct Requests {
    caller: Caller,
    runtime: Handle,
    pub(crate) patience: Patience,
    /// Ends every wait, if there is one.
    stop: Option<Stop>,
}

impl Requests {
    pub(crate) fn new(caller: Caller, runtime: Handle) -> Self {
        Self {
            patience: caller.patience,
            caller,
            runtime,
            stop: None,
        }
    }

    /// The same, whose waits may be ended.
    pub(crate) fn until(self, stop: Stop) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// Begins to read an answer, if it is a success.
    pub(crate) fn open(&self, path: &str, accept: &str) -> Result<Answer, Trouble> {
        let opening = self.caller.open(path, accept);
        let stream = block(&self.runtime, self.stop.as_ref(), opening)
            .map_err(|Ended| Trouble::Broken("nobody waits for it".to_owned()))??;
        Ok(Answer {
            stream,
            bytes: Bytes::new(),
            runtime: self.runtime.clone(),
            idle: self.patience.idle,
            until: Instant::now() + self.patience.page,
            stop: self.stop.clone(),
            broken: None,
        })
    }

    /// Waits before the next try.
    pub(crate) fn wait(&self, failed: u32, trouble: &Trouble) {
        let wait = self.patience.wait(failed, trouble.again());
        // Whoever waits asks next, and hears that it is time to end.
        let _ = block(&self.runtime, self.stop.as_ref(), async {
            tokio::time::sleep(wait).await;
        });
    }

    /// What an error of reading an answer means.
    pub(crate) fn trouble(&self, error: &io::Error) -> Trouble {
        self.caller.trouble(error)
    }
}

/// Waits on this thread, unless it is time to end first.
fn block<T>(
    runtime: &Handle,
    stop: Option<&Stop>,
    future: impl Future<Output = T>,
) -> Result<T, Ended> {
    match stop {
        Some(stop) => runtime.block_on(stop.or(future)),
        None => Ok(runtime.block_on(future)),
    }
}

/// The body of an answer, as it comes.
pub(crate) struct Answer {
    stream: Stream,
    bytes: Bytes,
    runtime: Handle,
    idle: Duration,
    /// Then it has to be over.
    until: Instant,
    stop: Option<Stop>,
    /// Why there is no more of it.
    broken: Option<io::Error>,
}

impl Answer {
    /// Whether it ended as it should.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.broken.take().map_or(Ok(()), Err)
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
            let left = self.until.saturating_duration_since(Instant::now());
            let limit = self.idle.min(left);
            let next = self.stream.next(limit);
            match block(&self.runtime, self.stop.as_ref(), next) {
                Ok(Ok(None)) => return Ok(0),
                Ok(Ok(Some(bytes))) => self.bytes = bytes,
                Ok(Err(error)) => self.broken = Some(error),
                Err(Ended) => self.broken = Some(io::Error::other("nobody waits for it")),
            }
        }
        let count = into.len().min(self.bytes.len());
        into[..count].copy_from_slice(&self.bytes.split_to(count));
        Ok(count)
    }
}
