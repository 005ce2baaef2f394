//! Tables, row by row.

use serde_json::Value;

use super::list::ListMeta;

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

/// Writes a `Table` into buffers that the caller sends on.
#[derive(Clone, Debug)]
pub struct TableRenderer {
    beta: bool,
    include: Include,
    started: bool,
}

impl TableRenderer {
    /// Begins a table with these `columnDefinitions`.
    pub fn start(columns: &[Value], include: Include, beta: bool, out: &mut Vec<u8>) -> Self {
        let _ = (columns, out);
        let _ = Self {
            beta,
            include,
            started: false,
        };
        todo!()
    }

    /// Appends a row. `metadata` is the stored text; `body` the stored body,
    /// needed only for [`Include::Object`]. Whether that worked; `out` is
    /// unchanged if not.
    #[must_use]
    pub fn row(
        &mut self,
        cells: &[Value],
        metadata: &str,
        body: Option<&[u8]>,
        resource_version: u64,
        out: &mut Vec<u8>,
    ) -> bool {
        let _ = (
            cells,
            metadata,
            body,
            resource_version,
            out,
            self.beta,
            self.include,
            self.started,
        );
        todo!()
    }

    /// Ends the table.
    pub fn finish(self, meta: &ListMeta, out: &mut Vec<u8>) {
        let _ = (meta, out);
        todo!()
    }
}

/// A `Table` of one row: the object of a watch event. Columns are given with
/// the first event only. `None` where the texts are not as stored ones are.
pub fn table_event_object(
    columns: Option<&[Value]>,
    include: Include,
    beta: bool,
    cells: &[Value],
    metadata: &str,
    body: Option<&[u8]>,
    resource_version: u64,
) -> Option<Vec<u8>> {
    let _ = (
        columns,
        include,
        beta,
        cells,
        metadata,
        body,
        resource_version,
    );
    todo!()
}
