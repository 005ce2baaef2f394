//! Requests from threads that may wait.

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::Instant;

use kubescape_scan::Cancel;

use crate::caller::{Caller, Stream};
use crate::follow::Stop;
use crate::patience::Patience;
use crate::trouble::Trouble;

/// Asks an API server. The threads that use it are not those of the runtime.
#[derive(Clone)]
pub(crate) struct Requests {
    caller: Caller,
    runtime: Handle,
    pub(crate) patience: Patience,
    cancel: Cancel,
    /// Ends every wait, if there is one.
    stop: Option<Stop>,
}

impl Requests {
    pub(crate) fn new(caller: Caller, runtime: Handle) -> Self {
        Self {
            patience: caller.patience,
            caller,
            runtime,
            cancel: Cancel::default(),
            stop: None,
        }
    }

    /// The same, but giving up when that is set.
    pub(crate) fn until(&self, cancel: &Cancel) -> Self {
        Self {
            cancel: cancel.clone(),
            ..self.clone()
        }
    }

    /// The same, whose waits may be ended.
    pub(crate) fn ended_by(self, stop: Stop) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// Begins to read an answer, if it is a success.
    pub(crate) fn open(&self, path: &str, accept: &str) -> Result<Answer, Trouble> {
        let stream = self
            .block(self.caller.open(path, accept))
            .ok_or(Trouble::Cancelled)??;
        Ok(Answer {
            stream,
            bytes: Bytes::new(),
            runtime: self.runtime.clone(),
            idle: self.patience.idle,
            until: Instant::now() + self.patience.page,
            stop: self.stop.clone(),
            broken: None,
            cancel: self.cancel.clone(),
        })
    }

    /// Waits before the next try.
    pub(crate) fn wait(&self, failed: u32, trouble: &Trouble) {
        let wait = self.patience.wait(failed, trouble.again());
        // Whoever waits asks next, and hears that it is time to end.
        let _ = self.block(async { tokio::time::sleep(wait).await });
    }

    fn block<F: Future>(&self, future: F) -> Option<F::Output> {
        block(&self.runtime, &self.cancel, self.stop.as_ref(), future)
    }

    /// What an error of reading an answer means.
    pub(crate) fn trouble(&self, error: &io::Error) -> Trouble {
        self.caller.trouble(error)
    }
}

/// How often somebody who waits looks whether that is still wanted.
const GLANCE: Duration = Duration::from_millis(50);

/// What the future gives; nothing once nobody wants it any more.
pub(crate) async fn wanted<F: Future>(cancel: &Cancel, future: F) -> Option<F::Output> {
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

/// Waits on this thread; nothing once nobody wants it any more.
fn block<F: Future>(
    runtime: &Handle,
    cancel: &Cancel,
    stop: Option<&Stop>,
    future: F,
) -> Option<F::Output> {
    let stopped = async {
        match stop {
            Some(stop) => stop.asked().await,
            None => std::future::pending().await,
        }
    };
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = stopped => None,
            done = wanted(cancel, future) => done,
        }
    })
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
    cancel: Cancel,
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
            match block(&self.runtime, &self.cancel, self.stop.as_ref(), next) {
                Some(Ok(None)) => return Ok(0),
                Some(Ok(Some(bytes))) => self.bytes = bytes,
                Some(Err(error)) => self.broken = Some(error),
                None => self.broken = Some(io::Error::other(Trouble::Cancelled)),
            }
        }
        let count = into.len().min(self.bytes.len());
        into[..count].copy_from_slice(&self.bytes.split_to(count));
        Ok(count)
    }
}
