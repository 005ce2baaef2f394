//! Asks those who follow to end, wherever they wait.

use std::future::Future;

use tokio::sync::watch;

/// Ends what holds its [`Stop`]s; so does dropping it and all its clones.
#[derive(Clone)]
pub(crate) struct Stopper(watch::Sender<bool>);

impl Stopper {
    pub(crate) fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Tells when to end.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns when it is time to end.
    pub(crate) async fn asked(&self) {
        let mut receiver = self.0.clone();
        // An error means that nobody is left who could ask.
        let _ = receiver.wait_for(|stop| *stop).await;
    }

    /// What the future gives, unless it is time to end first.
    pub(crate) async fn or<T>(&self, future: impl Future<Output = T>) -> Result<T, Ended> {
        tokio::select! {
            biased;
            () = self.asked() => Err(Ended),
            done = future => Ok(done),
        }
    }
}

/// It is time to end, or nobody listens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended;
