//! What continuous scanning knows, for scans of single objects.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kubescape_continuous::{Desk, Handle};
use kubescape_engine::Lack;
use kubescape_live::{Known, Neighbours, Overhear};

/// A scan of one object rather reads itself than to wait for longer.
const PATIENCE: Duration = Duration::from_millis(250);

/// Answers as soon as continuous scanning follows the whole cluster.
#[derive(Clone, Default)]
pub(crate) struct Follower(Arc<OnceLock<(Handle, tokio::runtime::Handle)>>);

impl Follower {
    /// Continuous scanning has begun. To be called on a runtime.
    pub(crate) fn follows(&self, handle: Handle) {
        // It begins once.
        let _ = self.0.set((handle, tokio::runtime::Handle::current()));
    }
}

impl Overhear for Follower {
    fn overhear(&self, neighbours: &[Neighbours]) -> Option<Known> {
        let (handle, runtime) = self.0.get()?;
        if !handle.progress().borrow().synced {
            return None;
        }
        let wanted = neighbours.to_vec();
        let asked = handle.ask(move |desk| known(desk, &wanted));
        let answered = async { tokio::time::timeout(PATIENCE, asked).await };
        runtime.block_on(answered).ok()??
    }
}

fn known(desk: &Desk, wanted: &[Neighbours]) -> Option<Known> {
    let mut known = Known::default();
    for one in wanted {
        let kept = desk.kept(&one.group, &one.kind, one.namespace.as_deref())?;
        let named = kept.filter(|(record, _)| {
            let name = one.name.as_deref();
            name.is_none_or(|name| *record.name == *name)
        });
        known.objects.extend(named.map(|(_, text)| text.into()));
    }
    let unread = desk.gaps().filter(|(_, gap)| gap.lack == Lack::Unread);
    known.gaps.extend(unread.map(|(_, gap)| gap.clone()));
    Some(known)
}
