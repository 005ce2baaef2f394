//! `scan`: read files or a cluster, judge, report, compare with thresholds.

mod live;
mod submit;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use kubescape_collect::{Code, Descriptions, Limits, Problem, find, read_exceptions};
use kubescape_controls::LIBRARY;
use kubescape_engine::exceptions::Exceptions;
use kubescape_engine::{Plan, Scope, Selection, Severity};
use kubescape_report::{ClusterFacts, Facts, Format, Style, Submission, View, write};
use kubescape_scan::{Filter, Options, Scan, WorkloadName, scan};
use kubescape_submit::Destination;

use crate::arguments::{
    ReportArguments, ScanArguments, ScanTarget, SelectionArguments, Threshold, ThresholdArguments,
    ViewName,
};
use crate::clock;
use crate::controls_config;
use crate::exit::{Exit, Failure};
use crate::hints;
use crate::output;
use crate::progress::Progress;

/// What plain `scan` judges by in the security view, and in the others.
/// (config-scanning reference §11.)
const SECURITY_VIEW: [&str; 3] = ["ClusterScan", "MITRE", "NSA"];
const OTHER_VIEWS: [&str; 3] = ["AllControls", "MITRE", "NSA"];
const ONE_WORKLOAD: [&str; 1] = ["WorkloadScan"];

/// What the command line asks for, in the engine's words.
struct Request {
    /// Files; a living cluster when there are none.
    paths: Vec<String>,
    /// What is scanned; the input tells when the user does not.
    scope: Option<Scope>,
    selection: Selection,
    filter: Filter,
    formats: Vec<Format>,
    /// To whom the report is sent, too.
    destination: Option<Destination>,
}

pub(crate) fn run(arguments: &ScanArguments) -> Result<Exit, Failure> {
    let started = Instant::now();
    let request = Request::new(arguments)?;
    let (scan, cluster) = if request.paths.is_empty() {
        let (scan, cluster) = live::judge(arguments, &request)?;
        (scan, Some(cluster))
    } else {
        (judge(arguments, &request)?, None)
    };
    let scan = checked(scan, &request, cluster.as_ref())?;
    let facts = facts(arguments, &request, cluster, started.elapsed());
    report(&scan, &facts, &arguments.report, &request.formats)?;
    let sent = request.destination.as_ref();
    let sent = sent.map_or(Ok(()), |to| submit::submit(&scan, &facts, to));
    let exit = exit(&scan, &arguments.thresholds);
    // Nothing reads them any more, and a large result takes time to fall apart.
    std::mem::forget(scan);
    match sent {
        // A threshold that is broken is so whatever the backend does.
        Err(failure) if exit == Exit::Threshold => {
            crate::complain(&format!("error: {failure}"));
            Ok(exit)
        }
        sent => sent.map(|()| exit),
    }
}

impl Request {
    fn new(arguments: &ScanArguments) -> Result<Self, Failure> {
        let chosen = &arguments.selection;
        let mut selection = Selection {
            skip: chosen.skip_controls.clone(),
            min_severity: chosen.min_severity.map(severity),
            ..Selection::default()
        };
        let mut filter = filter(chosen);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let more_paths = match &arguments.target {
            None => {
                let security = arguments.report.view == ViewName::Security;
                selection.frameworks = names(if security {
                    &SECURITY_VIEW
                } else {
                    &OTHER_VIEWS
                });
                Vec::new()
            }
            Some(ScanTarget::Framework { names, paths }) => {
                selection.frameworks.clone_from(&names.0);
                paths.clone()
            }
            Some(ScanTarget::Control { controls, paths }) => {
                for control in &controls.0 {
                    selection
                        .controls
                        .push(crate::explain::find(control)?.id.to_owned());
                }
                paths.clone()
            }
            Some(ScanTarget::Workload {
                name,
                namespace,
                file_path,
                paths,
            }) => {
                selection.frameworks = names(&ONE_WORKLOAD);
                filter.workload = Some(workload(name, namespace.clone())?);
                paths.iter().cloned().chain(file_path.clone()).collect()
            }
        };
        let paths = [arguments.paths.clone(), more_paths].concat();
        let cluster = &arguments.cluster;
        if !paths.is_empty() && (cluster.kubeconfig.is_some() || cluster.kube_context.is_some()) {
            return Err(Failure::usage(
                "name files, or a cluster with --kubeconfig or --kube-context, but not both",
            ));
        }
        let named = paths.iter().chain(&chosen.descriptions).map(Path::new);
        let named = named.chain(chosen.exceptions.iter().map(PathBuf::as_path));
        if named.filter(|path| *path == Path::new("-")).count() > 1 {
            return Err(Failure::usage(
                "standard input (-) can be read once: as what is scanned, descriptions or exceptions",
            ));
        }
        Ok(Self {
            paths,
            scope: chosen.scope.scope(),
            selection,
            filter,
            formats: formats(&arguments.report)?,
            destination: submit::destination(arguments)?,
        })
    }
}

