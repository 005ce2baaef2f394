//! Scans of a living cluster.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use kubescape_collect::{Descriptions, Limits, Problem, read_exceptions};
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::exceptions::Exceptions;
use kubescape_engine::{Control, Origin, Plan, Rule, Scope};
use kubescape_live::{About, Access, Cluster, ConnectError, JudgeError, Patience};
use kubescape_report::{ClusterFacts, Facts};
use kubescape_scan::{Cancel, Cancelled, Filter, Options, Scan, WorkloadName};

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
    /// Files about nodes and the cloud, which every scan reads anew.
    descriptions: Option<PathBuf>,
    /// Files of exceptions, which every scan reads anew.
    exceptions: Option<PathBuf>,
}

impl LiveWork {
    /// Nothing is asked yet.
    pub fn new(access: Access, name: Option<String>) -> Self {
        Self {
            access,
            name,
            connection: Mutex::new(None),
            descriptions: None,
            exceptions: None,
        }
    }

    /// Scans also judge by what is in this file or folder at their time.
    #[must_use]
    pub fn with_descriptions(mut self, descriptions: Option<PathBuf>) -> Self {
        self.descriptions = descriptions;
        self
    }

    /// What these files say is accepted.
    #[must_use]
    pub fn with_exceptions(mut self, exceptions: Option<PathBuf>) -> Self {
        self.exceptions = exceptions;
        self
    }

    /// The exceptions of files and of the request, and what is wrong with the files.
    fn read_exceptions(&self, request: &ScanRequest, context: &str) -> (Exceptions, Vec<Problem>) {
        let (mut policies, problems) = read_exceptions(self.exceptions.as_slice());
        policies.extend(request.exceptions.iter().cloned());
        let mut names: Vec<String> = self.name.iter().cloned().collect();
        names.push(context.to_owned());
        let exceptions = Exceptions::new(policies, &names, jiff::Timestamp::now());
        (exceptions, problems)
    }

    fn read_descriptions(&self) -> Descriptions {
        let paths = self.descriptions.as_slice();
        Descriptions::read(paths, Limits::default(), SystemTime::now())
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
            cluster: Some(ClusterFacts {
                context: self.name.clone().unwrap_or_else(|| about.context.clone()),
                ..cluster_facts(about)
            }),
            ..Facts::default()
        }
    }

    fn judge(
        &self,
        cluster: &Cluster,
        request: &ScanRequest,
        mut options: Options,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Finished, JudgeError> {
        let started = Instant::now();
        options.descriptions = self.read_descriptions();
        let (exceptions, problems) = self.read_exceptions(request, &cluster.about().context);
        options.plan.exceptions = exceptions;
        let (mut scan, about) = cluster.judge(options, progress)?;
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
        let plan = plan(request, cluster.scope(), |_| true)?;
        if plan.controls.is_empty() {
            let ids: Vec<_> = plan.left_out.iter().map(|control| control.id).collect();
            let ids = ids.join(", ");
            return Err(WorkError::Failed(format!(
                "none of the chosen controls judges this cluster ({ids}): choose others"
            )));
        }
        let options = options(plan, request, cancel);
        let finished = self
            .judge(&cluster, request, options, progress)
            .map_err(failed)?;
        if finished.scan.objects_seen == 0 {
            return Err(WorkError::Failed(nothing_read(&finished.scan)));
        }
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
            require(&finished.scan, object)?;
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
        let wanted = |control: &Control| {
            let mut rules = control.rules.iter();
            if deleted {
                // A join that the object took no part in may lack what it reads.
                let whole = rules.all(|rule| !rule.check.joins() || reads(rule, object));
                return whole && control.rules.iter().any(|rule| reads(rule, object));
            }
            rules.any(|rule| reads(rule, object))
        };
        let plan = plan(request, cluster.scope(), wanted)?;
        if plan.controls.is_empty() {
            return Err(WorkError::Failed(format!(
                "none of the chosen controls judges objects of kind {}",
                object.kind
            )));
        }
        let mut options = options(plan, request, cancel);
        // The lanes of objects and of the cluster share the processor.
        options.threads = 1;
        let namespace = (!object.namespace.is_empty()).then(|| object.namespace.clone());
        options.filter = if deleted {
            Filter {
                include_namespaces: namespace.into_iter().collect(),
                ..Filter::default()
            }
        } else {
            Filter {
                workload: Some(WorkloadName {
                    kind: object.kind.clone(),
                    name: object.name.clone(),
                    namespace,
                }),
                ..Filter::default()
            }
        };
        Ok(self.judge(cluster, request, options, &mut |_| {}))
    }
}

