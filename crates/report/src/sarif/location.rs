//! Places as SARIF writes them.

use std::fmt::Write as _;

use kubescape_collect::{Place, Span};
use serde_json::{Value as Json, json};

/// A file. Relative paths start in the directory of the scan.
pub(super) fn artifact(path: &str) -> Json {
    let uri = percent_encoded(path);
    if path.starts_with('/') {
        json!({"uri": format!("file://{uri}")})
    } else {
        json!({"uri": uri, "uriBaseId": "%SRCROOT%"})
    }
}

/// The path as a relative reference of RFC 3986.
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+,@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to memory cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// A place without an end.
pub(super) fn region_at(line: u64, column: Option<u64>) -> Json {
    match column {
        Some(column) => json!({"startLine": line, "startColumn": column}),
        None => json!({"startLine": line}),
    }
}

pub(super) fn region(span: Span) -> Json {
    json!({
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    })
}

/// What to mark of a place: all of an entry that exists; of what only has a
/// parent, the parent's key or first line.
pub(super) fn marked(place: &Place, exists: bool) -> Json {
    if exists {
        return region(place.whole());
    }
    match place.key {
        Some(key) => region(key),
        None => region_at(place.value.start.line, Some(place.value.start.column)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_addresses() {
        assert_eq!(artifact("a b/ü#.yaml")["uri"], "a%20b/%C3%BC%23.yaml");
        assert_eq!(artifact("a b/ü#.yaml")["uriBaseId"], "%SRCROOT%");
        assert_eq!(
            artifact("/a/b:c.yaml"),
            json!({"uri": "file:///a/b%3Ac.yaml"})
        );
    }
}