fn severity(threshold: Threshold) -> Severity {
    match threshold {
        Threshold::Low => Severity::Low,
        Threshold::Medium => Severity::Medium,
        Threshold::High => Severity::High,
        Threshold::Critical => Severity::Critical,
    }
}

fn filter(chosen: &SelectionArguments) -> Filter {
    Filter {
        include_namespaces: chosen.include_namespaces.clone(),
        exclude_namespaces: chosen.exclude_namespaces.clone(),
        include_kinds: chosen.include_kinds.clone(),
        exclude_kinds: chosen.exclude_kinds.clone(),
        workload: None,
        skip_owned: false,
    }
}

fn workload(name: &str, namespace: Option<String>) -> Result<WorkloadName, Failure> {
    let parts = name
        .split_once('/')
        .filter(|(kind, name)| !kind.is_empty() && !name.is_empty());
    let (kind, name) = parts.ok_or_else(|| {
        Failure::usage(format!(
            "\"{name}\" is not KIND/NAME, as in Deployment/cart"
        ))
    })?;
    Ok(WorkloadName {
        kind: crate::kinds::singular(kind).to_owned(),
        name: name.to_owned(),
        namespace,
    })
}

fn formats(arguments: &ReportArguments) -> Result<Vec<Format>, Failure> {
    let mut formats: Vec<Format> = Vec::new();
    for name in &arguments.format {
        let format = Format::ALL.into_iter().find(|format| format.name() == name);
        formats.extend(format.filter(|format| !formats.contains(format)));
    }
    if formats.len() > 1 && arguments.output.is_none() {
        return Err(Failure::usage(
            "several formats need --output FILE; each adds its extension to it",
        ));
    }
    if let Some(path) = &arguments.output {
        output::check(path)?;
    }
    Ok(formats)
}

/// What is judged, when the scope is known or the input tells; of a cluster its name.
fn plan(
    arguments: &ScanArguments,
    request: &Request,
    scope: Option<Scope>,
    cluster: Option<&str>,
) -> Result<Plan, Failure> {
    let inputs = controls_config::inputs(arguments.selection.controls_config.as_deref())?;
    let mut plan = Plan::new(&LIBRARY, &request.selection, scope, inputs).map_err(|errors| {
        Failure::usage(
            errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\nerror: "),
        )
    })?;
    if plan.controls.is_empty() {
        return Err(Failure::usage(
            "no control is left to judge by; see `kubescape list controls`, and --scope",
        ));
    }
    plan.exceptions = exceptions(&arguments.selection.exceptions, cluster)?;
    Ok(plan)
}

