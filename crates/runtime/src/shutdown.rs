//! How a process ends: a token that everyone holds, in phases that only go forward.

use std::sync::Arc;

use tokio::sync::watch;

/// Where the process is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Serving.
    Running,
    /// Not ready any more, but still serving: load balancers are to notice.
    Leaving,
    /// Listeners are closed; what is under way finishes, watches end themselves.
    Draining,
    /// The deadline has passed: whatever is still open is cut.
    Forced,
}

/// Tells when to stop. Cheap to clone; give one to everything that can last.
#[derive(Clone, Debug)]
pub struct Shutdown {
    phase: watch::Receiver<Phase>,
    /// Kept by tokens of [`Shutdown::never`] alone, so that they wait for ever.
    _never: Option<Arc<watch::Sender<Phase>>>,
}

impl Shutdown {
    /// A token, and what moves it.
    pub fn new() -> (ShutdownTrigger, Shutdown) {
        let (sender, phase) = watch::channel(Phase::Running);
        let token = Shutdown {
            phase,
            _never: None,
        };
        (ShutdownTrigger(Arc::new(sender)), token)
    }

    /// A token that never asks for anything, for tests and short commands.
    pub fn never() -> Shutdown {
        let (sender, phase) = watch::channel(Phase::Running);
        Shutdown {
            phase,
            _never: Some(Arc::new(sender)),
        }
    }

    /// The present phase.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Whether work should come to its end ([`Phase::Draining`] or later).
    pub fn is_requested(&self) -> bool {
        self.phase() >= Phase::Draining
    }

    /// Returns when work should come to its end: a watch ends its stream, a loop
    /// takes no further job. Returns, too, when nobody is left who could ask.
    pub async fn requested(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Returns when the deadline has passed and everything is cut.
    pub async fn forced(&self) {
        self.reached(Phase::Forced).await;
    }

    /// Returns when `phase` or a later one is reached.
    pub async fn reached(&self, phase: Phase) {
        let mut receiver = self.phase.clone();
        // An error means that the trigger is gone: the end, too.
        let _ = receiver.wait_for(|now| *now >= phase).await;
    }
}

/// Moves [`Shutdown`] tokens. When the last clone is dropped, waiters return.
#[derive(Clone, Debug)]
pub struct ShutdownTrigger(Arc<watch::Sender<Phase>>);

impl ShutdownTrigger {
    /// Goes to `phase`; never backwards.
    pub fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|now| {
            let forward = phase > *now;
            if forward {
                *now = phase;
            }
            forward
        });
    }

    /// A token of this trigger.
    pub fn token(&self) -> Shutdown {
        Shutdown {
            phase: self.0.subscribe(),
            _never: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn phases_go_forward_only_and_wake_those_who_wait() {
        let (trigger, token) = Shutdown::new();
        let waiting = tokio::spawn({
            let token = token.clone();
            async move { token.requested().await }
        });
        trigger.advance(Phase::Leaving);
        assert!(!token.is_requested());
        trigger.advance(Phase::Draining);
        trigger.advance(Phase::Running);
        assert_eq!(token.phase(), Phase::Draining);
        waiting.await.unwrap();
        drop(trigger);
        token.forced().await;
    }
}
