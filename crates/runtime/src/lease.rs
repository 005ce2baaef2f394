//! Of several replicas, one leads: whoever holds a Lease. Needs feature `cluster`.
//!
//! A plain Lease suffices for work that two at once would do twice without harm.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::shutdown::{Phase, Shutdown};

/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How a Lease is kept.
#[derive(Clone, Copy, Debug)]
pub struct LeaseTimes {
    /// A holder that has not renewed it for so long has lost it.
    pub duration: Duration,
    /// Between renewals, and between looks of those who wait.
    pub renew: Duration,
}

impl Default for LeaseTimes {
    /// A minute, renewed three times in it.
    fn default() -> Self {
        Self {
            duration: Duration::from_mins(1),
            renew: Duration::from_secs(20),
        }
    }
}

/// One replica's view of a Lease.
pub struct Lock {
    api: Api<Lease>,
    name: String,
    identity: String,
    times: LeaseTimes,
    /// Another's last renewal, and when we first saw it: clocks of machines
    /// differ, so its age is measured here.
    seen: Option<(Option<MicroTime>, Instant)>,
}

impl Lock {
    /// The client's user needs `get`, `create` and `update` on Leases there.
    pub fn new(client: Client, namespace: &str, name: &str, identity: String) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity,
            times: LeaseTimes::default(),
            seen: None,
        }
    }

    /// Kept otherwise than by default.
    #[must_use]
    pub fn times(self, times: LeaseTimes) -> Self {
        Self { times, ..self }
    }

    /// Takes or renews the Lease; tells whether it is ours.
    ///
    /// # Errors
    ///
    /// The API server's, but not that somebody was faster.
    pub async fn hold(&mut self) -> kube::Result<bool> {
        let Some(lease) = self.api.get_opt(&self.name).await? else {
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(self.name.clone()),
                    ..ObjectMeta::default()
                },
                spec: Some(self.spec(None)),
            };
            let created = self.api.create(&PostParams::default(), &lease).await;
            return ours(created);
        };
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if holder != self.identity && !holder.is_empty() && !self.expired(spec.renew_time.as_ref())
        {
            return Ok(false);
        }
        self.seen = None;
        let spec = Some(self.spec(Some(&spec)));
        self.replace(Lease { spec, ..lease }).await
    }

    /// Gives the Lease up, so that another need not wait.
    ///
    /// # Errors
    ///
    /// The API server's.
    pub async fn release(&mut self) -> kube::Result<()> {
        let Some(mut lease) = self.api.get_opt(&self.name).await? else {
            return Ok(());
        };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_ref() != Some(&self.identity) {
            return Ok(());
        }
        spec.holder_identity = Some(String::new());
        self.replace(lease).await.map(|_| ())
    }

    /// Tries to lead until the shutdown, and says in `leading` whether it does. Who
    /// cannot renew steps down before another may take over, and the Lease is given
    /// up at the end.
    pub async fn lead(mut self, leading: watch::Sender<bool>, shutdown: Shutdown) {
        let mut renewed = Instant::now();
        let mut complained = false;
        loop {
            let held = timeout(PATIENCE.min(self.times.renew), self.hold()).await;
            let error = match held {
                Ok(Ok(held)) => {
                    renewed = Instant::now();
                    complained = false;
                    say(&leading, held, &self.name);
                    None
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("the API server did not answer in time".to_owned()),
            };
            if let Some(error) = error.filter(|_| !complained) {
                complained = true;
                tracing::warn!(
                    error,
                    lease = self.name,
                    "cannot hold the Lease, which needs get, create and update on leases"
                );
            }
            // Before the others may count it as expired.
            if renewed.elapsed() + self.times.renew >= self.times.duration {
                say(&leading, false, &self.name);
            }
            tokio::select! {
                () = tokio::time::sleep(self.times.renew) => {}
                () = shutdown.reached(Phase::Leaving) => break,
            }
        }
        let led = *leading.borrow();
        say(&leading, false, &self.name);
        if led && let Ok(Err(error)) = timeout(PATIENCE, self.release()).await {
            tracing::debug!(%error, lease = self.name, "the Lease was not given up");
        }
    }

    async fn replace(&self, lease: Lease) -> kube::Result<bool> {
        // It has a version, so that who is second fails.
        let params = PostParams::default();
        ours(self.api.replace(&self.name, &params, &lease).await)
    }

    fn spec(&self, old: Option<&LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(jiff::Timestamp::now());
        let old = old.cloned().unwrap_or_default();
        let same = old.holder_identity.as_ref() == Some(&self.identity);
        let transitions = old.lease_transitions.unwrap_or_default();
        LeaseSpec {
            acquire_time: old.acquire_time.filter(|_| same).or(Some(now.clone())),
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.times.duration.as_secs().max(1)).ok(),
            lease_transitions: Some(transitions.saturating_add(i32::from(!same))),
            renew_time: Some(now),
            ..LeaseSpec::default()
        }
    }

    fn expired(&mut self, renewed: Option<&MicroTime>) -> bool {
        match &self.seen {
            Some((time, since)) if time.as_ref() == renewed => {
                since.elapsed() > self.times.duration
            }
            _ => {
                self.seen = Some((renewed.cloned(), Instant::now()));
                false
            }
        }
    }
}

fn say(leading: &watch::Sender<bool>, now: bool, lease: &str) {
    let changed = leading.send_if_modified(|old| std::mem::replace(old, now) != now);
    if changed && now {
        tracing::info!(lease, "this replica leads");
    } else if changed {
        tracing::info!(lease, "this replica does not lead any more");
    }
}

fn ours(written: kube::Result<Lease>) -> kube::Result<bool> {
    match written {
        Ok(_) => Ok(true),
        // Somebody was faster.
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}
