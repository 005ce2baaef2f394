//! Names that the server makes from `generateName`.
//! (`apiserver/pkg/storage/names`, `apimachinery/pkg/util/rand`)

/// What random suffixes are made of: no vowels and no look-alikes, so that
/// neither words nor misreadings come out.
pub const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// Characters of a random suffix.
pub const SUFFIX_LENGTH: usize = 5;

/// Longest part of `generateName` that is kept, in bytes: with its suffix a
/// name has at most 63.
pub const LONGEST_BASE: usize = 63 - SUFFIX_LENGTH;

/// The suffix that a random number stands for; all are about equally likely.
pub fn suffix(random: u64) -> String {
    let mut rest = random;
    let mut text = String::with_capacity(SUFFIX_LENGTH);
    for _ in 0..SUFFIX_LENGTH {
        let count = ALPHABET.len() as u64;
        // The remainder is below 27.
        let index = usize::try_from(rest % count).unwrap_or(0);
        text.push(char::from(ALPHABET[index]));
        rest /= count;
    }
    text
}

/// The name made from `generateName` and a suffix.
pub fn generate(base: &str, suffix: &str) -> String {
    let end = base.floor_char_boundary(LONGEST_BASE);
    format!("{}{suffix}", &base[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_keep_to_the_alphabet_and_names_to_63_bytes() {
        for random in [0, 1, 26, 27, u64::MAX] {
            let suffix = suffix(random);
            assert_eq!(suffix.len(), SUFFIX_LENGTH);
            assert!(suffix.bytes().all(|byte| ALPHABET.contains(&byte)));
        }
        assert_eq!(suffix(0), "bbbbb");
        assert_ne!(suffix(1), suffix(27));
        assert_eq!(generate("cart-", "bcdfg"), "cart-bcdfg");
        assert_eq!(generate(&"x".repeat(100), "bcdfg").len(), 63);
        assert!(generate(&"ö".repeat(100), "bcdfg").ends_with("öbcdfg"));
    }
}
