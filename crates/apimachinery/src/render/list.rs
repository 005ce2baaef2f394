//! Lists, piece by piece.

use serde_json::{Map, Value};

use super::splice::{json_into, meta_version, text_into};

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

impl ListMeta {
    /// The `metadata` of a list.
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        let version = self.resource_version.to_string();
        json.insert("resourceVersion".to_owned(), version.into());
        if !self.continue_token.is_empty() {
            let token = self.continue_token.as_str();
            json.insert("continue".to_owned(), token.into());
        }
        if let Some(remaining) = self.remaining_item_count {
            json.insert("remainingItemCount".to_owned(), remaining.into());
        }
        Value::Object(json)
    }

    /// Ends the array and the object that a list or table is.
    pub(super) fn end_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"],\"metadata\":");
        json_into(&self.to_json(), out);
        out.extend_from_slice(b"}\n");
    }
}

/// Writes a list of any kind into buffers that the caller sends on: the buffer
/// may be emptied between calls.
#[derive(Clone, Debug, Default)]
pub struct ListRenderer {
    started: bool,
}

impl ListRenderer {
    /// Begins a list of this kind, such as `ApplicationProfileList`.
    pub fn start(api_version: &str, kind: &str, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(b"{\"kind\":");
        text_into(kind, out);
        out.extend_from_slice(b",\"apiVersion\":");
        text_into(api_version, out);
        out.extend_from_slice(b",\"items\":[");
        Self::default()
    }

    /// Begins a `PartialObjectMetadataList`.
    pub fn start_metadata(beta: bool, out: &mut Vec<u8>) -> Self {
        Self::start(meta_version(beta), "PartialObjectMetadataList", out)
    }

    /// Call before each item that the caller then appends to `out`.
    pub fn item(&mut self, out: &mut Vec<u8>) {
        if self.started {
            out.push(b',');
        }
        self.started = true;
    }

    /// Ends the list.
    pub fn finish(self, meta: &ListMeta, out: &mut Vec<u8>) {
        meta.end_into(out);
    }
}
