//! A follower that panics is a bug of one kind, not the end of all.

use std::sync::atomic::Ordering;

use kubescape_collect::Event;

use super::follower::Follower;
use super::outlet::Outlet;
use super::pace::chance;
use crate::wanted::List;

/// Follows a kind until it is time to end.
pub(crate) async fn supervise(list: List, outlet: Outlet) {
    let mut failures = 0;
    let mut gap = None;
    loop {
        let follower = Follower::new(list.clone(), outlet.clone(), gap.take());
        if tokio::spawn(follower.run()).await.is_ok() || outlet.stop.is_asked() {
            break;
        }
        failures += 1;
        gap = Some(list.gap("following it ended in a bug; it begins anew"));
        let kind = outlet.kind;
        outlet.mark.gap.store(true, Ordering::Relaxed);
        let told = outlet
            .send(Event::Gap {
                kind,
                gap: gap.clone(),
            })
            .await;
        if told.and(outlet.settle().await).is_err() {
            break;
        }
        let wait = outlet.shared.pace.refusals.after(failures, None, chance());
        if outlet.stop.or(tokio::time::sleep(wait)).await.is_err() {
            break;
        }
    }
}
