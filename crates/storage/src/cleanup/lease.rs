//! Of several replicas, one sweeps: whoever holds a Lease. Two at once would do
//! no harm, only twice the work, so a plain Lease is enough.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::time::Instant;

/// The name of the Lease.
pub(crate) const NAME: &str = "kubescape-storage-cleanup";

/// A holder that has not renewed it for so long has lost it.
const DURATION: Duration = Duration::from_mins(1);
/// Between renewals.
pub(crate) const RENEW: Duration = Duration::from_secs(20);

/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// One replica's view of the Lease.
pub(crate) struct Lock {
    api: Api<Lease>,
    identity: String,
    /// Another's last renewal, and when we first saw it: clocks of machines
    /// differ, so its age is measured here.
    seen: Option<(Option<MicroTime>, Instant)>,
}

impl Lock {
    /// The client's user needs `get`, `create` and `update` on Leases there.
    pub(crate) fn new(client: Client, namespace: &str, identity: String) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            identity,
            seen: None,
        }
    }

    /// Takes or renews the Lease; tells whether it is ours.
    pub(crate) async fn hold(&mut self) -> kube::Result<bool> {
        let Some(lease) = self.api.get_opt(NAME).await? else {
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(NAME.to_owned()),
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
    pub(crate) async fn release(&mut self) -> kube::Result<()> {
        let Some(mut lease) = self.api.get_opt(NAME).await? else {
            return Ok(());
        };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_ref() != Some(&self.identity) {
            return Ok(());
        }
        spec.holder_identity = Some(String::new());
        self.replace(lease).await.map(|_| ())
    }

    async fn replace(&self, lease: Lease) -> kube::Result<bool> {
        // It has a version, so that who is second fails.
        ours(self.api.replace(NAME, &PostParams::default(), &lease).await)
    }

    fn spec(&self, old: Option<&LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(jiff::Timestamp::now());
        let old = old.cloned().unwrap_or_default();
        let same = old.holder_identity.as_ref() == Some(&self.identity);
        let transitions = old.lease_transitions.unwrap_or_default();
        LeaseSpec {
            acquire_time: old.acquire_time.filter(|_| same).or(Some(now.clone())),
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            lease_transitions: Some(transitions.saturating_add(i32::from(!same))),
            renew_time: Some(now),
            ..LeaseSpec::default()
        }
    }

    fn expired(&mut self, renewed: Option<&MicroTime>) -> bool {
        match &self.seen {
            Some((time, since)) if time.as_ref() == renewed => since.elapsed() > DURATION,
            _ => {
                self.seen = Some((renewed.cloned(), Instant::now()));
                false
            }
        }
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
