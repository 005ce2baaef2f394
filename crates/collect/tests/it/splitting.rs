//! Where documents begin and end.

use kubescape_collect::{Format, Limits};

use crate::help::{lines, read, source};

fn texts(name: &str, text: &str) -> Vec<String> {
    read(&source(name, true), text.as_bytes(), Limits::default())
        .into_iter()
        .map(|one| one.map_or_else(|problem| problem.to_string(), |document| document.text))
        .collect()
}

#[test]
fn yaml_documents_end_where_the_specification_says() {
    let cases: [(&str, &[&str]); 12] = [
        ("a\n---\nb\n", &["a\n", "---\nb\n"]),
        ("--- a\n--- b", &["--- a\n", "--- b"]),
        ("# c\n---\na\n", &["# c\n---\na\n"]),
        ("a: |\n x\n---\nb\n", &["a: |\n x\n", "---\nb\n"]),
        ("a: \"x\n---\ny\"\n", &["a: \"x\n", "---\ny\"\n"]),
        ("---a\n----\n- ---\n ---\n", &["---a\n----\n- ---\n ---\n"]),
        ("a\n...\nb\n", &["a\n...\n", "b\n"]),
        (
            "a\n... # c\n%YAML 1.2\n---\nb\n",
            &["a\n... # c\n", "%YAML 1.2\n---\nb\n"],
        ),
        ("%YAML 1.2\n# c\n---\na\n", &["%YAML 1.2\n# c\n---\na\n"]),
        ("---\r\na\r\n---\r\nb", &["---\r\na\r\n", "---\r\nb"]),
        ("---\n# c\n---\na\n", &["---\na\n"]),
        ("a\n---", &["a\n"]),
    ];
    for (text, expected) in cases {
        assert_eq!(texts("x.yaml", text), expected, "{text:?}");
    }
}

#[test]
fn documents_are_counted_as_people_count_them() {
    let text = "# c\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n---\nc: 3\n";
    let documents = read(&source("x.yaml", true), text.as_bytes(), Limits::default());
    let places: Vec<_> = documents
        .into_iter()
        .map(|one| one.map(|one| (one.index, one.line, one.offset)).unwrap())
        .collect();
    assert_eq!(places, [(0, 1, 0), (2, 6, 27), (3, 9, 40)]);
}