/// Whether a rule reads objects like this; of no API version, by the kind alone.
fn reads(rule: &Rule, object: &ScanObject) -> bool {
    if object.api_version.is_empty() {
        let mut kinds = rule.kinds.iter();
        return kinds.any(|kind| kind.kind.eq_ignore_ascii_case(&object.kind));
    }
    rule.reads(object.group(), &object.kind)
}

/// What a request asks for, of the controls that are wanted.
fn plan(
    request: &ScanRequest,
    scope: Scope,
    wanted: impl Fn(&Control) -> bool,
) -> Result<Plan, WorkError> {
    let mut selection = request.targets.selection();
    let others = LIBRARY.controls.iter().filter(|control| !wanted(control));
    selection.skip = others.map(|control| control.id.to_owned()).collect();
    Plan::new(&LIBRARY, &selection, Some(scope), default_inputs()).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        WorkError::Failed(errors.join("; "))
    })
}

fn options(plan: Plan, request: &ScanRequest, cancel: &Cancel) -> Options {
    Options {
        plan,
        descriptions: Descriptions::default(),
        filter: Filter {
            include_namespaces: request.include_namespaces.clone(),
            exclude_namespaces: request.exclude_namespaces.clone(),
            ..Filter::default()
        },
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        keep_objects: true,
        keep_texts: false,
        digests: true,
        limits: Limits::default(),
        cancel: cancel.clone(),
    }
}

fn failed(error: JudgeError) -> WorkError {
    match error {
        JudgeError::Scan(error) if Cancelled::is(&error) => WorkError::Cancelled,
        other => WorkError::Failed(other.to_string()),
    }
}

/// Why a scan of everything saw nothing.
fn nothing_read(scan: &Scan) -> String {
    let reason = scan.problems.iter().find(|problem| !problem.is_note());
    match reason {
        Some(problem) => format!("nothing could be read: {problem}"),
        None => "there is no object in the namespaces that were chosen".to_owned(),
    }
}

/// The object has to be there, once, and of the API group that was named.
fn require(scan: &Scan, object: &ScanObject) -> Result<(), WorkError> {
    let records = scan.outcome.records.iter();
    let mut found = records
        .filter(|record| !record.hidden && record.origin == Origin::Input)
        .filter(|record| *record.name == *object.name);
    let Some(first) = found.next() else {
        let why = match scan.problems.iter().find(|problem| !problem.is_note()) {
            Some(problem) => format!("it could not be read: {problem}"),
            None if scan.objects_owned > 0 => {
                "it belongs to another object and is judged through that: scan its owner".to_owned()
            }
            None => "there is none, or no control judges it".to_owned(),
        };
        return Err(WorkError::Failed(format!("{object}: {why}")));
    };
    if found.next().is_some() {
        return Err(WorkError::Failed(format!(
            "{object}: there are several; name its namespace"
        )));
    }
    let group = |version: &str| version.rsplit_once('/').map(|(group, _)| group.to_owned());
    if !object.api_version.is_empty() && group(&first.api_version) != group(&object.api_version) {
        return Err(WorkError::Failed(format!(
            "{object}: the cluster has it as {}, not as {}",
            first.api_version, object.api_version
        )));
    }
    Ok(())
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
