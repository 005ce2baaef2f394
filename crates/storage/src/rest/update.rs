//! PUT.

use bytes::Bytes;
use http::Response;
use kubescape_api::{GROUP, VERSION};
use kubescape_apimachinery::object::is_released;
use kubescape_apimachinery::options::WriteOptions;
use kubescape_apimachinery::{Failure, body as bodies};
use kubescape_runtime::serve::{Body, BoxError};
use kubescape_store::{Change, Error, Expect, Meta, Object};

use super::call::{Call, work};
use super::change::{Ready, named_version, stored_value};
use super::create::answer;
use super::get::{one, view};
use super::streamed::is_large;
use crate::lanes::Lane;
use crate::respond;

/// How often a write that names no version is tried against new versions.
pub(super) const TRIES: usize = 5;

pub(super) async fn update<B>(call: &Call, body: B) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    let options = WriteOptions::parse_update(&call.query)?;
    let format = call.body_format()?;
    let _turn = call.enter(Lane::Write).await?;
    let streams = call.streams(format, &options);
    let mut taken = call.take(body, streams).await?;
    let object = call.stored_within(&mut taken.held).await?;
    let write = call.write(&options);
    if streams && is_large(&taken.bytes) {
        let (write, text, old) = (write.clone(), taken.bytes.clone(), object.clone());
        let validation = options.field_validation;
        let made = work(text.len(), move || {
            write.update_streamed(&text, &old, validation)
        });
        if let Some((ready, warnings)) = made.await? {
            let stored = store_update(call, 200, &object, ready, false, &warnings).await?;
            let response = stored.map_err(|_| stale(call))?;
            return Ok(taken.answered(response));
        }
        call.unfold(&mut taken).await?;
    }
    let (text, old) = (taken.bytes.clone(), object.clone());
    let size = text.len() + old.body.as_ref().map_or(0, Bytes::len);
    let made = work(size, move || {
        let decoded = bodies::decode(format, &text)?;
        let mut new = decoded.value;
        bodies::expect_kind(&mut new, GROUP, VERSION, write.resource.kind)?;
        let warnings =
            write.check_fields(&mut new, &decoded.duplicates, options.field_validation)?;
        let version = old.meta.resource_version;
        let stored = stored_value(&old.body.unwrap_or_default(), version)?;
        let named = named_version(&new);
        let stale = !named.is_empty() && named != version.to_string();
        if stale {
            return Err(Failure::stale(GROUP, write.resource.plural, &write.name));
        }
        Ok((
            write.update(&stored, new, false)?,
            options.dry_run,
            warnings,
        ))
    });
    let (ready, dry_run, warnings) = made.await??;
    let stored = store_update(call, 200, &object, ready, dry_run, &warnings).await?;
    Ok(taken.answered(stored.map_err(|_| stale(call))?))
}

fn stale(call: &Call) -> Failure {
    Failure::stale(GROUP, call.resource.plural, &call.name)
}

/// Another was faster.
pub(super) struct Stale;

/// Commits a new version of `old`, or nothing when nothing changed.
pub(super) async fn store_update(
    call: &Call,
    code: u16,
    old: &Object,
    ready: Option<Ready>,
    dry_run: bool,
    warnings: &[String],
) -> Result<Result<Response<Body>, Stale>, Failure> {
    let Some(ready) = ready else {
        return unchanged(call, code, old, warnings).map(Ok);
    };
    if dry_run {
        return answer(call, code, &ready, None, warnings).map(Ok);
    }
    let expect = Expect::version(old.meta.resource_version);
    // An object that only waited for its finalizers goes with the last of them.
    let change = if is_released(&ready.object) {
        Change::Delete(ready.draft.key.clone(), expect)
    } else {
        Change::Update(ready.draft.clone(), expect)
    };
    match call.commit(change).await {
        Ok(meta) => {
            let shown = Meta {
                metadata: ready.draft.metadata.clone(),
                ..Meta::clone(&meta)
            };
            answer(call, code, &ready, Some(&shown), warnings).map(Ok)
        }
        Err(Error::Conflict { .. }) => Ok(Err(Stale)),
        Err(error) => Err(call.failed(&error)),
    }
}

fn unchanged(
    call: &Call,
    code: u16,
    old: &Object,
    warnings: &[String],
) -> Result<Response<Body>, Failure> {
    let representation = call.accepted(kubescape_apimachinery::negotiate::Target::Object)?;
    let view = view(
        call,
        representation,
        kubescape_apimachinery::options::Spec::Full,
    )?;
    let mut response = one(&view, representation.format, &old.meta, old.body.as_ref())?;
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    respond::warn(&mut response, warnings);
    Ok(response)
}
