//! Everything that may be wrong with a file.

use std::io::{self, Read};
use std::ops::ControlFlow;

use kubescape_collect::{Code, Input, Limits, Source, read_documents, read_stream};

use crate::help::{lines, lines_of, read, source};

const POD: &str = "apiVersion: v1\nkind: Pod\n";
const POD_JSON: &str = r#"{"apiVersion":"v1","kind":"Pod"}"#;

#[test]
fn broken_yaml_costs_only_its_document_and_names_the_line_of_the_file() {
    let text = format!("{POD}---\na: b\n  c: d\n---\n{POD}");
    assert_eq!(
        lines("x.yaml", &text),
        [
            POD_JSON,
            "bad-yaml x.yaml:5:4: not YAML: mapping values are not allowed in this context \
             (document 2); correct the document",
            POD_JSON,
        ]
    );
}

#[test]
fn broken_json_names_its_place() {
    // A form feed is no white space to JSON.
    assert_eq!(
        lines("x.json", "\u{c}"),
        ["bad-json x.json:1:1: not JSON: expected value (document 1); correct the document"]
    );
    let text = format!("{POD_JSON}\n{{\"é\": tru}}\n");
    assert_eq!(
        lines("x.json", &text),
        [
            POD_JSON,
            "bad-json x.json:2:10: not JSON: expected ident (document 2); correct the document",
        ]
    );
    assert_eq!(
        lines("x.json", "{\"a\": 1\n \"b\": 2}"),
        [
            "bad-json x.json:2:2: expected `,` or `}`; what follows was not read (document 1); \
          correct the document"
        ]
    );
    assert_eq!(
        lines("x.json", "[{\"a\": 1},"),
        [
            "no-kind x.json:1: no apiVersion and no kind (document 1); add apiVersion and kind",
            "bad-json x.json:1:11: the file ends inside a value (document 1); correct the document",
        ]
    );
}

#[test]
fn a_document_that_is_no_object() {
    assert_eq!(
        lines("x.yaml", "# c\n\n- a\n---\njust words\n---\n17\n"),
        [
            "not-an-object x.yaml:3: a list, not an object (document 1); \
             give one Kubernetes object per document",
            "not-an-object x.yaml:5: a string, not an object (document 2); \
             give one Kubernetes object per document",
            "not-an-object x.yaml:7: a number, not an object (document 3); \
             give one Kubernetes object per document",
        ]
    );
}

#[test]
fn what_is_not_kubernetes_is_an_error_only_in_a_file_that_was_named() {
    let text = b"image:\n  tag: v1\n";
    let limits = Limits::default();
    assert_eq!(
        lines_of(&source("values.yaml", true), text, limits),
        ["no-kind values.yaml:1: no apiVersion and no kind (document 1); add apiVersion and kind"]
    );
    assert_eq!(
        lines_of(&source("values.yaml", false), text, limits),
        [
            "not-kubernetes values.yaml:1: skipped: not a Kubernetes object \
          (no apiVersion and no kind) (document 1)"
        ]
    );
    assert_eq!(
        lines_of(&source("playbook.yaml", false), b"- hosts: all\n", limits),
        [
            "not-kubernetes playbook.yaml:1: skipped: not a Kubernetes object \
          (a list, not an object) (document 1)"
        ]
    );
}

#[test]
fn a_key_given_twice_names_the_key_and_both_lines() {
    let expected = |name: &str, column| {
        format!(
            "duplicate-key {name}:4:{column}: the key \"a\" is given twice in one mapping, \
             first in line 2 (document 1); remove one of the two"
        )
    };
    assert_eq!(
        lines("x.yaml", "m:\n  a: 1\n  b: 2\n  a: 3\n"),
        [expected("x.yaml", 3)]
    );
    assert_eq!(
        lines("x.json", "{\n\"a\": 1,\n\"b\": 2,\n\"a\": 3}\n"),
        [expected("x.json", 1)]
    );
}

#[test]
fn anchors_that_expand_without_end() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let alias = format!("*a{}", level - 1);
        let items = vec![alias; 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let lines = lines("x.yaml", &text);
    assert!(lines[0].starts_with("alias-bomb x.yaml:6:"), "{lines:?}");
    assert_eq!(
        crate::help::lines("x.yaml", "a: &a [*a]"),
        [
            "alias-bomb x.yaml:1:8: an alias names an anchor inside itself (document 1); \
          write the values out"
        ]
    );
}

