//! What a cluster is called in identifiers.

/// A cluster's name as identifiers have it: runs of other characters than letters,
/// digits and `_` become `-`. (control-plane reference §1, `clusterName`.)
pub fn cluster_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            out.push(letter);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_by_word_characters() {
        assert_eq!(cluster_name("arn:aws:eks//prod"), "arn-aws-eks-prod");
        assert_eq!(cluster_name("a--b_c"), "a-b_c");
    }
}
