//! Keys and values of the annotations on stored objects. (storage reference §4.)

use std::fmt;

/// An annotation key under `kubescape.io/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnnotationKey(&'static str);

impl AnnotationKey {
    /// The whole key, with its prefix.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for AnnotationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The [`Wlid`](crate::Wlid) of the workload.
pub const WLID: AnnotationKey = AnnotationKey("kubescape.io/wlid");
/// The [`InstanceId`](crate::InstanceId).
pub const INSTANCE_ID: AnnotationKey = AnnotationKey("kubescape.io/instance-id");
/// `imageID` as in the pod's `containerStatuses`, byte for byte: the cleanup of
/// stale objects compares them.
pub const IMAGE_ID: AnnotationKey = AnnotationKey("kubescape.io/image-id");
/// The image reference as the pod has it. Later clients only.
pub const IMAGE_TAG: AnnotationKey = AnnotationKey("kubescape.io/image-tag");
/// One of [`status`].
pub const STATUS: AnnotationKey = AnnotationKey("kubescape.io/status");
/// One of [`completion`]. Later clients only.
pub const COMPLETION: AnnotationKey = AnnotationKey("kubescape.io/completion");
/// [`MANAGED_BY_USER`] on objects that people wrote: they are never cleaned up
/// and count as complete. Later clients only.
pub const MANAGED_BY: AnnotationKey = AnnotationKey("kubescape.io/managed-by");
/// Hash of the content, set by the server. Later only.
pub const SYNC_CHECKSUM: AnnotationKey = AnnotationKey("kubescape.io/sync-checksum");
/// Number of entries over all lists, set by the server. Later only.
pub const RESOURCE_SIZE: AnnotationKey = AnnotationKey("kubescape.io/resource-size");
/// Series that a part of a `ContainerProfile` belongs to. Later only.
pub const REPORT_SERIES_ID: AnnotationKey = AnnotationKey("kubescape.io/report-series-id");
/// When a part of a `ContainerProfile` was reported. Later only.
pub const REPORT_TIMESTAMP: AnnotationKey = AnnotationKey("kubescape.io/report-timestamp");
/// Timestamp of the part before; equal to that part's own if none is missing.
/// Later only.
pub const PREVIOUS_REPORT_TIMESTAMP: AnnotationKey =
    AnnotationKey("kubescape.io/previous-report-timestamp");
/// Type of the container, as in an [`InstanceId`](crate::InstanceId). Later only.
pub const WORKLOAD_CONTAINER_TYPE: AnnotationKey =
    AnnotationKey("kubescape.io/workload-container-type");
/// Ours: what a reader of a generated object should know before relying on it.
pub const WARNING: AnnotationKey = AnnotationKey("kubescape.io/warning");

/// Ours: since when a result says what it says, RFC 3339. What was found again
/// unchanged is not written again.
pub const RESULT_SINCE: AnnotationKey = AnnotationKey("kubescape.io/result-since");
/// Ours: digest of the result; equal results need not be written.
pub const RESULT_DIGEST: AnnotationKey = AnnotationKey("kubescape.io/result-digest");
/// Ours: digest of the object that was judged, without its status.
pub const INPUT_DIGEST: AnnotationKey = AnnotationKey("kubescape.io/input-digest");
/// Ours: version of the program that judged.
pub const ENGINE_VERSION: AnnotationKey = AnnotationKey("kubescape.io/engine-version");
/// Ours: version of the library of controls.
pub const LIBRARY_VERSION: AnnotationKey = AnnotationKey("kubescape.io/library-version");
/// Ours: one of [`completeness`].
pub const RESULT_COMPLETENESS: AnnotationKey = AnnotationKey("kubescape.io/result-completeness");
/// Ours: what a partial result lacks, and why.
pub const RESULT_GAPS: AnnotationKey = AnnotationKey("kubescape.io/result-gaps");

/// Value of [`MANAGED_BY`].
pub const MANAGED_BY_USER: &str = "User";

/// Values of [`STATUS`].
pub mod status {
    /// Network observations of the seed: done.
    pub const COMPLETE: &str = "complete";
    /// Seed: still observing, or an image too big to catalogue.
    pub const INCOMPLETE: &str = "incomplete";
    /// Later: nothing learnt yet.
    pub const INITIALIZING: &str = "initializing";
    /// Later: learning; what is there may be used.
    pub const READY: &str = "ready";
    /// Later: done.
    pub const COMPLETED: &str = "completed";
    /// Later: the registry refused the image.
    pub const UNAUTHORIZE: &str = "unauthorize";
    /// Later: the container runtime is unknown.
    pub const MISSING_RUNTIME: &str = "missing-runtime";
    /// Later: over the size limit; `spec` is empty.
    pub const TOO_LARGE: &str = "too-large";
    /// Later: the image has a manifest of an unknown form.
    pub const UNSUPPORTED_SCHEMA: &str = "unsupported-schema";
}

/// Values of [`RESULT_COMPLETENESS`].
pub mod completeness {
    /// The controls had all that they read.
    pub const COMPLETE: &str = "complete";
    /// Some of it could not be read.
    pub const PARTIAL: &str = "partial";
}

/// Values of [`COMPLETION`].
pub mod completion {
    /// The start of the container was not observed.
    pub const PARTIAL: &str = "partial";
    /// The container was observed from its start.
    pub const COMPLETE: &str = "complete";
}
