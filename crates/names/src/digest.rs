//! The short hash that keeps names apart.

use sha2::{Digest, Sha256};

/// Length of `-h1-h2`.
pub(crate) const SUFFIX_LENGTH: usize = 10;

/// `-h1-h2`: the first and the last four hexadecimal digits of the SHA-256.
pub(crate) fn suffix(text: &str) -> String {
    let digest = Sha256::digest(text);
    let [a, b, .., y, z] = digest.as_slice() else {
        // A SHA-256 has 32 bytes.
        return String::new();
    };
    format!("-{a:02x}{b:02x}-{y:02x}{z:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_has_both_ends_of_the_hash() {
        // SHA-256 of nothing: e3b0c442…7852b855.
        assert_eq!(suffix(""), "-e3b0-b855");
        assert_eq!(suffix("").len(), SUFFIX_LENGTH);
    }
}
