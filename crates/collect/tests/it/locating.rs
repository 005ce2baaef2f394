//! Paths → lines and columns.

use kubescape_collect::{Limits, Place, RawDocument, Span, locate};
use kubescape_engine::Path;

use crate::help::{read, source};

fn documents(name: &str, text: &str) -> Vec<RawDocument> {
    read(&source(name, true), text.as_bytes(), Limits::default())
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

fn one(document: &RawDocument, path: &str) -> Place {
    locate(document, &[Path::parse(path).unwrap()])[0]
}

fn show(span: Span) -> String {
    let Span { start, end } = span;
    format!(
        "{}:{}-{}:{}",
        start.line, start.column, end.line, end.column
    )
}

/// `found key value`
fn shown(document: &RawDocument, path: &str) -> String {
    let place = one(document, path);
    let key = place.key.map_or("-".to_owned(), show);
    format!("{} {key} {}", place.found, show(place.value))
}

const YAML: &str = "# head
apiVersion: v1
---
apiVersion: apps/v1
metadata:
  labels:
    app.kubernetes.io/name: web  # comment
    8080: port
spec:
  template:
    spec:
      containers:
      - name: é
        securityContext:
          privileged: true

      - name: \"b\"
        args: [x, {y: z}, 'w']
        command:
          - |
            one
            two

      volumes: &v
      - name: x
      alias: *v
data:
";

#[test]
fn yaml() {
    let documents = documents("x.yaml", YAML);
    let cases = [
        ("apiVersion", "1 4:1-4:11 4:13-4:20"),
        (
            "metadata.labels[app.kubernetes.io/name]",
            "3 7:5-7:27 7:29-7:32",
        ),
        ("metadata.labels[8080]", "3 8:5-8:9 8:11-8:15"),
        (
            "spec.template.spec.containers[0].securityContext.privileged",
            "7 15:11-15:21 15:23-15:27",
        ),
        (
            "spec.template.spec.containers[0].securityContext",
            "6 14:9-14:24 15:11-15:27",
        ),
        ("spec.template.spec.containers[0]", "5 - 13:9-15:27"),
        (
            "spec.template.spec.containers[1].name",
            "6 17:9-17:13 17:15-17:18",
        ),
        (
            "spec.template.spec.containers[1].args",
            "6 18:9-18:13 18:15-18:31",
        ),
        (
            "spec.template.spec.containers[1].args[1].y",
            "8 18:20-18:21 18:23-18:24",
        ),
        (
            "spec.template.spec.containers[1].args[2]",
            "7 - 18:27-18:30",
        ),
        (
            "spec.template.spec.containers[1].command[0]",
            "7 - 21:13-22:16",
        ),
        ("spec.template.spec.containers", "4 12:7-12:17 13:9-22:16"),
        // What does not exist is told by what does.
        (
            "spec.template.spec.containers[0].securityContext.runAsUser",
            "6 14:9-14:24 15:11-15:27",
        ),
        (
            "spec.template.spec.containers[7].image",
            "4 12:7-12:17 13:9-22:16",
        ),
        (
            "spec.template.spec.alias[0].name",
            "4 26:7-26:12 26:14-26:16",
        ),
        ("status.phase", "0 - 4:1-27:5"),
        ("", "0 - 4:1-27:5"),
    ];
    for (path, expected) in cases {
        assert_eq!(shown(&documents[1], path), expected, "{path}");
    }
    let paths: Vec<_> = cases
        .iter()
        .map(|(path, _)| Path::parse(path).unwrap())
        .collect();
    let all = locate(&documents[1], &paths);
    for ((path, _), place) in cases.iter().zip(all) {
        assert_eq!(place, one(&documents[1], path), "{path}");
    }
    assert_eq!(show(one(&documents[0], "apiVersion").whole()), "2:1-2:15");
}

#[test]
fn an_empty_value_is_behind_its_key() {
    let documents = documents("x.yaml", "a:\nb: {}\n");
    assert_eq!(shown(&documents[0], "a"), "1 1:1-1:2 1:2-1:2");
    assert_eq!(shown(&documents[0], "b.c"), "1 2:1-2:2 2:4-2:6");
}

#[test]
fn json() {
    let text = "{\"kind\": \"List\", \"items\": [\n  {\"é\": {\"b\": [1,\n\t{\"c\": null}]}}, {\"d\":17}]}";
    let documents = documents("x.json", text);
    assert_eq!(shown(&documents[0], "é.b[1].c"), "4 3:3-3:6 3:8-3:12");
    assert_eq!(shown(&documents[0], "é"), "1 2:4-2:7 2:9-3:15");
    assert_eq!(shown(&documents[1], "d"), "1 3:19-3:22 3:23-3:25");
}

#[test]
fn a_broken_document_is_searched_as_far_as_it_goes() {
    let documents = documents("x.yaml", "a: 1\nb:\n  c: 2\n d: 3\n");
    assert_eq!(shown(&documents[0], "b.c"), "2 3:3-3:4 3:6-3:7");
    assert_eq!(one(&documents[0], "d.e").found, 0);
}
