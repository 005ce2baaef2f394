//! POST.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use kubescape_api::{GROUP, VERSION};
use kubescape_apimachinery::options::{FieldValidation, WriteOptions};
use kubescape_apimachinery::{Failure, Format, body as bodies};
use kubescape_runtime::serve::{Body, BoxError};
use kubescape_store::{Change, Error, Meta};

use super::call::{Call, work};
use super::change::{Identity, Ready, Write};
use super::streamed::is_large;
use crate::clock::now;
use crate::lanes::Lane;

/// Names that are tried for one `generateName`. (`apiserver`: 8)
const TRIES: usize = 8;

pub(super) async fn create<B>(call: &Call, body: B) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    let options = WriteOptions::parse_create(&call.query)?;
    let format = call.body_format()?;
    let reply = call.reply()?;
    // The body first: who sends it slowly must not hold a place.
    let streams = call.streams(format, &options);
    let mut taken = call.take(body, streams).await?;
    let mut streams = streams && is_large(&taken.bytes);
    let _turn = call.enter(Lane::Write).await?;
    let write = call.write(&options);
    let (size, dry_run) = (taken.bytes.len(), options.dry_run);
    let mut tries = 0;
    loop {
        let (write, identity) = (write.clone(), Identity::new());
        let (text, validation) = (taken.bytes.clone(), options.field_validation);
        let made = if streams {
            let made = work(size, move || {
                write.creation_streamed(&text, &identity, validation)
            });
            let Some(made) = made.await? else {
                streams = false;
                call.unfold(&mut taken).await?;
                continue;
            };
            made
        } else {
            let made = work(size, move || {
                make(&write, validation, format, &text, &identity)
            });
            made.await??
        };
        let (ready, generated, warnings) = made;
        tries += 1;
        let made = if dry_run {
            call.would_create(&ready).await
        } else {
            let made = call.commit(Change::Create(ready.draft.clone())).await;
            made.map(Some)
        };
        match made {
            Ok(None) => {
                let response = reply.dry(201, &ready, &warnings).await?;
                return Ok(taken.hand_over(response));
            }
            Ok(Some(meta)) => {
                let response = reply.stored(201, &ready, &meta, &warnings).await?;
                return Ok(taken.hand_over(response));
            }
            Err(Error::AlreadyExists(_)) if generated && tries < TRIES => {}
            Err(Error::AlreadyExists(_)) => {
                let name = &ready.draft.key.name;
                let plural = call.resource.plural;
                return Err(if generated {
                    Failure::generated_name_exists(GROUP, plural, name)
                } else {
                    Failure::already_exists(GROUP, plural, name)
                });
            }
            Err(error) => return Err(call.failed(&error)),
        }
    }
}

fn make(
    write: &Write,
    validation: FieldValidation,
    format: Format,
    text: &[u8],
    identity: &Identity,
) -> Result<(Ready, bool, Vec<String>), Failure> {
    let decoded = bodies::decode(format, text)?;
    let mut object = decoded.value;
    bodies::expect_kind(&mut object, GROUP, VERSION, write.resource.kind)?;
    let warnings = write.check_fields(&mut object, &decoded.duplicates, validation)?;
    let generated = object["metadata"]["name"]
        .as_str()
        .is_none_or(str::is_empty);
    Ok((
        write.creation(object, identity, false)?,
        generated,
        warnings,
    ))
}

impl Call {
    pub(super) fn write(&self, options: &WriteOptions) -> Write {
        Write {
            resource: self.resource,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            manager: options.manager(self.user_agent()),
            now: now(),
        }
    }

    /// What a dry run of a creation can know: whether the name is taken.
    pub(super) async fn would_create(&self, ready: &Ready) -> Result<Option<Arc<Meta>>, Error> {
        match self.store().metadata(&ready.draft.key).await? {
            Some(taken) => Err(Error::AlreadyExists(taken)),
            None => Ok(None),
        }
    }

    /// Makes one change; gives the new facts.
    pub(super) async fn commit(&self, change: Change) -> Result<Arc<Meta>, Error> {
        let mut done = self.store().commit(vec![change]).await?;
        done.pop()
            .ok_or_else(|| Error::Internal("a commit without an answer".to_owned()))
    }
}
