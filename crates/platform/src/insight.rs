//! What continuous scanning knows, for the scanner's endpoints and for the log: from
//! the moment that it is wanted, through its first lap, and while it follows.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kubescape_continuous::Explainer;
use kubescape_explain::{Explanation, Facts, ObjectRef, Phase, Progress, explain};
use kubescape_runtime::Tasks;
use kubescape_scanner::Insight;

/// Between lines in the log while the first lap lasts.
const BEAT: Duration = Duration::from_secs(10);
/// Between looks whether it has ended.
const LOOK: Duration = Duration::from_millis(500);

/// What continuous scanning knows. Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Insights(Arc<Inner>);

#[derive(Default)]
struct Inner {
    explainer: OnceLock<Explainer>,
    /// Why it has not begun.
    waits: Mutex<String>,
}

impl Insights {
    /// It has not begun, for that reason.
    pub(crate) fn waits(&self, why: &str) {
        let mut waits = self.0.waits.lock().unwrap_or_else(PoisonError::into_inner);
        why.clone_into(&mut waits);
    }

    /// It has begun. The log tells how far it is until the first lap has ended.
    pub(crate) fn begins(&self, explainer: Explainer, tasks: &Tasks) {
        let told = explainer.clone();
        let shutdown = tasks.shutdown();
        tasks.work("progress", async move {
            tokio::select! {
                () = tell(&told) => {}
                () = shutdown.requested() => {}
            }
        });
        // It begins once.
        let _ = self.0.explainer.set(explainer);
    }

    fn why(&self) -> String {
        let waits = self.0.waits.lock();
        let why = waits.unwrap_or_else(PoisonError::into_inner).clone();
        if why.is_empty() {
            "the cluster has not answered yet".to_owned()
        } else {
            why
        }
    }
}

#[async_trait]
impl Insight for Insights {
    async fn explain(&self, object: ObjectRef) -> Explanation {
        match self.0.explainer.get() {
            Some(explainer) => explainer.explain(object).await,
            None => explain(object, Facts::unknown(false, self.why())),
        }
    }

    fn progress(&self) -> Progress {
        match self.0.explainer.get() {
            Some(explainer) => explainer.progress(),
            None => Progress {
                message: self.why(),
                ..Progress::default()
            },
        }
    }
}

/// Lines in the log, until all is stored for the first time.
async fn tell(explainer: &Explainer) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let begun = tokio::time::Instant::now();
    let mut told = begun;
    loop {
        looks.tick().await;
        let progress = explainer.progress();
        let seconds = begun.elapsed().as_secs_f32();
        if progress.phase == Phase::Following && progress.settled {
            let (objects, results) = (progress.objects, progress.results);
            tracing::info!(objects, results, seconds, "the first lap is done");
            return;
        }
        if told.elapsed() >= BEAT {
            told = tokio::time::Instant::now();
            tracing::info!(seconds, "{}", progress.line());
        }
    }
}
