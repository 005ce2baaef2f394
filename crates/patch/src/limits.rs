//! How far a patch may go.

/// Bounds on patches, so that a small one cannot make much work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most operations of one JSON patch. (kube-apiserver: 10,000)
    pub operations: usize,
    /// Most bytes, as JSON, that the `copy` operations of one JSON patch may
    /// copy together. (kube-apiserver: 3 MiB, its request limit)
    pub copied_bytes: usize,
    /// Deepest nesting of a patch and of what it makes, in steps.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 10_000,
            copied_bytes: 3 << 20,
            depth: 128,
        }
    }
}

impl Limits {
    pub(crate) fn too_deep(&self) -> crate::Error {
        crate::Error::TooLarge(format!(
            "the patch nests deeper than {} steps, or makes an object that does",
            self.depth
        ))
    }
}
