//! Tables, row by row. (`metav1.Table`, `endpoints/handlers/response.go`)

use serde_json::Value;

use super::list::ListMeta;
use super::splice::{
    json_into, meta_version, partial_metadata, splice_resource_version, text_into,
};
use super::watch::bookmark_metadata;

/// What a row carries beside its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// The object.
    Object,
}

/// One row, from stored texts.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The cells, as many as there are columns.
    pub cells: &'a [Value],
    /// The stored metadata.
    pub metadata: &'a str,
    /// The stored body; needed only for [`Include::Object`].
    pub body: Option<&'a [u8]>,
    /// The version of the object.
    pub resource_version: u64,
}

/// Writes a `Table` into buffers that the caller sends on: the buffer may be
/// emptied between calls.
#[derive(Clone, Debug)]
pub struct TableRenderer {
    beta: bool,
    include: Include,
    started: bool,
}

impl TableRenderer {
    /// Begins a table. No columns means that they were sent before: later
    /// events of a watch.
    pub fn start(
        columns: Option<&[Value]>,
        include: Include,
        beta: bool,
        out: &mut Vec<u8>,
    ) -> Self {
        out.extend_from_slice(b"{\"kind\":\"Table\",\"apiVersion\":");
        text_into(meta_version(beta), out);
        out.extend_from_slice(b",\"columnDefinitions\":");
        match columns {
            Some(columns) => array_into(columns, out),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"rows\":[");
        Self {
            beta,
            include,
            started: false,
        }
    }

    /// Appends a row. Whether that worked; `out` is unchanged if not: the
    /// stored texts are no objects, or the body is needed and not there.
    #[must_use]
    pub fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        if self.started {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"cells\":");
        array_into(row.cells, out);
        out.extend_from_slice(b",\"object\":");
        let version = row.resource_version;
        let done = match (self.include, row.body) {
            (Include::None, _) => {
                out.extend_from_slice(b"null");
                true
            }
            (Include::Metadata, _) => partial_metadata(row.metadata, version, self.beta, out),
            (Include::Object, Some(body)) => splice_resource_version(body, version, out),
            (Include::Object, None) => false,
        };
        if done {
            out.push(b'}');
            self.started = true;
        } else {
            out.truncate(before);
        }
        done
    }

    /// Ends the table.
    pub fn finish(self, meta: &ListMeta, out: &mut Vec<u8>) {
        meta.end_into(out);
    }
}

/// A `Table` of one row: the object of a watch event. Columns are given with
/// the first event only. `None` where the texts are not as stored ones are.
pub fn table_event_object(
    columns: Option<&[Value]>,
    include: Include,
    beta: bool,
    row: &Row<'_>,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut table = TableRenderer::start(columns, include, beta, &mut out);
    if !table.row(row, &mut out) {
        return None;
    }
    let meta = ListMeta {
        resource_version: row.resource_version,
        ..ListMeta::default()
    };
    table.finish(&meta, &mut out);
    // A line holds the event: the end of line belongs to it.
    out.pop();
    Some(out)
}

/// A `Table` of one row without an object behind it: the object of a BOOKMARK.
/// The row always has metadata, so that the client finds the version and the
/// annotation.
pub fn table_bookmark_object(
    columns: Option<&[Value]>,
    beta: bool,
    cells: &[Value],
    resource_version: u64,
    initial_events_end: bool,
) -> Vec<u8> {
    let metadata = bookmark_metadata(initial_events_end);
    let row = Row {
        cells,
        metadata,
        body: None,
        resource_version,
    };
    // The metadata is an object, so there is always a row.
    table_event_object(columns, Include::Metadata, beta, &row).unwrap_or_default()
}

fn array_into(values: &[Value], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json_into(value, out);
    }
    out.push(b']');
}