/// The exceptions for a cluster, or for files, which may bring their own.
fn exceptions(paths: &[PathBuf], cluster: Option<&str>) -> Result<Exceptions, Failure> {
    let (policies, problems) = read_exceptions(paths);
    if !problems.is_empty() {
        let all: Vec<_> = problems.iter().map(ToString::to_string).collect();
        return Err(Failure::input(all.join("\nerror: ")));
    }
    let now = clock::time();
    let Some(cluster) = cluster else {
        return Ok(Exceptions::new(policies, &[], now).with_annotations(now));
    };
    // Results call it by a name without blanks and slashes.
    let mut names = vec![cluster.to_owned(), kubescape_names::cluster_name(cluster)];
    names.dedup();
    Ok(Exceptions::new(policies, &names, now))
}

fn limits(arguments: &ScanArguments) -> Limits {
    Limits {
        document_bytes: usize::from(arguments.selection.max_document_size) << 20,
    }
}

fn options(arguments: &ScanArguments, request: &Request, plan: Plan, filter: Filter) -> Options {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.selection.threads.map_or_else(cores, usize::from);
    let wants = |format| request.formats.contains(&format);
    let paths = &arguments.selection.descriptions;
    Options {
        plan,
        filter,
        descriptions: Descriptions::read(paths, limits(arguments), SystemTime::now()),
        threads,
        keep_objects: (wants(Format::Json) || request.destination.is_some())
            && !arguments.report.omit_raw_resources,
        keep_texts: wants(Format::Pretty) || wants(Format::Sarif),
        digests: false,
        limits: limits(arguments),
        cancel: kubescape_scan::Cancel::default(),
    }
}

fn judge(arguments: &ScanArguments, request: &Request) -> Result<Scan, Failure> {
    let plan = plan(arguments, request, request.scope, None)?;
    let mut options = options(arguments, request, plan, request.filter.clone());
    if let Some(scope) = request.scope {
        options.descriptions.agree_with(scope.provider());
    }
    let found = find(&request.paths);
    let mut progress = Progress::new();
    let mut scan = scan(found.sources, options, &mut |objects| progress.set(objects))?;
    progress.finish();
    let missing = found.problems.into_iter().map(hints::improve);
    scan.problems.splice(0..0, missing);
    Ok(scan)
}

/// The scan, unless it says nothing for a reason that lies in the request.
fn checked(
    mut scan: Scan,
    request: &Request,
    cluster: Option<&ClusterFacts>,
) -> Result<Scan, Failure> {
    if scan.objects_seen == 0 && !scan.is_partial() {
        let targets = match cluster {
            Some(cluster) => format!("cluster {}", cluster.context),
            None => request.paths.join(", "),
        };
        let problem = Problem::new(Code::Empty, targets, "no Kubernetes object in it");
        scan.problems.push(problem);
    }
    // What could not be read may have had it.
    if cluster.is_none() || !scan.is_partial() {
        require_a_match(&scan, &request.filter)?;
    }
    require_a_control(&scan)?;
    Ok(scan)
}

/// Controls that all make no sense for the input judge nothing.
fn require_a_control(scan: &Scan) -> Result<(), Failure> {
    let plan = &scan.outcome.plan;
    if !plan.controls.is_empty() || scan.objects_seen == 0 {
        return Ok(());
    }
    let ids: Vec<_> = plan.left_out.iter().map(|control| control.id).collect();
    let what = if plan.target == Scope::File {
        "manifests"
    } else {
        "this cluster"
    };
    Err(Failure::input(format!(
        "none of the chosen controls judges {what} ({}); if the input is something else, say so with --scope",
        ids.join(", ")
    )))
}

