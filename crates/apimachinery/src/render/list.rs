//! Lists, piece by piece.

/// What a list says about itself; known by its end, so it comes last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMeta {
    /// The state that the list shows.
    pub resource_version: u64,
    /// The token of the next page; empty on the last.
    pub continue_token: String,
    /// Items after this page, where known.
    pub remaining_item_count: Option<u64>,
}

/// Writes a list of any kind into buffers that the caller sends on.
#[derive(Clone, Debug, Default)]
pub struct ListRenderer {
    started: bool,
}

impl ListRenderer {
    /// Begins a list of this kind, such as `ApplicationProfileList`.
    pub fn start(api_version: &str, kind: &str, out: &mut Vec<u8>) -> Self {
        let _ = (api_version, kind, out);
        todo!()
    }

    /// Begins a `PartialObjectMetadataList`.
    pub fn start_metadata(beta: bool, out: &mut Vec<u8>) -> Self {
        let _ = (beta, out);
        todo!()
    }

    /// Call before each item that the caller then appends to `out`.
    pub fn item(&mut self, out: &mut Vec<u8>) {
        let _ = out;
        todo!()
    }

    /// Ends the list.
    pub fn finish(self, meta: &ListMeta, out: &mut Vec<u8>) {
        let _ = (meta, out, self.started);
        todo!()
    }
}
