//! Requests to an API server, with a limit to every wait.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use kube::{Client, Config};
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use crate::access::Access;
use crate::patience::Patience;
use crate::trouble::{Trouble, chain};

/// An answer that is no list is not read beyond this.
const ANSWER_BYTES: usize = 32 << 20;

/// Of an error's body.
const ERROR_BYTES: usize = 64 << 10;

/// Credentials that the server refuses are read anew, but not more often.
const RENEWAL: Duration = Duration::from_secs(5);

/// Asks an API server, within a tokio runtime.
#[derive(Clone)]
pub(crate) struct Caller {
    held: Arc<Held>,
    pub(crate) patience: Patience,
}

/// The client, and what to make another of.
struct Held {
    access: Access,
    patience: Patience,
    client: Mutex<Client>,
    /// When credentials were read last; held while they are read.
    renewed: tokio::sync::Mutex<Instant>,
}

impl Caller {
    pub(crate) fn new(access: Access, config: Config, patience: Patience) -> kube::Result<Self> {
        let held = Held {
            client: Mutex::new(client(config, patience.connect)?),
            patience,
            access,
            renewed: tokio::sync::Mutex::new(Instant::now()),
        };
        Ok(Self {
            held: Arc::new(held),
            patience,
        })
    }

    /// Begins to read an answer, if it is a success. Whoever is not known to the
    /// server (any more) introduces itself again, once.
    pub(crate) async fn open(&self, path: &str, accept: &str) -> Result<Stream, Trouble> {
        let asked = Instant::now();
        match self.open_once(path, accept).await {
            Err(Trouble::Unauthorized) if self.held.renew(asked).await => {
                self.open_once(path, accept).await
            }
            other => other,
        }
    }

    async fn open_once(&self, path: &str, accept: &str) -> Result<Stream, Trouble> {
        let request = Request::get(path)
            .header(header::ACCEPT, accept)
            .body(Body::empty())
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        let client = self.held.client();
        let limit = self.patience.answer;
        let response = timeout(limit, client.send(request))
            .await
            .map_err(|_| Trouble::Slow(limit))?
            .map_err(|error| Trouble::from(&error))?;
        let (status, again) = (response.status(), retry_after(&response));
        let mut stream = Stream {
            body: response.into_body(),
        };
        if status.is_success() {
            return Ok(stream);
        }
        let until = Instant::now() + self.patience.idle;
        let said = stream.all(ERROR_BYTES, self.patience.idle, until).await.0;
        Err(of_status(status, &said, again))
    }

    /// A whole answer that is no list. Tries again where that may help.
    pub(crate) async fn get(&self, path: &str, accept: &str) -> Result<Vec<u8>, Trouble> {
        let mut failed = 0;
        loop {
            match self.get_once(path, accept).await {
                Err(trouble) if trouble.may_pass() && failed + 1 < self.patience.tries => {
                    failed += 1;
                    tokio::time::sleep(self.patience.wait(failed, trouble.again())).await;
                }
                done => return done,
            }
        }
    }

    async fn get_once(&self, path: &str, accept: &str) -> Result<Vec<u8>, Trouble> {
        let mut stream = self.open(path, accept).await?;
        let until = Instant::now() + self.patience.page;
        let (bytes, end) = stream.all(ANSWER_BYTES, self.patience.idle, until).await;
        end.map(|()| bytes).map_err(|error| self.trouble(&error))
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

    /// What an error of reading an answer means.
    pub(crate) fn trouble(&self, error: &io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::TimedOut => Trouble::Slow(self.patience.idle),
            _ => Trouble::Broken(error.to_string()),
        }
    }
}

impl Held {
    fn client(&self) -> Client {
        let client = self.client.lock();
        client.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the credentials again, unless somebody did since `asked`; whether
    /// there are others to try.
    async fn renew(&self, asked: Instant) -> bool {
        let mut renewed = self.renewed.lock().await;
        if *renewed > asked {
            return true;
        }
        if renewed.elapsed() < RENEWAL.min(self.patience.longest_wait) {
            return false;
        }
        *renewed = Instant::now();
        let Ok((_, config)) = self.access.config().await else {
            return false;
        };
        let Ok(client) = client(config, self.patience.connect) else {
            return false;
        };
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        true
    }
}

fn client(mut config: Config, connect: Duration) -> kube::Result<Client> {
    config.connect_timeout = Some(connect);
    // We try again ourselves, and say so when that does not help.
    config.default_retry = false;
    Client::try_from(config)
}

/// The body of an answer, as it comes.
pub(crate) struct Stream {
    body: Body,
}

impl Stream {
    /// The next bytes; none at the end, and an error when they do not come in time.
    pub(crate) async fn next(&mut self, limit: Duration) -> io::Result<Option<Bytes>> {
        let frame = timeout(limit, self.body.frame())
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        match frame {
            None => Ok(None),
            // Trailers are no data.
            Some(Ok(frame)) => Ok(Some(frame.into_data().unwrap_or_default())),
            Some(Err(error)) => Err(io::Error::other(chain(&error))),
        }
    }

    /// What comes, up to a number of bytes, and whether that is all.
    async fn all(
        &mut self,
        most: usize,
        idle: Duration,
        until: Instant,
    ) -> (Vec<u8>, io::Result<()>) {
        let mut all = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.next(idle.min(left)).await {
                Ok(None) => return (all, Ok(())),
                Err(error) => return (all, Err(error)),
                Ok(Some(bytes)) => {
                    let room = most - all.len();
                    all.extend_from_slice(&bytes[..bytes.len().min(room)]);
                    if bytes.len() > room {
                        let long = format!("it is longer than {most} bytes");
                        return (all, Err(io::Error::other(long)));
                    }
                }
            }
        }
    }
}

fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    let seconds: u64 = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What the server says about an error.
fn of_status(status: StatusCode, said: &[u8], again: Option<Duration>) -> Trouble {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    // Without words the status has to do.
    let message = match serde_json::from_slice::<Status>(said) {
        Ok(status) => status.message,
        Err(_) => String::from_utf8_lossy(said).into_owned(),
    };
    Trouble::of_status(status, first_line(&message), again)
}

/// As much of somebody else's words as fits into a message of ours.
pub(crate) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let words: String = line.chars().filter(|letter| !letter.is_control()).collect();
    words.trim().chars().take(300).collect()
}
