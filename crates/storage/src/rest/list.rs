//! LIST: in one piece when small, as a stream when large, always of one state.

use std::sync::Arc;

use http::Response;
use kubescape_api::{API_VERSION, Weight};
use kubescape_apimachinery::negotiate::{Representation, Shape, Target};
use kubescape_apimachinery::options::{ListOptions, ResourceVersionMatch, TableOptions};
use kubescape_apimachinery::render::{Include, ListMeta, ListRenderer, TableRenderer};
use kubescape_apimachinery::{Failure, Format};
use kubescape_runtime::serve::Body;
use kubescape_store::{At, Error, Filter, Object, Position};

use super::call::{Call, busy};
use super::get::text;
use super::pages::Pages;
use super::render::{View, damaged};
use crate::lanes::{Held, Lane, Turn};
use crate::respond;
use crate::server::Inner;
use crate::stream::{self, Sender};

/// Bytes of an answer that are sent at once.
const CHUNK: usize = 64 << 10;

/// YAML is made of a whole list at once, so that one must not be longer.
const LONGEST_YAML: usize = 16 << 20;

pub(super) async fn list(call: &Call) -> Result<Response<Body>, Failure> {
    let options = ListOptions::parse(&call.query)?;
    let representation = call.accepted(Target::List)?;
    let view = view_of_many(call, representation, &options)?;
    let lane = lane(&view);
    let turn = call.enter(lane).await?;
    let at = at(call, &options).await?;
    let pages = Pages::start(
        call.store().clone(),
        filter(call, &options),
        at,
        // Bodies of heavy kinds are read one by one: several would be too much.
        view.wants_bodies() && lane == Lane::Light,
        options.field_selector.clone(),
        options.limit,
    )
    .await
    .map_err(|error| list_failure(&options, call, &error))?;
    let rows = Rows {
        pages,
        bodies: (lane == Lane::Heavy).then(|| call.server.clone()),
    };
    let writer = Writer::start(view, Vec::new());
    answer(call, representation.format, rows, writer, turn).await
}

/// The lane of reading many objects.
pub(super) fn lane(view: &View) -> Lane {
    if view.wants_bodies() && view.resource.weight == Weight::Heavy {
        Lane::Heavy
    } else {
        Lane::Light
    }
}

/// What a LIST or WATCH shows of each object.
pub(super) fn view_of_many(
    call: &Call,
    representation: Representation,
    options: &ListOptions,
) -> Result<View, Failure> {
    let include = match representation.shape {
        Shape::Table { .. } => TableOptions::parse(&call.query)?.include,
        _ => Include::default(),
    };
    Ok(View::of_many(
        call.resource,
        representation.shape,
        include,
        options.spec,
    ))
}

/// Which objects are meant.
pub(super) fn filter(call: &Call, options: &ListOptions) -> Filter {
    let fields = &options.field_selector;
    let mut filter = Filter::all(call.resource.plural).labelled(options.label_selector.clone());
    filter.namespace = if call.namespace.is_empty() {
        fields.namespace.clone()
    } else {
        Some(call.namespace.clone())
    };
    // The old form of a watch names one object in its path.
    filter.name = match &*call.name {
        "" => fields.name.clone(),
        name => Some(name.to_owned()),
    };
    filter
}

/// Which state is meant. Anything "not older than" is answered from the newest.
async fn at(call: &Call, options: &ListOptions) -> Result<At, Failure> {
    if !options.continue_token.is_empty() {
        let position = Position::from_token(&options.continue_token);
        return Ok(At::After(position.map_err(|error| call.failed(&error))?));
    }
    let Some(version) = options.resource_version.filter(|version| *version > 0) else {
        return Ok(At::Now);
    };
    call.reached(version).await?;
    match options.resource_version_match {
        Some(ResourceVersionMatch::Exact) => Ok(At::Version(version)),
        _ => Ok(At::Now),
    }
}

/// The failure of a list; of one that lost its state, in the words that tell a
/// client to begin again.
fn list_failure(options: &ListOptions, call: &Call, error: &Error) -> Failure {
    let lost = matches!(error, Error::Compacted { .. } | Error::FutureVersion { .. });
    if lost && !options.continue_token.is_empty() {
        // A token of the future is from before the store was restored.
        return Failure::expired(
            "The provided continue parameter is too old to display a consistent list result: list again without it.",
        );
    }
    call.failed(error)
}

/// Writes a list in whatever shape.
pub(super) struct Writer {
    view: View,
    shape: Shaped,
    pub(super) out: Vec<u8>,
}

enum Shaped {
    List(ListRenderer),
    Table(TableRenderer),
}

