//! PATCH: JSON, merge, strategic merge and apply.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, header};
use kubescape_api::{GROUP, VERSION};
use kubescape_apimachinery::negotiate::{PatchType, patch_type};
use kubescape_apimachinery::options::{FieldValidation, PatchOptions};
use kubescape_apimachinery::{Failure, body as bodies};
use kubescape_patch::{Limits, apply, json_patch, merge_patch, strategic_merge};
use kubescape_runtime::serve::{Body, BoxError};
use kubescape_store::{Change, Error, Object};
use serde_json::Value;

use super::call::{Call, work};
use super::change::{Identity, Ready, Write, named_version, stored_value};
use super::reply::Reply;
use super::update::{TRIES, store_update};
use crate::lanes::{Held, Lane};
use crate::respond;

/// A patch that was read.
struct Patch {
    kind: PatchType,
    value: Value,
    duplicates: Vec<String>,
    options: PatchOptions,
    write: Write,
}

pub(super) async fn patch<B>(call: &Call, body: B) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    let kind = patch_type(call.header(header::CONTENT_TYPE))?;
    let options = PatchOptions::parse(&call.query, kind)?;
    let reply = call.reply()?;
    let mut taken = call.take(body, false).await?;
    let _turn = call.enter(Lane::Write).await?;
    let (text, write) = (taken.bytes.clone(), call.write(&options.write));
    let size = text.len();
    let read = work(size, move || Patch::read(kind, &text, options, write));
    let patch = Arc::new(read.await??);
    let base = taken.held.bytes();
    // Each sees what the one before has done; only other replicas still collide.
    let _alone = call.alone().await?;
    for _ in 0..TRIES {
        taken.held.shrink(base);
        if let Some(response) = attempt(call, &reply, &patch, size, &mut taken.held).await? {
            return Ok(taken.hand_over(response));
        }
        if patch.names_version() {
            break;
        }
    }
    Err(Failure::stale(GROUP, call.resource.plural, &call.name))
}

/// One try; `None` when another was faster.
async fn attempt(
    call: &Call,
    reply: &Reply,
    patch: &Arc<Patch>,
    size: usize,
    held: &mut Held,
) -> Result<Option<Response<Body>>, Failure> {
    let Some(object) = call.old(held, false).await? else {
        return attempt_create(call, reply, patch, size).await;
    };
    let size = size + object.body.as_ref().map_or(0, Bytes::len);
    let (job, old) = (Arc::clone(patch), object.clone());
    let (ready, warnings) = work(size, move || job.update(&old)).await??;
    let dry_run = patch.options.write.dry_run;
    let stored = store_update(call, reply, &object, ready, dry_run, &warnings).await?;
    Ok(stored.ok())
}

/// Only an apply makes what is not there.
async fn attempt_create(
    call: &Call,
    reply: &Reply,
    patch: &Arc<Patch>,
    size: usize,
) -> Result<Option<Response<Body>>, Failure> {
    if patch.kind != PatchType::Apply {
        return Err(call.not_found());
    }
    let (job, identity) = (Arc::clone(patch), Identity::new());
    let (ready, warnings) = work(size, move || job.create(&identity)).await??;
    if patch.options.write.dry_run {
        return reply.dry(201, &ready, &warnings).await.map(Some);
    }
    match call.commit(Change::Create(ready.draft.clone())).await {
        Ok(meta) => reply.stored(201, &ready, &meta, &warnings).await.map(Some),
        Err(Error::AlreadyExists(_)) => Ok(None),
        Err(error) => Err(call.failed(&error)),
    }
}

impl Patch {
    fn read(
        kind: PatchType,
        text: &[u8],
        options: PatchOptions,
        write: Write,
    ) -> Result<Self, Failure> {
        let decoded = bodies::decode(kind.format(), text)?;
        let mut value = decoded.value;
        if kind == PatchType::Apply {
            bodies::expect_kind(&mut value, GROUP, VERSION, write.resource.kind)?;
            if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
                // Tools print it as null, which means nothing.
                metadata.retain(|key, value| key != "creationTimestamp" || !value.is_null());
            }
        }
        Ok(Self {
            kind,
            value,
            duplicates: decoded.duplicates,
            options,
            write,
        })
    }

    /// Whether it is for one version only.
    fn names_version(&self) -> bool {
        !named_version(&self.value).is_empty()
    }

    fn update(&self, old: &Object) -> Result<(Option<Ready>, Vec<String>), Failure> {
        let version = old.meta.resource_version;
        let body = old.body.as_deref().unwrap_or_default();
        let stored = stored_value(body, version)?;
        let (mut new, warnings) = self.applied(Some(&stored))?;
        let named = named_version(&new);
        if named.is_empty() {
            // A patch that takes the version away, or an apply without one. What
            // is no metadata at all is refused below.
            if let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.insert("resourceVersion".to_owned(), version.to_string().into());
            }
        } else if named != version.to_string() {
            let write = &self.write;
            return Err(Failure::stale(GROUP, write.resource.plural, &write.name));
        }
        let ready = self
            .write
            .update(&stored, new, self.kind == PatchType::Apply)?;
        Ok((ready, warnings))
    }

    fn create(&self, identity: &Identity) -> Result<(Ready, Vec<String>), Failure> {
        if self.names_version() || self.value["metadata"].get("uid").is_some() {
            let write = &self.write;
            return Err(Failure::not_found(
                GROUP,
                write.resource.plural,
                &write.name,
            ));
        }
        let (object, warnings) = self.applied(None)?;
        Ok((self.write.creation(object, identity, true)?, warnings))
    }

    /// The object with the patch in it, and warnings.
    fn applied(&self, old: Option<&Value>) -> Result<(Value, Vec<String>), Failure> {
        let write = &self.write;
        let schema = write.resource.schema();
        let (limits, patch) = (Limits::default(), || self.value.clone());
        let before = || old.cloned().unwrap_or_default();
        let validation = self.options.write.field_validation;
        let failed = |error| respond::of_patch(error, write.resource.kind, &write.name);
        if self.kind == PatchType::Apply {
            let mut config = patch();
            let warnings = write.check_fields(&mut config, &self.duplicates, validation)?;
            let (manager, force) = (&write.manager, self.options.force);
            let object = apply(old, &config, schema, manager, force, &write.now).map_err(failed)?;
            return Ok((object, warnings));
        }
        let patched = match self.kind {
            PatchType::Json => json_patch(before(), patch(), &limits),
            PatchType::Merge => merge_patch(before(), patch(), &limits),
            _ => strategic_merge(before(), patch(), schema, &limits),
        };
        let mut object = patched.map_err(failed)?;
        bodies::expect_kind(&mut object, GROUP, VERSION, write.resource.kind)?;
        let warnings = self.check(&mut object, validation)?;
        Ok((object, warnings))
    }

    fn check(
        &self,
        object: &mut Value,
        validation: FieldValidation,
    ) -> Result<Vec<String>, Failure> {
        self.write
            .check_fields(object, &self.duplicates, validation)
    }
}
