//! Answers to writes: the object in the representation that was agreed on before
//! anything was done.

use bytes::Bytes;
use http::Response;
use kubescape_api::Resource;
use kubescape_apimachinery::negotiate::{Shape, Target};
use kubescape_apimachinery::options::Spec;
use kubescape_apimachinery::{Failure, Format};
use kubescape_runtime::serve::Body;
use kubescape_store::{Meta, Object};
use serde_json::Value;

use super::call::Call;
use super::change::Ready;
use super::get::{one, view};
use super::render::{View, as_stored};
use crate::respond;

/// How the client wants its answer.
#[derive(Clone, Copy)]
pub(super) struct Reply {
    view: View,
    format: Format,
}

impl Call {
    /// What the client takes; asked before the write, so that none is made whose
    /// answer cannot be sent.
    pub(super) fn reply(&self) -> Result<Reply, Failure> {
        let representation = self.accepted(Target::Object)?;
        Ok(Reply {
            view: view(self, representation, Spec::Full)?,
            format: representation.format,
        })
    }
}

impl Reply {
    /// The object as it is now.
    pub(super) async fn stored(
        &self,
        code: u16,
        ready: &Ready,
        meta: &Meta,
        warnings: &[String],
    ) -> Result<Response<Body>, Failure> {
        self.one(code, meta, Some(&ready.draft.body), warnings)
            .await
    }

    /// The object as it was before, and still is.
    pub(super) async fn unchanged(
        &self,
        old: &Object,
        warnings: &[String],
    ) -> Result<Response<Body>, Failure> {
        self.one(200, &old.meta, old.body.as_ref(), warnings).await
    }

    /// The object as it would have been stored, with the version it has now, if any.
    pub(super) async fn dry(
        &self,
        code: u16,
        ready: &Ready,
        warnings: &[String],
    ) -> Result<Response<Body>, Failure> {
        if self.view.shape == Shape::Whole {
            let mut response = respond::value(code, self.format, &ready.object);
            respond::warn(&mut response, warnings);
            return Ok(response);
        }
        let (mut meta, body) = as_stored(self.resource(), &ready.object);
        let version = ready.object["metadata"]["resourceVersion"].as_str();
        meta.resource_version = version.and_then(|text| text.parse().ok()).unwrap_or(0);
        self.one(code, &meta, Some(&body), warnings).await
    }

    fn resource(&self) -> &'static Resource {
        self.view.resource
    }

    async fn one(
        &self,
        code: u16,
        meta: &Meta,
        body: Option<&Bytes>,
        warnings: &[String],
    ) -> Result<Response<Body>, Failure> {
        let mut response = one(&self.view, self.format, meta, body).await?;
        *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
        respond::warn(&mut response, warnings);
        Ok(response)
    }

    /// A `Status` or another value, in the format of the answer.
    pub(super) fn value(&self, value: &Value) -> Response<Body> {
        respond::value(200, self.format, value)
    }
}