#[test]
fn json_values_and_items_are_cut_out() {
    let cases: [(&str, &[&str]); 9] = [
        (
            r#"{"a":1}{"b":2} {"c":3}"#,
            &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#],
        ),
        (
            r#"[{"a":"]"}, [1], "x\"]", 17]"#,
            &[r#"{"a":"]"}"#, "[1]", r#""x\"]""#, "17"],
        ),
        ("[] {} 17 true", &["{}", "17", "true"]),
        (
            r#"{"items": [{"a":1},{"b":[2]}], "kind": "List"}"#,
            &[r#"{"a":1}"#, r#"{"b":[2]}"#],
        ),
        (
            r#"{"kind": "List", "items": [{"a":1}], "x": {}}"#,
            &[r#"{"a":1}"#],
        ),
        (
            r#"{"kind": "Menu", "items": [1]}"#,
            &[r#"{"kind": "Menu", "items": [1]}"#],
        ),
        (
            r#"{"spec": {"items": [1]}}"#,
            &[r#"{"spec": {"items": [1]}}"#],
        ),
        (r#"{"items": {"a": 1}}"#, &[r#"{"items": {"a": 1}}"#]),
        (r#"{"items": [], "kind": "List"}"#, &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(texts("x.json", text), expected, "{text:?}");
    }
}

#[test]
fn items_know_where_they_are() {
    let text = "{\"é\": 1,\n \"items\": [{},\n  {}]} {}";
    let places: Vec<_> = read(&source("x.json", true), text.as_bytes(), Limits::default())
        .into_iter()
        .map(|one| {
            one.map(|one| (one.index, one.item, one.line, one.column))
                .unwrap()
        })
        .collect();
    assert_eq!(
        places,
        [(0, Some(0), 2, 12), (0, Some(1), 3, 3), (1, None, 3, 8)]
    );
}

#[test]
fn items_of_a_typed_list_inherit_its_kind() {
    let expected = [r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#];
    let json = r#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}"#;
    assert_eq!(lines("x.json", json), expected);
    assert_eq!(lines("-", json), expected);
    let yaml = "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n";
    assert_eq!(lines("x.yaml", yaml), [format!("items[0].{}", expected[0])]);
}

#[test]
fn a_kind_that_contradicts_its_items_is_reported() {
    let lines = lines(
        "x.json",
        r#"{"items":[{"apiVersion":"v1","kind":"Pod"}],"kind":"Menu"}"#,
    );
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains("the kind Menu comes after"), "{lines:?}");
}

#[test]
fn lists_in_yaml_are_expanded() {
    let text = "apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod}
- 17
- apiVersion: v1
  kind: List
  items: [{apiVersion: v1, kind: Service}, {kind: Pod}]
";
    assert_eq!(
        lines("x.yaml", text),
        [
            r#"items[0].{"apiVersion":"v1","kind":"Pod"}"#,
            r#"items[2].items[0].{"apiVersion":"v1","kind":"Service"}"#,
            "not-an-object x.yaml:1: items[1] is not an object (document 1); \
             give one Kubernetes object per document",
            "no-kind x.yaml:1: items[2].items[1]: no apiVersion (document 1); \
             add apiVersion and kind",
        ]
    );
    assert_eq!(
        lines("x.yaml", "apiVersion: v1\nkind: List\nitems:\n"),
        [""; 0]
    );
}

#[test]
fn text_that_starts_like_json_may_be_yaml() {
    let formats = |name: &str, text: &str| -> Vec<Format> {
        read(&source(name, true), text.as_bytes(), Limits::default())
            .into_iter()
            .map(|one| one.unwrap().format)
            .collect()
    };
    use Format::{Json, Yaml};
    assert_eq!(formats("x.yaml", "{\"a\": 1}\n{\"b\": 2}"), [Json, Json]);
    assert_eq!(formats("-", "\n [{\"a\": 1}]"), [Json]);
    assert_eq!(formats("x.yaml", "{a: 1}\n---\n{b: 2}"), [Yaml, Yaml]);
    assert_eq!(
        formats("x.yaml", "{\"a\": 1} # it's\n---\n{b: 2}"),
        [Yaml, Yaml]
    );
    assert_eq!(formats("x.yaml", "[a, b]\n"), [Yaml]);
    assert_eq!(formats("x.yaml", "{{- if x }}\n"), [Yaml]);
}

/// A list as kubectl prints it: keys sorted, so that its kind comes last.
const LIST: &str = "\
apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata:
    name: a
- apiVersion: v1
  data:
    x: |
      - apiVersion: not an item
      # nor this

      y
  kind: ConfigMap
-
  apiVersion: v1
  kind: Pod
kind: List
metadata:
  resourceVersion: \"\"
---
a: 1
";

/// Lists are cut above a sixteenth of the largest document.
fn cut_lists() -> Limits {
    Limits {
        document_bytes: 300,
    }
}

#[test]
fn a_large_list_is_cut_into_items_that_know_their_places() {
    let documents = read(&source("x.yaml", true), LIST.as_bytes(), cut_lists());
    let documents: Vec<_> = documents.into_iter().map(Result::unwrap).collect();
    let places: Vec<_> = documents
        .iter()
        .map(|one| (one.index, one.item, one.line))
        .collect();
    assert_eq!(
        places,
        [
            (0, Some(0), 3),
            (0, Some(1), 7),
            (0, Some(2), 15),
            (1, None, 21)
        ]
    );
    assert_eq!(
        documents[0].text,
        "  apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n"
    );
    assert!(documents[1].text.ends_with("  kind: ConfigMap\n"));
    for one in &documents[..3] {
        let offset = usize::try_from(one.offset).unwrap();
        assert_eq!(LIST.as_bytes()[offset], b'-');
        assert_eq!(LIST[offset + 1..offset + one.text.len()], one.text[1..]);
    }
}

#[test]
fn a_small_list_stays_whole() {
    assert_eq!(texts("x.yaml", LIST).len(), 2);
}

#[test]
fn an_item_above_the_limit_costs_no_other() {
    let text = LIST.replace("name: a", &format!("name: {}", "a".repeat(400)));
    let documents = read(&source("x.yaml", true), text.as_bytes(), cut_lists());
    let lines: Vec<_> = documents
        .iter()
        .map(|one| one.as_ref().map_err(|problem| problem.line))
        .collect();
    assert!(
        matches!(lines[..], [Err(Some(3)), Ok(_), Ok(_), Ok(_)]),
        "{lines:?}"
    );
}

#[test]
fn typed_lists_pass_on_their_kind_and_other_kinds_are_named() {
    let typed = LIST
        .replacen("apiVersion: v1\n", "apiVersion: v1\nkind: PodList\n", 1)
        .replace("kind: List\n", "");
    let documents = read(&source("x.yaml", true), typed.as_bytes(), cut_lists());
    let inherited = documents[0].as_ref().unwrap().inherited.clone().unwrap();
    assert_eq!((&*inherited.api_version, &*inherited.kind), ("v1", "Pod"));

    let other = LIST.replace("kind: List", "kind: Playlist.v2");
    let documents = read(&source("x.yaml", true), other.as_bytes(), cut_lists());
    assert!(
        documents
            .iter()
            .any(|one| one.as_ref().is_err_and(|problem| problem.line == Some(18)))
    );
}
