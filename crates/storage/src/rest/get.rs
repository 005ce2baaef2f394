//! GET of one object.

use bytes::Bytes;
use http::Response;
use kubescape_api::Weight;
use kubescape_apimachinery::negotiate::{Representation, Shape, Target};
use kubescape_apimachinery::options::{GetOptions, Spec, TableOptions};
use kubescape_apimachinery::render::{ListMeta, TableRenderer, version_splice};
use kubescape_apimachinery::{Failure, Format};
use kubescape_runtime::serve::Body;
use kubescape_store::Meta;

use super::call::{Call, LARGE, work};
use super::render::{View, damaged};
use super::take::UNFOLDED;
use crate::lanes::{Held, Lane};
use crate::{respond, stream};

pub(super) async fn get(call: &Call) -> Result<Response<Body>, Failure> {
    let options = GetOptions::parse(&call.query)?;
    let representation = call.accepted(Target::Object)?;
    let view = view(call, representation, options.spec)?;
    if let Some(wanted) = options.resource_version.filter(|wanted| *wanted > 0) {
        call.reached(wanted).await?;
    }
    let turn = call.enter(Lane::Light).await?;
    let whole = async || {
        let object = call.stored().await?;
        let body = object.body.as_ref();
        one(&view, representation.format, &object.meta, body).await
    };
    if view.wants_bodies() && call.resource.weight == Weight::Light {
        return whole().await;
    }
    let meta = call.store().metadata(&call.key()).await;
    let meta = meta
        .map_err(|error| call.failed(&error))?
        .ok_or_else(|| call.not_found())?;
    if !view.wants_bodies() {
        return one(&view, representation.format, &meta, None).await;
    }
    let size = usize::try_from(meta.size).unwrap_or(usize::MAX);
    if size <= LARGE {
        return whole().await;
    }
    drop(turn);
    let _turn = call.enter(Lane::Heavy).await?;
    let mut held = Held::default();
    // The body; tables and YAML are made of it beside it, YAML of values.
    let times = match (view.shape, representation.format) {
        (Shape::Whole, Format::Json) => 1,
        (_, Format::Json) => 2,
        (_, Format::Yaml) => 2 + UNFOLDED,
    };
    call.hold(&mut held, size.saturating_mul(times)).await?;
    let response = whole().await?;
    // The memory is in use until the client has the answer.
    Ok(response.map(|body| stream::holding(body, held)))
}

impl Call {
    /// Sees that the store has come to that version.
    pub(super) async fn reached(&self, wanted: u64) -> Result<(), Failure> {
        let current = self.store().resource_version().await;
        let current = current.map_err(|error| self.failed(&error))?;
        if wanted > current {
            return Err(respond::too_new(wanted, current));
        }
        Ok(())
    }
}

pub(super) fn view(
    call: &Call,
    representation: Representation,
    spec: Spec,
) -> Result<View, Failure> {
    let include = match representation.shape {
        Shape::Table { .. } => TableOptions::parse(&call.query)?.include,
        _ => kubescape_apimachinery::render::Include::default(),
    };
    Ok(View {
        resource: call.resource,
        shape: representation.shape,
        include,
        spec: spec != Spec::Metadata,
    })
}

/// The answer that shows one object.
pub(super) async fn one(
    view: &View,
    format: Format,
    meta: &Meta,
    body: Option<&Bytes>,
) -> Result<Response<Body>, Failure> {
    if let (Shape::Whole, Format::Json, Some(body)) = (view.shape, format, body)
        && body.len() > LARGE
        && meta.resource_version > 0
    {
        return pieces(meta, body);
    }
    let body = body.map(Bytes::as_ref);
    let mut out = Vec::new();
    match view.shape {
        Shape::Table { beta } => {
            let columns = view.resource.column_definitions();
            let mut table = TableRenderer::start(Some(&columns), view.include, beta, &mut out);
            if !view.with_row(meta, body, |row| table.row(row, &mut out)) {
                return Err(damaged(meta));
            }
            let list = ListMeta {
                resource_version: meta.resource_version,
                ..ListMeta::default()
            };
            table.finish(&list, &mut out);
        }
        Shape::Whole | Shape::Metadata { .. } => {
            view.object(meta, body, &mut out)?;
            out.push(b'\n');
        }
    }
    text(200, format, out).await
}

/// A large object as it is stored, with its version put in between: no copy.
fn pieces(meta: &Meta, body: &Bytes) -> Result<Response<Body>, Failure> {
    let (at, version) = version_splice(body, meta.resource_version).ok_or_else(|| damaged(meta))?;
    let pieces = [
        body.slice(..at),
        Bytes::from(version),
        body.slice(at..),
        Bytes::from_static(b"\n"),
    ];
    let body = stream::of_pieces(pieces);
    Ok(respond::body_of(200, Format::Json.media_type(), body))
}

/// An answer of JSON that was put together, in the format that was asked for.
pub(super) async fn text(
    code: u16,
    format: Format,
    json: Vec<u8>,
) -> Result<Response<Body>, Failure> {
    match format {
        Format::Json => Ok(respond::bytes(code, format.media_type(), json)),
        Format::Yaml => {
            work(json.len(), move || {
                let value = serde_json::from_slice(&json)
                    .map_err(|error| Failure::internal(error.to_string()))?;
                Ok(respond::value(code, format, &value))
            })
            .await?
        }
    }
}