#[test]
fn ten_thousand_levels() {
    let flow = "[".repeat(10_000) + &"]".repeat(10_000);
    // Ten thousand would take 50 MB of spaces.
    let block: String = (0..2_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    let dashes = "- ".repeat(10_000);
    let json = format!("{{\"a\":{flow}}}");
    for (name, text) in [
        ("x.yaml", format!("a: {flow}")),
        ("x.yaml", block),
        ("x.yaml", dashes),
        ("x.yaml", json.clone()),
        ("x.json", json),
    ] {
        let lines = lines(name, &text);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("too-deep x."), "{lines:?}");
    }
}

#[test]
fn a_template_comes_with_its_remedy() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n";
    let lines = lines("t.yaml", text);
    assert!(lines[0].starts_with("template t.yaml:4:"), "{lines:?}");
    assert!(
        lines[0].ends_with("render it first: helm template … | kubescape scan -"),
        "{lines:?}"
    );
    let lines = crate::help::lines("t.yaml", "{{- if .Values.x }}\na: b\n{{- end }}\n");
    assert!(lines[0].starts_with("template t.yaml:1"), "{lines:?}");
}

#[test]
fn binary_files_and_other_encodings() {
    let limits = Limits::default();
    let named = source("x.yaml", true);
    assert_eq!(
        lines_of(&named, b"\x7fELF\x02\0\0", limits),
        ["binary x.yaml: a binary file; leave the file out"]
    );
    assert_eq!(
        lines_of(&named, b"\xff\xfea\0:\0", limits),
        ["not-utf8 x.yaml: the file is UTF-16, not UTF-8; \
          convert the file to UTF-8, for example with iconv"]
    );
    let latin = [
        POD.as_bytes(),
        b"---\na: b\nc: caf\xe9\n---\n",
        POD.as_bytes(),
    ]
    .concat();
    assert_eq!(
        lines_of(&named, &latin, limits),
        [
            POD_JSON,
            "not-utf8 x.yaml:5:7: bytes that are not UTF-8 (document 2); \
             convert the file to UTF-8, for example with iconv",
            POD_JSON,
        ]
    );
}

#[test]
fn files_with_nothing_in_them() {
    for text in [
        "",
        "\n\n",
        "# only a comment\n",
        "---\n---\n...\n",
        "\u{feff}",
        "%YAML 1.2\n---\n",
    ] {
        assert_eq!(lines("x.yaml", text), [""; 0], "{text:?}");
        assert_eq!(lines("-", text), [""; 0], "{text:?}");
    }
    assert_eq!(lines("x.json", " \n"), [""; 0]);
}

#[test]
fn windows_line_ends_and_byte_order_marks() {
    let text = format!(
        "\u{feff}# c\r\n---\r\n{0}---\r\n{0}...\r\n",
        POD.replace('\n', "\r\n")
    );
    assert_eq!(lines("x.yaml", &text), [POD_JSON; 2]);
    let text = format!("\u{feff}{POD_JSON}\r\n");
    assert_eq!(lines("x.json", &text), [POD_JSON]);
    assert_eq!(lines("-", &text), [POD_JSON]);
    // The mark takes no column.
    assert!(lines("x.yaml", "\u{feff}a: b: c\n")[0].starts_with("bad-yaml x.yaml:1:5:"));
}

#[test]
fn a_document_above_the_limit_is_passed_over() {
    let limits = Limits { document_bytes: 64 };
    let large = format!("big: {}\n", "x".repeat(100));
    let text = format!("{POD}---\n{large}---\n{POD}");
    assert_eq!(
        lines_of(&source("x.yaml", true), text.as_bytes(), limits),
        [
            POD_JSON,
            "too-large x.yaml:3: the document is larger than 64 bytes (document 2); \
             split the document, or raise --max-document-size",
            POD_JSON,
        ]
    );
    let large = format!("{{\"big\": \"{}\"}}", "x".repeat(100));
    let text = format!("{{\"items\": [{POD_JSON},\n{large},\n{POD_JSON}]}}");
    assert_eq!(
        lines_of(&source("x.json", true), text.as_bytes(), limits),
        [
            POD_JSON,
            "too-large x.json:2: the document is larger than 64 bytes (document 1); \
             split the document, or raise --max-document-size",
            POD_JSON,
        ]
    );
}

