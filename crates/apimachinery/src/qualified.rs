//! Qualified names, label values and namespace names, with Kubernetes' messages.
//! (`apimachinery/pkg/util/validation`)

const NAME_PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const NAME_ERROR: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const NAME_EXAMPLES: &str = "(e.g. 'MyName',  or 'my.name',  or '123-abc', ";
const NAME_LONGEST: usize = 63;
const SUBDOMAIN_ERROR: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const SUBDOMAIN_LONGEST: usize = 253;
const LABEL_ERROR: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const VALUE_ERROR: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Whether both ends are ASCII letters or digits and all between is allowed.
fn is_word(text: &str, end: fn(u8) -> bool, between: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.iter().all(|byte| byte.is_some_and(|byte| end(*byte)))
        && bytes
            .iter()
            .all(|byte| end(*byte) || between.contains(byte))
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_lower_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Whether this is a DNS label of lower case letters, apart from its length.
fn is_dns_label(text: &str) -> bool {
    is_word(text, is_lower_alphanumeric, b"-")
}

fn too_long(most: usize) -> String {
    format!("must be no more than {most} characters")
}

/// What is wrong with a qualified name (`[prefix/]name`): keys of labels and
/// annotations, finalizers.
pub(crate) fn qualified_name_errors(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a qualified name {NAME_ERROR} {NAME_EXAMPLES}regex used for validation is '{NAME_PATTERN}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some(("", name)) => {
            errors.push("prefix part must be non-empty".to_owned());
            name
        }
        Some((prefix, name)) => {
            let wrong = subdomain_errors(prefix);
            errors.extend(wrong.iter().map(|error| format!("prefix part {error}")));
            name
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > NAME_LONGEST {
        errors.push(format!("name part {}", too_long(NAME_LONGEST)));
    }
    if !is_word(name, is_alphanumeric, b"-_.") {
        errors.push(format!(
            "name part {NAME_ERROR} {NAME_EXAMPLES}regex used for validation is '{NAME_PATTERN}')"
        ));
    }
    errors
}

fn subdomain_errors(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > SUBDOMAIN_LONGEST {
        errors.push(too_long(SUBDOMAIN_LONGEST));
    }
    if !text.split('.').all(is_dns_label) {
        errors.push(SUBDOMAIN_ERROR.to_owned());
    }
    errors
}

/// What is wrong with the value of a label.
pub(crate) fn label_value_errors(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > NAME_LONGEST {
        errors.push(too_long(NAME_LONGEST));
    }
    if !text.is_empty() && !is_word(text, is_alphanumeric, b"-_.") {
        errors.push(VALUE_ERROR.to_owned());
    }
    errors
}

/// What is wrong with the name of a namespace.
pub(crate) fn namespace_errors(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > NAME_LONGEST {
        errors.push(too_long(NAME_LONGEST));
    }
    if !is_dns_label(text) {
        errors.push(LABEL_ERROR.to_owned());
    }
    errors
}

/// What keeps a text from being one segment of a path.
/// (`apimachinery/pkg/api/validation/path`)
pub(crate) fn path_segment_errors(text: &str) -> Vec<String> {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    let illegal = ['/', '%'].into_iter().filter(|char| text.contains(*char));
    illegal
        .map(|char| format!("may not contain '{char}'"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified_names_are_judged_as_by_kubernetes() {
        let good = [
            "simple",
            "now-with-dashes",
            "1.2",
            "A_b.C",
            "a.b/c",
            "0/0",
            "example.com/Foo",
        ];
        for name in good {
            assert!(qualified_name_errors(name).is_empty(), "{name}");
        }
        let bad = [
            "", "-a", "a-", "a b", "/x", "x/", "a/b/c", "A.b/c", "a..b/c", "-a/b", "é", "_",
        ];
        for name in bad {
            assert!(!qualified_name_errors(name).is_empty(), "{name}");
        }
        assert!(!qualified_name_errors(&"a".repeat(64)).is_empty());
        assert!(
            qualified_name_errors(&format!("{}/{}", "a".repeat(253), "b".repeat(63))).is_empty()
        );
        assert!(!qualified_name_errors(&format!("{}/b", "a".repeat(254))).is_empty());
    }

    #[test]
    fn messages_are_those_of_kubernetes() {
        assert_eq!(
            qualified_name_errors("a b"),
            [
                "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
            ]
        );
        assert_eq!(label_value_errors("_x"), [VALUE_ERROR]);
        assert!(label_value_errors("").is_empty());
        assert_eq!(path_segment_errors(".."), ["may not be '..'"]);
        assert_eq!(
            path_segment_errors("a/%"),
            ["may not contain '/'", "may not contain '%'"]
        );
        assert!(namespace_errors("kube-system").is_empty());
        assert!(!namespace_errors("Kube").is_empty());
    }
}
