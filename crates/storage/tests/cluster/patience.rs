//! Waiting for what others do in their own time.

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine: controllers back off for up to
/// a minute and look for new resources twice a minute.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// Asks until there is an answer; a question takes long enough not to spin,
/// because it starts a program or waits by itself.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(error) if begun.elapsed() > PATIENCE => panic!("{what}: {error}"),
            Err(_) => {}
        }
    }
}

/// The same for a fact.
pub(crate) fn until_true(what: &str, mut ask: impl FnMut() -> bool) {
    until(what, || {
        ask().then_some(()).ok_or_else(|| "not yet".to_owned())
    });
}
