//! DELETE of one object and of many.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Response;
use kubescape_api::GROUP;
use kubescape_apimachinery::failure::success;
use kubescape_apimachinery::negotiate::Target;
use kubescape_apimachinery::object::{Deletion, begin_delete, check_preconditions};
use kubescape_apimachinery::options::{DeleteOptions, ListOptions, Propagation};
use kubescape_apimachinery::{Failure, body as bodies};
use kubescape_runtime::serve::{Body, BoxError};
use kubescape_store::{At, Change, Error, Expect, Key, Meta};

use super::call::Call;
use super::change::{Ready, stored_value};
use super::list::filter;
use super::pages::Pages;
use super::update::TRIES;
use crate::clock::now;
use crate::draft::draft;
use crate::lanes::Lane;
use crate::respond;

/// Deletions of one request that are under way at once; they share syncs.
const AT_ONCE: usize = 64;

pub(super) async fn delete<B>(call: &Call, body: B) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    let reply = call.reply()?;
    let _turn = call.enter(Lane::Write).await?;
    let options = options(call, body).await?;
    match one(call, &call.key(), &options).await? {
        Deleted::Gone(meta) => {
            let name = &meta.key.name;
            let status = success(GROUP, call.resource.plural, name, &meta.uid);
            Ok(reply.value(&status))
        }
        Deleted::Waits(ready, meta) => reply.stored(200, &ready, &meta, &[]).await,
    }
}

pub(super) async fn delete_collection<B>(call: &Call, body: B) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    let chosen = ListOptions::parse(&call.query)?;
    let format = call.accepted(Target::Fixed)?.format;
    let _turn = call.enter(Lane::Write).await?;
    let options = options(call, body).await?;
    let fields = chosen.field_selector.clone();
    let pages = Pages::start(
        call.store().clone(),
        filter(call, &chosen),
        At::Now,
        false,
        fields,
        chosen.limit,
    );
    let mut pages = pages.await.map_err(|error| call.failed(&error))?;
    loop {
        let mut keys = Vec::with_capacity(AT_ONCE);
        while keys.len() < AT_ONCE
            && let Some(object) = pages.next().await.map_err(|error| call.failed(&error))?
        {
            keys.push(object.meta.key.clone());
        }
        if keys.is_empty() {
            break;
        }
        let options = &options;
        // At most AT_ONCE, so that all may run.
        let mut deletions = FuturesUnordered::new();
        for key in &keys {
            deletions.push(one(call, key, options));
        }
        while let Some(deleted) = deletions.next().await {
            match deleted {
                // Who was faster did what was wanted.
                Err(failure) if failure.code == 404 => {}
                Err(failure) => return Err(failure),
                Ok(_) => {}
            }
        }
    }
    let status = success(GROUP, call.resource.plural, "", "");
    Ok(respond::value(200, format, &status))
}

async fn options<B>(call: &Call, body: B) -> Result<DeleteOptions, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    let taken = call.take(body, false).await?;
    let mut options = if taken.bytes.is_empty() {
        DeleteOptions::parse(&call.query, None)?
    } else {
        let decoded = bodies::decode(call.body_format()?, &taken.bytes)?;
        DeleteOptions::parse(&call.query, Some(&decoded.value))?
    };
    if !call.server.settings.garbage_collected {
        (options.propagation, options.orphan_dependents) = (None, None);
    }
    Ok(options)
}

enum Deleted {
    Gone(Arc<Meta>),
    /// Finalizers remain: the object as it is now.
    Waits(Box<Ready>, Arc<Meta>),
}

async fn one(call: &Call, key: &Key, options: &DeleteOptions) -> Result<Deleted, Failure> {
    let plural = call.resource.plural;
    let failed = |error: &Error| respond::of_store(error, plural, &key.name);
    for _ in 0..TRIES {
        let meta = call.store().metadata(key).await;
        let meta = meta
            .map_err(|error| failed(&error))?
            .ok_or_else(|| Failure::not_found(GROUP, plural, &key.name))?;
        let wanted = &options.preconditions;
        let version = meta.resource_version;
        check_preconditions(wanted, &meta.uid, version, GROUP, plural, &key.name)?;
        let done = if at_once(&meta, options) {
            go(call, meta, options).await
        } else {
            mark(call, &meta, options).await?
        };
        match done {
            Ok(deleted) => return Ok(deleted),
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    Err(Failure::stale(GROUP, plural, &key.name))
}

/// Whether nothing but the index is needed.
fn at_once(meta: &Meta, options: &DeleteOptions) -> bool {
    let dependents = matches!(
        options.propagation,
        Some(Propagation::Orphan | Propagation::Foreground)
    );
    !meta.finalizers && !dependents && options.orphan_dependents != Some(true)
}

async fn go(call: &Call, meta: Arc<Meta>, options: &DeleteOptions) -> Result<Deleted, Error> {
    if options.dry_run {
        return Ok(Deleted::Gone(meta));
    }
    let expect = Expect::version(meta.resource_version);
    let gone = call
        .commit(Change::Delete(meta.key.clone(), expect))
        .await?;
    Ok(Deleted::Gone(gone))
}

/// Marks the object, or lets it go when nothing holds it after all.
async fn mark(
    call: &Call,
    meta: &Arc<Meta>,
    options: &DeleteOptions,
) -> Result<Result<Deleted, Error>, Failure> {
    let body = match call.store().body(meta).await {
        Ok(body) => body,
        // Replaced meanwhile: look again.
        Err(Error::Compacted { .. }) => {
            return Ok(Err(Error::Conflict {
                current: Arc::clone(meta),
                uid: false,
            }));
        }
        Err(error) => return Err(call.failed(&error)),
    };
    let mut object = stored_value(&body, meta.resource_version)?;
    let deletion = begin_delete(&mut object, &now(), options);
    if deletion == Deletion::Remove {
        return Ok(go(call, Arc::clone(meta), options).await);
    }
    let draft = draft(call.resource, &object);
    let ready = Box::new(Ready { object, draft });
    if deletion == Deletion::Unchanged || options.dry_run {
        return Ok(Ok(Deleted::Waits(ready, Arc::clone(meta))));
    }
    let expect = Expect::version(meta.resource_version);
    let change = Change::Update(ready.draft.clone(), expect);
    Ok(call
        .commit(change)
        .await
        .map(|meta| Deleted::Waits(ready, meta)))
}
