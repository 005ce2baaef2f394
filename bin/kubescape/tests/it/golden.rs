//! Whole outputs against files. `BLESS=1 cargo test -p kubescape` writes the
//! files anew; read them before they are committed.

use std::fs;
use std::path::Path;

/// Compares with a file under `tests/golden`.
pub(crate) fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if actual != expected {
        let lines = expected.lines().zip(actual.lines());
        let differs = lines.clone().position(|(old, new)| old != new);
        let line = differs.unwrap_or(lines.count());
        let (old, new) = (expected.lines().nth(line), actual.lines().nth(line));
        panic!(
            "{name} differs from line {}:\n  expected {old:?}\n  found    {new:?}",
            line + 1
        );
    }
}
