//! Tells stories of the kinds: their documents, forms, rules, tables and sums.
// Helpers of tests, which clippy takes for other code.
#![allow(clippy::expect_used, clippy::panic)]

mod documents;
mod forms;
mod hostile;
mod rules;
mod stream;
mod sums;
mod tables;

use std::path::PathBuf;

use serde_json::Value;

/// Compares with a file under `tests/golden`, or rewrites it when `BLESS` is set.
fn golden(name: &str, value: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = format!("{value:#}\n");
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, text).expect("the golden");
        return;
    }
    let golden = std::fs::read_to_string(&path).expect("the golden; BLESS=1 writes it");
    let difference = golden
        .lines()
        .zip(text.lines())
        .position(|(old, new)| old != new);
    if let Some(line) = difference {
        let (old, new) = (golden.lines().nth(line), text.lines().nth(line));
        panic!(
            "{name}:{}: {old:?} is now {new:?}; BLESS=1 accepts it",
            line + 1
        );
    }
    assert_eq!(
        golden.len(),
        text.len(),
        "{name} has another length; BLESS=1 accepts it"
    );
}

fn resource(kind: &str) -> &'static kubescape_api::Resource {
    kubescape_api::Resource::by_kind(kind).expect(kind)
}
