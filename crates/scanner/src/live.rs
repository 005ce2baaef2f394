//! Scans of a living cluster.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kubescape_live::{About, Access, Cluster, ConnectError, JudgeError, Overhear, Patience};
use kubescape_report::{ClusterFacts, Facts};
use kubescape_scan::{Cancel, Cancelled, Options};

use crate::beyond::Beyond;
use crate::plans;
use crate::request::{ScanObject, ScanRequest, Targets};
use crate::work::{Finished, Work, WorkError};

/// For which what is known of the cluster's kinds serves object scans.
const FRESH: Duration = Duration::from_mins(1);

/// A look whether the cluster answers should not take long.
const GLANCE: Patience = Patience {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(10),
    idle: Duration::from_secs(10),
    page: Duration::from_secs(20),
    first_wait: Duration::from_millis(500),
    longest_wait: Duration::from_secs(2),
    tries: 1,
};

/// Scans the cluster that `access` leads to.
pub struct LiveWork {
    access: Access,
    /// What reports call the cluster; else the context's name.
    name: Option<String>,
    connection: Mutex<Option<(Instant, Arc<Cluster>)>>,
    follower: Option<Arc<dyn Overhear>>,
    beyond: Beyond,
}

impl LiveWork {
    /// Nothing is asked yet.
    pub fn new(access: Access, name: Option<String>) -> Self {
        Self {
            access,
            name,
            connection: Mutex::new(None),
            follower: None,
            beyond: Beyond::default(),
        }
    }

    /// Scans also judge by what these files say at their time.
    #[must_use]
    pub fn with_files(mut self, beyond: Beyond) -> Self {
        self.beyond = beyond;
        self
    }

    /// Somebody follows the cluster anyway: scans of single objects ask there what
    /// these are joined to, instead of reading it.
    pub fn overhearing(mut self, follower: Arc<dyn Overhear>) -> Self {
        self.follower = Some(follower);
        self
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Arc<Cluster>)>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection for one scan.
    fn connect(&self, patience: Patience, cancel: &Cancel) -> Result<Cluster, WorkError> {
        Cluster::connect_unless(&self.access, patience, cancel).map_err(|error| {
            if cancel.is_cancelled() {
                return WorkError::Cancelled;
            }
            WorkError::Failed(error.to_string())
        })
    }

    /// A connection that object scans of the next minute use, too. Full scans have
    /// their own, whose thread steps back behind others as they do.
    fn share(&self, patience: Patience, cancel: &Cancel) -> Result<Arc<Cluster>, WorkError> {
        let cluster = Arc::new(self.connect(patience, cancel)?);
        let new = Some((Instant::now(), Arc::clone(&cluster)));
        // The old one ends outside the lock.
        let old = std::mem::replace(&mut *self.lock(), new);
        drop(old);
        Ok(cluster)
    }

    /// The connection of a moment ago; whether it is one.
    fn connection(&self, cancel: &Cancel) -> Result<(Arc<Cluster>, bool), WorkError> {
        let known = self.lock().clone();
        match known {
            Some((since, cluster)) if since.elapsed() < FRESH => Ok((cluster, true)),
            _ => Ok((self.share(Patience::default(), cancel)?, false)),
        }
    }

    fn facts(&self, request: &ScanRequest, about: About, took: Duration) -> Facts {
        let context = self.name.clone().unwrap_or_else(|| about.context.clone());
        facts(
            request,
            took,
            ClusterFacts {
                context,
                ..cluster_facts(about)
            },
        )
    }

    fn judge(
        &self,
        cluster: &Cluster,
        request: &ScanRequest,
        mut options: Options,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Finished, JudgeError> {
        let started = Instant::now();
        let context = cluster.about().context.clone();
        let names: Vec<String> = self.name.iter().cloned().chain([context]).collect();
        let problems = self.beyond.add_to(&mut options, request, &names);
        let follower = self.follower.as_deref();
        let (mut scan, about) = cluster.judge_beside(options, follower, progress)?;
        scan.problems.extend(problems);
        let facts = self.facts(request, about, started.elapsed());
        Ok(Finished { scan, facts })
    }
}

impl Drop for LiveWork {
    fn drop(&mut self) {
        // A connection has a runtime, which must not end on a thread of another.
        let connection = self.connection.get_mut();
        if let Some(connection) = connection.ok().and_then(Option::take) {
            std::thread::spawn(move || drop(connection));
        }
    }
}

impl Work for LiveWork {
    fn full(
        &self,
        request: &ScanRequest,
        cancel: &Cancel,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Finished, WorkError> {
        let cluster = self.connect(Patience::default(), cancel)?;
        let options = plans::of_all(request, cluster.scope(), cancel)?;
        let finished = self
            .judge(&cluster, request, options, progress)
            .map_err(failed)?;
        plans::require_any(&finished.scan)?;
        Ok(finished)
    }

    fn object(
        &self,
        request: &ScanRequest,
        object: &ScanObject,
        deleted: bool,
        cancel: &Cancel,
    ) -> Result<Finished, WorkError> {
        let (mut cluster, known) = self.connection(cancel)?;
        let mut judged = self.judge_object(&cluster, request, object, deleted, cancel)?;
        if known
            && matches!(
                judged,
                Err(JudgeError::Cluster(ConnectError::NoSuchKind(_)))
            )
        {
            // The kind may be new.
            cluster = self.share(Patience::default(), cancel)?;
            judged = self.judge_object(&cluster, request, object, deleted, cancel)?;
        }
        let finished = judged.map_err(failed)?;
        if !deleted {
            plans::require(&finished.scan, object)?;
        }
        Ok(finished)
    }

    fn check(&self) -> Result<(), String> {
        self.share(GLANCE, &Cancel::default())
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

impl LiveWork {
    /// Reads the object and what it is joined to, or, when it is gone, what may
    /// have been joined to it.
    fn judge_object(
        &self,
        cluster: &Cluster,
        request: &ScanRequest,
        object: &ScanObject,
        deleted: bool,
        cancel: &Cancel,
    ) -> Result<Result<Finished, JudgeError>, WorkError> {
        let options = plans::of_object(request, object, deleted, cluster.scope(), cancel)?;
        Ok(self.judge(cluster, request, options, &mut |_| {}))
    }
}

fn failed(error: JudgeError) -> WorkError {
    match error {
        JudgeError::Scan(error) if Cancelled::is(&error) => WorkError::Cancelled,
        other => WorkError::Failed(other.to_string()),
    }
}

/// What reports say of a scan.
pub(crate) fn facts(request: &ScanRequest, took: Duration, cluster: ClusterFacts) -> Facts {
    let (names, chose_controls) = match &request.targets {
        Targets::All => (vec!["all"], false),
        Targets::Frameworks(names) => (names.clone(), false),
        Targets::Controls(ids) => (ids.clone(), true),
    };
    Facts {
        generated: kubescape_runtime::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target_names: names.into_iter().map(str::to_owned).collect(),
        chose_controls,
        formats: vec!["json"],
        include_namespaces: request.include_namespaces.clone(),
        exclude_namespaces: request.exclude_namespaces.clone(),
        fail_threshold: request.fail_threshold,
        took: format!("{:.2} s", took.as_secs_f64()),
        cluster: Some(cluster),
        ..Facts::default()
    }
}

/// What reports say of a cluster.
pub fn cluster_facts(about: About) -> ClusterFacts {
    ClusterFacts {
        git_version: about.git_version().to_owned(),
        context: about.context,
        version: about.version,
        provider: about.provider.unwrap_or_default(),
        worker_nodes: about.worker_nodes,
    }
}
