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
use super::reply::Reply;
use super::streamed::is_large;
use super::take::{Taken, UNFOLDED};
use crate::lanes::Lane;

/// How often a write that names no version is tried against new versions.
pub(super) const TRIES: usize = 5;

pub(super) async fn update<B>(call: &Call, body: B) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    let options = WriteOptions::parse_update(&call.query)?;
    let format = call.body_format()?;
    let reply = call.reply()?;
    // The body first: who sends it slowly must not hold a place.
    let streams = call.streams(format, &options);
    let mut taken = call.take(body, streams).await?;
    let _turn = call.enter(Lane::Write).await?;
    let streams = streams && is_large(&taken.bytes);
    let object = call.old(&mut taken.held, streams).await?;
    let object = object.ok_or_else(|| call.not_found())?;
    let write = call.write(&options);
    if streams {
        let (write, text, old) = (write.clone(), taken.bytes.clone(), object.clone());
        let validation = options.field_validation;
        let made = work(text.len(), move || {
            write.update_streamed(&text, &old, validation)
        });
        if let Some((ready, warnings)) = made.await? {
            let stored = store_update(call, &reply, &object, ready, false, &warnings);
            return taken.answer_or_stale(call, stored.await?);
        }
        call.unfold(&mut taken).await?;
        let old = object.body.as_ref().map_or(0, Bytes::len);
        call.hold(&mut taken.held, old.saturating_mul(UNFOLDED - 1))
            .await?;
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
    let stored = store_update(call, &reply, &object, ready, dry_run, &warnings);
    taken.answer_or_stale(call, stored.await?)
}

impl Taken {
    fn answer_or_stale(
        self,
        call: &Call,
        stored: Result<Response<Body>, Stale>,
    ) -> Result<Response<Body>, Failure> {
        match stored {
            Ok(response) => Ok(self.hand_over(response)),
            Err(Stale) => Err(Failure::stale(GROUP, call.resource.plural, &call.name)),
        }
    }
}

/// Another was faster.
pub(super) struct Stale;

/// Commits a new version of `old`, or nothing when nothing changed.
pub(super) async fn store_update(
    call: &Call,
    reply: &Reply,
    old: &Object,
    ready: Option<Ready>,
    dry_run: bool,
    warnings: &[String],
) -> Result<Result<Response<Body>, Stale>, Failure> {
    let Some(ready) = ready else {
        return reply.unchanged(old, warnings).await.map(Ok);
    };
    if dry_run {
        return reply.dry(200, &ready, warnings).await.map(Ok);
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
            reply.stored(200, &ready, &shown, warnings).await.map(Ok)
        }
        Err(Error::Conflict { .. }) => Ok(Err(Stale)),
        Err(error) => Err(call.failed(&error)),
    }
}
