//! One scan, from the request to the file.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime};

use kubescape_report::prometheus::Sums;
use kubescape_report::{Format, Style, View, write};

use super::{End, Outside, Taken};
use crate::request::{ScanRequest, Targets};
use crate::work::{Finished, WorkError};

/// Does the scan; whatever happens is its end.
pub(super) fn perform(outside: &Outside, taken: &Taken, started: Instant) -> End {
    let done = catch_unwind(AssertUnwindSafe(|| try_perform(outside, taken, started)));
    match done {
        Ok(Ok(())) => End::Done,
        Ok(Err(WorkError::Cancelled)) => End::Cancelled("the scan was cancelled".into()),
        Ok(Err(WorkError::Failed(reason))) => End::Failed(reason.into()),
        Err(panic) => {
            let text = text(panic.as_ref());
            End::Failed(format!("the scan failed inside the program: {text}; report it").into())
        }
    }
}

fn try_perform(outside: &Outside, taken: &Taken, started: Instant) -> Result<(), WorkError> {
    let Taken { request, cancel } = taken;
    tracing::debug!(jobId = %request.id, "scan starts");
    let mut finished = match &request.object {
        None => outside.work.full(request, cancel, &mut |_| {}),
        Some(object) => outside
            .work
            .object(request, object, request.deleted, cancel),
    }?;
    if cancel.is_cancelled() {
        return Err(WorkError::Cancelled);
    }
    let submission = outside.submissions.of(request);
    finished.facts.submission.clone_from(&submission);
    keep(outside, request, &finished)?;
    if is_of_metrics(request, &outside.include_namespaces) {
        let sums = Sums::new(&finished.scan, outside.resource_metrics);
        let (objects, took) = (finished.scan.objects_seen, started.elapsed());
        outside
            .metrics
            .cluster(objects, finished.facts.cluster.as_ref());
        outside
            .last
            .succeeded(sums, objects, took, SystemTime::now());
    }
    if !request.skip_persistence {
        for observer in &outside.observers {
            let Finished { scan, facts } = &finished;
            let told = catch_unwind(AssertUnwindSafe(|| observer.finished(request, scan, facts)));
            // The result is there, whatever becomes of its copies.
            if let Err(panic) = told {
                let panic = text(panic.as_ref());
                tracing::error!(jobId = %request.id, panic, "an observer of the scan panicked");
            }
        }
    }
    if submission.is_some() {
        outside.submissions.offer(request.id, finished);
    }
    Ok(())
}

/// Streams the report to its file.
fn keep(outside: &Outside, request: &ScanRequest, finished: &Finished) -> Result<(), WorkError> {
    let style = Style {
        color: false,
        width: 80,
        view: View::Security,
        verbose: false,
    };
    let Finished { scan, facts } = finished;
    outside
        .results
        .keep(request.id, |out| write(Format::Json, scan, facts, &style, out))
        .map_err(|error| {
            WorkError::Failed(format!(
                "the result cannot be kept: {error}; give the volume of --data-dir more room, or delete results"
            ))
        })
}

/// Whether the numbers are those of what the service is to watch: what somebody asks
/// about one namespace or control must not replace them.
fn is_of_metrics(request: &ScanRequest, namespaces: &[String]) -> bool {
    request.object.is_none()
        && request.exceptions.is_empty()
        && request.include_namespaces == namespaces
        && !matches!(request.targets, Targets::Controls(_))
}

/// What a panic said.
fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a text")
}