/// `length` bytes of the same piece over and over, between a head and a tail.
fn long<'a>(head: &'a [u8], piece: &'a [u8], tail: &'a [u8], length: u64) -> impl Read + 'a {
    struct Again<'a>(&'a [u8], usize);
    impl Read for Again<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let rest = &self.0[self.1..];
            let count = rest.len().min(out.len());
            out[..count].copy_from_slice(&rest[..count]);
            self.1 = (self.1 + count) % self.0.len();
            Ok(count)
        }
    }
    head.chain(Again(piece, 0).take(length)).chain(tail)
}

/// Peak memory of this process in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

/// Reads `repeat` times `piece`: the number of documents, and the problems.
fn read_long(
    name: &str,
    (head, piece, tail): (&str, &str, &str),
    repeat: usize,
) -> (usize, Vec<Code>) {
    let length = (piece.len() * repeat) as u64;
    let (head, piece, tail) = (head.as_bytes(), piece.as_bytes(), tail.as_bytes());
    let mut input = long(head, piece, tail, length);
    let limits = Limits {
        document_bytes: 1 << 20,
    };
    let mut count = 0;
    let mut problems = Vec::new();
    read_stream(&source(name, true), &mut input, limits, &mut |one| {
        match one {
            Ok(_) => count += 1,
            Err(problem) => problems.push(problem.code),
        }
        ControlFlow::Continue(())
    });
    assert!(peak() < 100_000, "{} kB", peak());
    (count, problems)
}

#[test]
fn a_gibibyte_in_bounded_memory() {
    let line = "some: long line of a document without end\n".repeat(1000);
    let one = ("---\n", line.as_str(), "---\na: b\n");
    let repeat = (1 << 30) / line.len();
    assert_eq!(read_long("x.yaml", one, repeat), (1, vec![Code::TooLarge]));

    let pod = format!("{POD}data: {}\n---\n", "x".repeat(60_000));
    let repeat = (1 << 30) / pod.len();
    assert_eq!(
        read_long("x.yaml", ("", &pod, ""), repeat),
        (repeat, vec![])
    );

    let item = format!("{{\"data\": \"{}\"}},", "x".repeat(60_000));
    let list = (
        "{\"apiVersion\": \"v1\", \"items\": [",
        item.as_str(),
        "{}], \"kind\": \"List\"}",
    );
    assert_eq!(read_long("x.json", list, repeat), (repeat + 1, vec![]));
}

#[test]
fn endless_comments_blanks_and_strings_in_bounded_memory() {
    let words = "one long line ".repeat(1000);
    let blanks = " ".repeat(14_000);
    let text = ("{\"a\": \"", words.as_str(), "\"} {}");
    assert_eq!(
        read_long("x.yaml", ("# ", &words, "\na: b\n"), 5_000),
        (1, vec![])
    );
    assert_eq!(read_long("x.yaml", ("", &blanks, "\na: b\n"), 5_000).1, []);
    assert_eq!(read_long("x.json", text, 5_000), (1, vec![Code::TooLarge]));
    assert_eq!(read_long("x.json", ("", &blanks, "{}"), 5_000), (1, vec![]));
}

#[test]
fn a_file_that_cannot_be_read() {
    // Root may read everything, but nobody reads a directory as a file.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.yaml");
    std::fs::create_dir(&path).unwrap();
    let from = |path| Source {
        input: Input::File(path),
        ..source("x.yaml", true)
    };
    for (path, message) in [
        (path, "is a directory"),
        (
            directory.path().join("gone.yaml"),
            "no such file or directory",
        ),
    ] {
        let mut problems = Vec::new();
        read_documents(&from(path), Limits::default(), &mut |one| {
            problems.push(one.unwrap_err());
            ControlFlow::Continue(())
        });
        assert_eq!(problems.len(), 1);
        assert_eq!(
            (problems[0].code, problems[0].message.as_str()),
            (Code::Unreadable, message)
        );
    }
}

#[test]
fn reading_stops_when_nobody_wants_more() {
    for (name, text) in [
        ("x.yaml", "a: b\n---\n".repeat(9)),
        ("x.json", "[1,2,3] ".repeat(9)),
    ] {
        let all = read(&source(name, true), text.as_bytes(), Limits::default()).len();
        let mut count = 0;
        read_stream(
            &source(name, true),
            &mut text.as_bytes(),
            Limits::default(),
            &mut |_| {
                count += 1;
                if count == 2 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert!(all > 2 && count == 2);
    }
}
