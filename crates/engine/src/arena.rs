//! The memory that documents, the values read from them and findings about
//! them share.

use std::fmt;

use crate::value::{Map, Value};

/// A bump allocator: everything put into it lives until it is dropped or
/// [reset](Arena::reset), all at once.
///
/// Judging one document allocates thousands of tiny values that die together;
/// freeing them one by one would cost more than judging them.
#[derive(Default)]
pub struct Arena(bumpalo::Bump);

impl Arena {
    /// An empty arena.
    pub fn new() -> Self {
        Self::default()
    }

    /// Frees everything in the arena but keeps its largest chunk for reuse.
    pub fn reset(&mut self) {
        self.0.reset();
    }

    /// The bytes taken from the system so far.
    pub fn allocated_bytes(&self) -> usize {
        self.0.allocated_bytes()
    }

    /// Copies a string in.
    pub fn str(&self, text: &str) -> &str {
        self.0.alloc_str(text)
    }

    /// Formats a string in: `arena.fmt(format_args!("spec.{x}"))`.
    pub fn fmt(&self, text: impl fmt::Display) -> &str {
        use fmt::Write;
        let mut out = bumpalo::collections::String::new_in(&self.0);
        // Writing to memory cannot fail; a `Display` that claims so loses its tail.
        let _ = write!(out, "{text}");
        out.into_bump_str()
    }

    /// Moves one value in.
    pub fn alloc<T>(&self, value: T) -> &T {
        self.0.alloc(value)
    }

    /// Copies a slice in.
    pub fn slice<T: Copy>(&self, items: &[T]) -> &[T] {
        self.0.alloc_slice_copy(items)
    }

    /// Moves the items of an iterator of known length in.
    pub fn collect<T, I>(&self, items: I) -> &[T]
    where
        I: IntoIterator<Item = T>,
        I::IntoIter: ExactSizeIterator,
    {
        self.0.alloc_slice_fill_iter(items)
    }

    /// An array value of `items`.
    pub fn array<'a>(&'a self, items: &[Value<'a>]) -> Value<'a> {
        Value::Array(self.slice(items))
    }

    /// An object value of `entries`; of a key given twice, the last one counts.
    pub fn object<'a>(&'a self, entries: &[(&'a str, Value<'a>)]) -> Value<'a> {
        let mut entries = entries.to_vec();
        entries.reverse();
        entries.sort_by_key(|(key, _)| *key);
        entries.dedup_by_key(|(key, _)| *key);
        Value::Object(Map::from_sorted(self.slice(&entries)))
    }
}
