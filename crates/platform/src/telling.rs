//! Metrics of the whole cluster from what continuous scanning knows.

use std::time::{Duration, Instant};

use kubescape_continuous::{Desk, Handle};
use kubescape_engine::Lack;
use kubescape_report::prometheus::Sums;
use kubescape_runtime::Tasks;
use kubescape_scanner::Told;

/// Adding up everything costs a moment: not more often than this.
const PAUSE: Duration = Duration::from_secs(30);

/// Keeps metrics as new as what is followed.
pub(crate) fn tell(handle: Handle, told: Told, resources: bool, tasks: &Tasks) {
    let shutdown = tasks.shutdown();
    tasks.work("metrics", async move {
        tokio::select! {
            () = telling(&handle, &told, resources) => {}
            () = shutdown.requested() => {}
        }
    });
}

async fn telling(handle: &Handle, told: &Told, resources: bool) {
    let mut progress = handle.progress();
    if progress.wait_for(|progress| progress.synced).await.is_err() {
        return;
    }
    let mut known = None;
    loop {
        let (turns, gaps) = {
            let progress = progress.borrow();
            (progress.turns, progress.gaps.clone())
        };
        let now = Some((turns, gaps));
        if now == known {
            told.unchanged();
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        known = now;
        let Some((sums, objects, took)) = handle.ask(move |desk| sums(desk, resources)).await
        else {
            return;
        };
        told.succeeded(sums, objects, took);
        tokio::time::sleep(PAUSE).await;
    }
}

fn sums(desk: &mut Desk, resources: bool) -> (Sums, usize, Duration) {
    let began = Instant::now();
    let partial = desk.gaps().any(|(_, gap)| gap.lack == Lack::Unread);
    let objects = desk.len();
    let sums = Sums::of(desk.outcome(), partial, resources);
    (sums, objects, began.elapsed())
}
