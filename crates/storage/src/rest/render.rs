//! Objects as clients get them, put together from what the store keeps.

use kubescape_api::{API_VERSION, Resource, Weight};
use kubescape_apimachinery::Failure;
use kubescape_apimachinery::negotiate::Shape;
use kubescape_apimachinery::options::Spec;
use kubescape_apimachinery::render::{Include, Row, partial_metadata, splice_resource_version};
use kubescape_store::Meta;
use serde_json::Value;

/// What is shown of objects of a kind.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) resource: &'static Resource,
    pub(super) shape: Shape,
    pub(super) include: Include,
    /// Whether whole objects have their `spec`.
    pub(super) spec: bool,
}

impl View {
    /// The view of lists and watches: heavy kinds only show `spec` on request.
    pub(super) fn of_many(
        resource: &'static Resource,
        shape: Shape,
        include: Include,
        spec: Spec,
    ) -> Self {
        let spec = match spec {
            Spec::Full => true,
            Spec::Metadata => false,
            Spec::Usual => resource.weight == Weight::Light,
        };
        Self {
            resource,
            shape,
            include,
            spec,
        }
    }

    /// Whether bodies are needed.
    pub(super) fn wants_bodies(&self) -> bool {
        self.spec
            && match self.shape {
                Shape::Whole => true,
                Shape::Table { .. } => self.include == Include::Object,
                Shape::Metadata { .. } => false,
            }
    }

    /// Appends one object. `body` is there if [`Self::wants_bodies`].
    pub(super) fn object(
        &self,
        meta: &Meta,
        body: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let version = meta.resource_version;
        if let (Shape::Whole, 0, Some(body)) = (self.shape, version, body) {
            // Computed: there is no version to be had.
            out.extend_from_slice(body);
            return Ok(());
        }
        let done = match (self.shape, body) {
            (Shape::Metadata { beta }, _) => partial_metadata(&meta.metadata, version, beta, out),
            (_, Some(body)) => splice_resource_version(body, version, out),
            (_, None) => splice_resource_version(&self.bare(meta), version, out),
        };
        if done { Ok(()) } else { Err(damaged(meta)) }
    }

    /// The object without `spec`, as if it were stored so.
    pub(super) fn bare(&self, meta: &Meta) -> Vec<u8> {
        let (kind, metadata) = (self.resource.kind, &meta.metadata);
        let text =
            format!(r#"{{"apiVersion":"{API_VERSION}","kind":"{kind}","metadata":{metadata}}}"#);
        text.into_bytes()
    }

    /// The cells of a table's row.
    pub(super) fn cells(&self, meta: &Meta) -> Vec<Value> {
        let columns: Value = serde_json::from_str(&meta.columns).unwrap_or_default();
        // Sums of a namespace were never created.
        let created = Some(meta.created).filter(|created| *created != 0);
        let created = created.and_then(|created| jiff::Timestamp::from_second(created).ok());
        let created = created.map(crate::draft::time);
        self.resource
            .cells(&meta.key.name, created.as_deref(), &columns)
    }

    /// Lets `with` have the table's row.
    pub(super) fn with_row<T>(
        &self,
        meta: &Meta,
        body: Option<&[u8]>,
        with: impl FnOnce(&Row<'_>) -> T,
    ) -> T {
        let cells = self.cells(meta);
        let bare;
        let body = match (self.include, body) {
            (Include::Object, None) => {
                bare = self.bare(meta);
                Some(bare.as_slice())
            }
            (_, body) => body,
        };
        with(&Row {
            cells: &cells,
            metadata: &meta.metadata,
            body,
            resource_version: meta.resource_version,
        })
    }
}

/// A computed object as the store would keep it, so that it is shown like any
/// other. It has no version.
pub(super) fn as_stored(resource: &Resource, object: &Value) -> (Meta, bytes::Bytes) {
    let draft = crate::draft::draft(resource, object);
    let body = draft.body.clone();
    (draft.into_meta(0), body)
}

pub(super) fn damaged(meta: &Meta) -> Failure {
    Failure::internal(format!(
        "the stored form of {} is damaged: delete it, or restore a backup",
        meta.key
    ))
}
