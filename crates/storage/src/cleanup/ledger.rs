//! For how long each stale object has been seen to be stale. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rule::{Graces, Reason, Verdict};

/// How long objects have been stale, by uid.
///
/// Only time that was watched counts: not that while the storage was down or
/// could not see the cluster. So nothing goes that was in use unseen, and the
/// record survives restarts and moves to another replica without a clock that
/// both agree on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    stale: BTreeMap<String, Away>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Away {
    /// Milliseconds.
    ms: u64,
    /// The last sweep saw that, so that the time since then counts.
    #[serde(skip)]
    watched: bool,
}

/// What is to be done with one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Keep,
    /// Stale, but not long enough: that much is missing.
    Wait(Duration),
    Delete(Reason),
    /// Nothing can be said.
    Unknown,
}

impl Ledger {
    /// Decides about one object in a sweep that is `elapsed` after the last one,
    /// with the ledger of that one; notes it in this, the next one.
    pub(crate) fn decide(
        &mut self,
        last: &Self,
        uid: &str,
        verdict: &Verdict,
        elapsed: Duration,
        graces: &Graces,
    ) -> Action {
        let before = last.stale.get(uid).copied();
        match verdict {
            Verdict::Keep(_) => Action::Keep,
            Verdict::Unknown(_) => {
                if let Some(Away { ms, .. }) = before {
                    let away = Away { ms, watched: false };
                    self.stale.insert(uid.to_owned(), away);
                }
                Action::Unknown
            }
            Verdict::Stale { why, fresh } => {
                let ms = match before {
                    Some(Away { ms, watched: true }) if !fresh => {
                        let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                        ms.saturating_add(elapsed)
                    }
                    Some(Away { ms, .. }) if !fresh => ms,
                    _ => 0,
                };
                let away = Away { ms, watched: true };
                self.stale.insert(uid.to_owned(), away);
                let left = why.grace(graces).saturating_sub(Duration::from_millis(ms));
                if left.is_zero() {
                    Action::Delete(*why)
                } else {
                    Action::Wait(left)
                }
            }
        }
    }

    /// The object is gone.
    pub(crate) fn forget(&mut self, uid: &str) {
        self.stale.remove(uid);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stale.is_empty()
    }
}