impl Writer {
    pub(super) fn start(view: View, mut out: Vec<u8>) -> Self {
        let shape = match view.shape {
            Shape::Whole => {
                let kind = view.resource.list_kind();
                Shaped::List(ListRenderer::start(API_VERSION, &kind, &mut out))
            }
            Shape::Metadata { beta } => Shaped::List(ListRenderer::start_metadata(beta, &mut out)),
            Shape::Table { beta } => {
                let columns = view.resource.column_definitions();
                let table = TableRenderer::start(Some(&columns), view.include, beta, &mut out);
                Shaped::Table(table)
            }
        };
        Self { view, shape, out }
    }

    pub(super) fn item(&mut self, object: &Object) -> Result<(), Failure> {
        let body = object.body.as_deref();
        match &mut self.shape {
            Shaped::List(list) => {
                list.item(&mut self.out);
                self.view.object(&object.meta, body, &mut self.out)
            }
            Shaped::Table(table) => {
                let out = &mut self.out;
                let done = self
                    .view
                    .with_row(&object.meta, body, |row| table.row(row, out));
                if done {
                    Ok(())
                } else {
                    Err(damaged(&object.meta))
                }
            }
        }
    }

    pub(super) fn finish(self, meta: &ListMeta) -> Vec<u8> {
        let mut out = self.out;
        match self.shape {
            Shaped::List(list) => list.finish(meta, &mut out),
            Shaped::Table(table) => table.finish(meta, &mut out),
        }
        out
    }
}

pub(super) fn body_size(object: &Object) -> u64 {
    object.body.as_ref().map_or(0, |body| body.len() as u64)
}

fn end(pages: &Pages) -> ListMeta {
    let (continue_token, remaining_item_count) = pages.rest();
    ListMeta {
        resource_version: pages.resource_version(),
        continue_token,
        remaining_item_count,
    }
}

/// The rows of a list, with their bodies if those are wanted.
struct Rows {
    pages: Pages,
    /// Where bodies come from that the pages do not bring along.
    bodies: Option<Arc<Inner>>,
}

impl Rows {
    /// The next row, and the memory for its body and what is made of it.
    async fn next(&mut self) -> Result<Option<(Object, Held)>, Failure> {
        let mut held = Held::default();
        let next = self.pages.next().await;
        let Some(mut object) = next.map_err(|error| respond::of_store(&error, "", ""))? else {
            return Ok(None);
        };
        if let Some(server) = &self.bodies {
            let size = usize::try_from(object.meta.size).unwrap_or(usize::MAX);
            let (bytes, patience) = (size.saturating_mul(2), server.settings.patience);
            let full = server.lanes.hold_within(&mut held, bytes, patience);
            full.await.map_err(busy)?;
            let body = server.store.body(&object.meta).await;
            object.body = Some(body.map_err(|error| respond::of_store(&error, "", ""))?);
        }
        Ok(Some((object, held)))
    }
}

async fn answer(
    call: &Call,
    format: Format,
    mut rows: Rows,
    mut writer: Writer,
    turn: Turn,
) -> Result<Response<Body>, Failure> {
    if format == Format::Json && (!rows.pages.is_whole() || rows.bodies.is_some()) {
        // Who reads slowly must not hold a place among those who read little.
        let turn = match rows.bodies {
            None => call.enter(Lane::Stream).await?,
            Some(_) => turn,
        };
        return Ok(streamed(call, rows, writer, turn));
    }
    while let Some((object, _held)) = rows.next().await? {
        writer.item(&object)?;
        if writer.out.len() > LONGEST_YAML && format == Format::Yaml {
            return Err(Failure::not_acceptable_because(
                "the list is too long for YAML: ask for JSON, or for pages with limit",
            ));
        }
    }
    let text_of_list = writer.finish(&end(&rows.pages));
    text(200, format, text_of_list).await
}

/// Sends while it reads. What fails after the beginning cuts the connection, so
/// that no client takes a part for the whole.
fn streamed(call: &Call, rows: Rows, writer: Writer, turn: Turn) -> Response<Body> {
    let (mut sender, body) = stream::channel(call.server.settings.patience);
    let resource = call.resource.plural;
    tokio::spawn(async move {
        let _turn = turn;
        if let Err(failure) = send_all(rows, writer, &mut sender).await {
            let error = failure.message;
            tracing::warn!(resource, error, "a list was cut off");
            sender.fail(error).await;
        }
    });
    respond::body_of(200, Format::Json.media_type(), body)
}

async fn send_all(mut rows: Rows, mut writer: Writer, sender: &mut Sender) -> Result<(), Failure> {
    while let Some((object, held)) = rows.next().await? {
        writer.item(&object)?;
        drop(object);
        if writer.out.len() >= CHUNK {
            let piece = std::mem::take(&mut writer.out);
            // Held until the client has taken it.
            if !sender.send_in_parts(piece).await {
                return Ok(());
            }
        }
        drop(held);
    }
    sender.send(writer.finish(&end(&rows.pages))).await;
    Ok(())
}
