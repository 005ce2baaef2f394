//! Version numbers in what components report and in tags of images.
//!
//! Not semantic versions to the letter: kubelets say `v1.24+`, kernels
//! `5.4.0-1059-azure`, tags `nginx-0.35.0-rancher1`.

/// Three numbers and what follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    /// `(2, 3, 0)` of `2.3.0-rc4`.
    pub(crate) numbers: Numbers,
    /// `-rc4` of `2.3.0-rc4`.
    pub(crate) rest: &'a str,
}

/// Major, minor and patch number.
pub(crate) type Numbers = (u32, u32, u32);

impl<'a> Version<'a> {
    /// The version that the text starts with, after a `v` perhaps; a missing
    /// patch number is 0.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (major, rest) = leading_number(text)?;
        let (minor, rest) = leading_number(rest.strip_prefix('.')?)?;
        let patch = rest.strip_prefix('.').and_then(leading_number);
        let (patch, rest) = patch.unwrap_or((0, rest));
        Some(Self {
            numbers: (major, minor, patch),
            rest,
        })
    }

    /// The first `x.y.z` anywhere in the text.
    pub(crate) fn find(text: &'a str) -> Option<Self> {
        let mut rest = text;
        loop {
            rest = &rest[rest.find(|letter: char| letter.is_ascii_digit())?..];
            if let Some(version) = Self::complete(rest) {
                return Some(version);
            }
            rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        }
    }

    fn complete(text: &'a str) -> Option<Self> {
        let (major, rest) = leading_number(text)?;
        let (minor, rest) = leading_number(rest.strip_prefix('.')?)?;
        let (patch, rest) = leading_number(rest.strip_prefix('.')?)?;
        Some(Self {
            numbers: (major, minor, patch),
            rest,
        })
    }
}

/// The number that the text starts with, and what follows it.
pub(crate) fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Whether `version` is older than the first repaired patch release of its
/// minor; minors older than all in `repaired` never got a repair, newer ones
/// never had the fault.
pub(crate) fn is_before_repair(version: Numbers, repaired: &[Numbers]) -> bool {
    let same_minor = repaired
        .iter()
        .find(|fixed| (fixed.0, fixed.1) == (version.0, version.1));
    match same_minor {
        Some(fixed) => version < *fixed,
        None => repaired.iter().all(|fixed| version < *fixed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_up_to_their_numbers() {
        let parse = |text| Version::parse(text).map(|version| (version.numbers, version.rest));
        assert_eq!(
            parse("v1.29.3-eks-1a2b3c"),
            Some(((1, 29, 3), "-eks-1a2b3c"))
        );
        assert_eq!(parse("1.24+"), Some(((1, 24, 0), "+")));
        assert_eq!(parse("1.6.0~rc1"), Some(((1, 6, 0), "~rc1")));
        assert_eq!(parse("1.6.x"), Some(((1, 6, 0), ".x")));
        assert_eq!(parse("latest"), None);
        assert_eq!(parse("1"), None);
        assert_eq!(parse("99999999999.1.1"), None);
    }

    #[test]
    fn versions_are_found_anywhere() {
        let find = |text| Version::find(text).map(|version| (version.numbers, version.rest));
        assert_eq!(find("v1.20.7"), Some(((1, 20, 7), "")));
        assert_eq!(
            find("nginx-0.35.0-rancher1"),
            Some(((0, 35, 0), "-rancher1"))
        );
        assert_eq!(find("2-debian-11.1.2.3"), Some(((11, 1, 2), ".3")));
        assert_eq!(find("1.2"), None);
        assert_eq!(find("99999999999.1.1"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn only_versions_before_the_repair_are_affected() {
        let repaired = [(1, 4, 13), (1, 5, 10), (1, 6, 1)];
        assert!(is_before_repair((1, 3, 99), &repaired));
        assert!(is_before_repair((1, 5, 9), &repaired));
        assert!(!is_before_repair((1, 5, 10), &repaired));
        assert!(!is_before_repair((1, 7, 0), &repaired));
    }
}
