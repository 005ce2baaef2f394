//! Whole answers against files. `BLESS=1 cargo test -p kubescape-storage` rewrites
//! them: read the difference before committing it.

use std::fmt::Write as _;
use std::path::PathBuf;

use regex::Regex;

use crate::harness::Answer;

/// Headers that belong to the protocol.
const HEADERS: [&str; 7] = [
    "content-type",
    "retry-after",
    "warning",
    "vary",
    "cache-control",
    "etag",
    "allow",
];

/// Compares an answer, head and body, with a file under `tests/golden`.
#[track_caller]
pub(crate) fn answer(name: &str, answer: &Answer) {
    let mut text = format!("HTTP {}\n", answer.code);
    for header in HEADERS {
        for value in answer.headers.get_all(header) {
            writeln!(
                text,
                "{header}: {}",
                String::from_utf8_lossy(value.as_bytes())
            )
            .unwrap();
        }
    }
    let lines: Vec<_> = answer
        .text
        .lines()
        .map(serde_json::from_str::<serde_json::Value>)
        .collect();
    text.push('\n');
    if !lines.is_empty() && lines.iter().all(Result::is_ok) {
        for line in lines {
            writeln!(text, "{:#}", line.unwrap()).unwrap();
        }
    } else {
        text.push_str(&answer.text);
    }
    compare(name, &text);
}

#[track_caller]
pub(crate) fn compare(name: &str, text: &str) {
    let text = normal(text);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).expect("the golden; BLESS=1 writes it");
    let pairs = golden.lines().zip(text.lines()).enumerate();
    for (at, (old, new)) in pairs {
        assert_eq!(old, new, "{name}:{}; BLESS=1 accepts it", at + 1);
    }
    assert_eq!(
        golden.lines().count(),
        text.lines().count(),
        "{name}: another length; BLESS=1 accepts it"
    );
}

/// The same text of every run: uids by order, times, hashes and the version of
/// this program blanked.
fn normal(text: &str) -> String {
    let times = Regex::new(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap();
    let text = times.replace_all(text, "TIME");
    let hash = Regex::new(r"[0-9A-F]{64}").unwrap();
    let text = hash.replace_all(&text, "HASH").into_owned();
    let uid = Regex::new(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let mut known: Vec<String> = Vec::new();
    uid.replace_all(&text, |found: &regex::Captures<'_>| {
        let uid = found[0].to_owned();
        let at = known.iter().position(|one| *one == uid).unwrap_or_else(|| {
            known.push(uid);
            known.len() - 1
        });
        format!("UID-{}", at + 1)
    })
    .into_owned()
}