/// A filter that matches nothing is a typing error more often than a success.
fn require_a_match(scan: &Scan, filter: &Filter) -> Result<(), Failure> {
    if scan.outcome.records.iter().any(|record| !record.hidden) || scan.objects_seen == 0 {
        return Ok(());
    }
    if let Some(WorkloadName {
        kind,
        name,
        namespace,
    }) = &filter.workload
    {
        let place = namespace.as_ref().map_or_else(String::new, |namespace| {
            format!(" in namespace {namespace}")
        });
        return Err(Failure::input(format!(
            "there is no {kind}/{name}{place} in what was scanned ({}){}",
            objects(scan.objects_seen),
            if scan.objects_owned > 0 {
                "; what belongs to another object is judged through that: scan its owner"
            } else {
                ""
            }
        )));
    }
    let narrowed = !filter.include_namespaces.is_empty() || !filter.include_kinds.is_empty();
    if narrowed {
        let message = format!(
            "nothing that was scanned ({}) is of the included namespaces and kinds",
            objects(scan.objects_seen)
        );
        return Err(Failure::input(message));
    }
    Ok(())
}

fn objects(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} object{plural}")
}

fn facts(
    arguments: &ScanArguments,
    request: &Request,
    cluster: Option<ClusterFacts>,
    took: Duration,
) -> Facts {
    let Selection {
        frameworks,
        controls,
        ..
    } = &request.selection;
    Facts {
        generated: clock::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        targets: request.paths.clone(),
        target_names: frameworks.iter().chain(controls).cloned().collect(),
        chose_controls: !controls.is_empty(),
        formats: request.formats.iter().map(|format| format.name()).collect(),
        verbose: arguments.report.verbose,
        omit_raw_resources: arguments.report.omit_raw_resources,
        include_namespaces: request.filter.include_namespaces.clone(),
        exclude_namespaces: request.filter.exclude_namespaces.clone(),
        fail_threshold: arguments.thresholds.fail_threshold,
        compliance_threshold: arguments.thresholds.compliance_threshold,
        cluster,
        submission: request.destination.as_ref().map(|to| Submission {
            account: to.account.id().to_owned(),
        }),
        took: format!("{:.2} s", took.as_secs_f64()),
    }
}

fn report(
    scan: &Scan,
    facts: &Facts,
    arguments: &ReportArguments,
    formats: &[Format],
) -> Result<(), Failure> {
    let view = match arguments.view {
        ViewName::Security => View::Security,
        ViewName::Resource => View::Resource,
        ViewName::Control => View::Control,
    };
    let verbose = arguments.verbose;
    let Some(path) = &arguments.output else {
        let style = Style {
            color: output::wants_color(),
            width: output::terminal_width(),
            view,
            verbose,
        };
        return formats.iter().try_for_each(|format| {
            output::to_stdout(|out| write(*format, scan, facts, &style, out))
        });
    };
    let style = Style {
        color: false,
        width: output::FILE_WIDTH,
        view,
        verbose,
    };
    for format in formats {
        let path = output::with_extension(path, format.extension());
        output::to_file(&path, |out| write(*format, scan, facts, &style, out))?;
        crate::complain(&format!(
            "{} report written to {}",
            format.name(),
            path.display()
        ));
    }
    Ok(())
}

fn exit(scan: &Scan, thresholds: &ThresholdArguments) -> Exit {
    let total = &scan.outcome.total;
    let mut broken = Vec::new();
    if total.compliance < thresholds.compliance_threshold {
        broken.push(format!(
            "compliance {:.2} is below {}",
            total.compliance, thresholds.compliance_threshold
        ));
    }
    if total.risk > thresholds.fail_threshold {
        broken.push(format!(
            "risk {:.2} is above {}",
            total.risk, thresholds.fail_threshold
        ));
    }
    if let Some(least) = thresholds.severity_threshold.map(severity) {
        let failed: u32 = Severity::WORST_FIRST
            .into_iter()
            .filter(|other| *other >= least)
            .map(|other| scan.outcome.failed_controls.of(other))
            .sum();
        if failed > 0 {
            broken.push(format!(
                "{failed} controls of severity {} or above failed",
                least.name()
            ));
        }
    }
    for message in &broken {
        crate::complain(&format!("threshold broken: {message}"));
    }
    match (broken.is_empty(), scan.is_partial()) {
        (false, _) => Exit::Threshold,
        (true, true) => Exit::Input,
        (true, false) => Exit::Success,
    }
}
