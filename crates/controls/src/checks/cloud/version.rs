//! Version numbers in what components report.

/// Major, minor and patch number of `v1.29.3-eks-1a2b3c`, `1.6.8` and the
/// like; a missing patch number is 0. What follows the numbers is not read.
pub(super) fn parse(text: &str) -> Option<(u32, u32, u32)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut numbers = text.splitn(3, '.').map(leading_number);
    let major = numbers.next()??;
    let minor = numbers.next()??;
    let patch = numbers.next().flatten().unwrap_or(0);
    Some((major, minor, patch))
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

/// Whether `version` is older than the first repaired patch release of its
/// minor; minors older than all in `repaired` never got a repair, newer ones
/// never had the fault.
pub(super) fn is_before_repair(version: (u32, u32, u32), repaired: &[(u32, u32, u32)]) -> bool {
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
    use super::{is_before_repair, parse};

    #[test]
    fn versions_are_read_up_to_their_numbers() {
        assert_eq!(parse("v1.29.3-eks-1a2b3c"), Some((1, 29, 3)));
        assert_eq!(parse("1.24+"), Some((1, 24, 0)));
        assert_eq!(parse("1.6.0~rc1"), Some((1, 6, 0)));
        assert_eq!(parse("latest"), None);
        assert_eq!(parse("1"), None);
        assert_eq!(parse("99999999999.1.1"), None);
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
