//! One request, tried again while that may help.

use std::time::Duration;

use http::header::RETRY_AFTER;
use jiff::Timestamp;
use kubescape_runtime::outgoing::{HttpClient, Incoming, Outgoing, OutgoingError};
use uuid::Uuid;

use crate::pause::{Patience, retry_after};

/// Why there was no success.
#[derive(Debug)]
pub(crate) enum Why {
    /// The receiver says no.
    Answer(Incoming),
    /// There was no answer.
    Silence(OutgoingError),
}

/// The last of all tries.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) why: Why,
    pub(crate) tries: u32,
    /// The receiver asked for a pause that is too long.
    pub(crate) asked: Option<Duration>,
}

/// Sends until there is a success, any 2xx, or no hope for one.
pub(crate) async fn ask(
    http: &HttpClient,
    request: &Outgoing,
    patience: &Patience,
) -> Result<Incoming, Failed> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (why, again, asked) = match http.send(request).await {
            Ok(answer) if (200..300).contains(&answer.code) => return Ok(answer),
            Ok(answer) => {
                let again = answer.code == 429 || answer.code >= 500;
                let asked = pause_of(&answer).filter(|_| again);
                (Why::Answer(answer), again, asked)
            }
            Err(error) => {
                let again = error.may_pass();
                (Why::Silence(error), again, None)
            }
        };
        let random = u32::try_from(Uuid::new_v4().as_u128() % 1000).unwrap_or_default();
        let pause = patience.pause(tries, random, asked).filter(|_| again);
        let Some(pause) = pause else {
            let asked = asked.filter(|asked| *asked > patience.longest_pause);
            return Err(Failed { why, tries, asked });
        };
        tracing::debug!(tries, ?pause, "the backend is asked again");
        tokio::time::sleep(pause).await;
    }
}

fn pause_of(answer: &Incoming) -> Option<Duration> {
    let header = answer.headers.get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(header, Timestamp::now())
}
