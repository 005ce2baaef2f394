//! From a request to what a scan judges, and from what it saw to whether that is
//! a result. Pure.

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Control, Origin, Plan, Rule, Scope};
use kubescape_scan::{Cancel, Filter, Options, Scan, WorkloadName};

use crate::request::{ScanObject, ScanRequest};
use crate::work::WorkError;

/// How to scan everything that a request wants.
///
/// # Errors
///
/// The request names what the library does not have, or nothing that judges here.
pub(crate) fn of_all(
    request: &ScanRequest,
    scope: Scope,
    cancel: &Cancel,
) -> Result<Options, WorkError> {
    let plan = plan(request, scope, |_| true)?;
    if plan.controls.is_empty() {
        let ids: Vec<_> = plan.left_out.iter().map(|control| control.id).collect();
        let ids = ids.join(", ");
        return Err(WorkError::Failed(format!(
            "none of the chosen controls judges this cluster ({ids}): choose others"
        )));
    }
    Ok(options(plan, request, cancel))
}

/// How to scan one object with what it is joined to, or, when it is gone, what may
/// have been joined to it.
///
/// # Errors
///
/// As [`of_all`].
pub(crate) fn of_object(
    request: &ScanRequest,
    object: &ScanObject,
    deleted: bool,
    scope: Scope,
    cancel: &Cancel,
) -> Result<Options, WorkError> {
    let wanted = |control: &Control| {
        let mut rules = control.rules.iter();
        if deleted {
            // A join that the object took no part in may lack what it reads.
            let whole = rules.all(|rule| !rule.check.joins() || reads(rule, object));
            return whole && control.rules.iter().any(|rule| reads(rule, object));
        }
        rules.any(|rule| reads(rule, object))
    };
    let plan = plan(request, scope, wanted)?;
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
    Ok(options)
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
        filter: Filter {
            include_namespaces: request.include_namespaces.clone(),
            exclude_namespaces: request.exclude_namespaces.clone(),
            ..Filter::default()
        },
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        keep_objects: true,
        digests: true,
        cancel: cancel.clone(),
        ..Options::new(plan)
    }
}

/// A scan of everything has to have seen something.
pub(crate) fn require_any(scan: &Scan) -> Result<(), WorkError> {
    if scan.objects_seen > 0 {
        return Ok(());
    }
    let reason = scan.problems.iter().find(|problem| !problem.is_note());
    Err(WorkError::Failed(match reason {
        Some(problem) => format!("nothing could be read: {problem}"),
        None => "there is no object in the namespaces that were chosen".to_owned(),
    }))
}

/// The object has to be there, once, and of the API group that was named.
pub(crate) fn require(scan: &Scan, object: &ScanObject) -> Result<(), WorkError> {
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
