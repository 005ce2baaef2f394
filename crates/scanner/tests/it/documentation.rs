//! The table of variables in the documentation is that of the program.

use std::fmt::Write as _;
use std::path::Path;

use kubescape_scanner::VARIABLES;

const START: &str = "rewrites this table -->\n";
const END: &str = "<!-- end of variables -->";

#[test]
fn every_variable_is_documented_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scanner.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut table = "\n| Variable | Default | |\n|---|---|---|\n".to_owned();
    for variable in VARIABLES {
        let (name, default, text) = (variable.name, variable.default, variable.text);
        writeln!(table, "| `{name}` | {default} | {text} |").unwrap();
    }
    let wanted = format!("{before}{START}{table}\n{END}{after}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == wanted,
        "docs/scanner.md is out of date: run with BLESS=1"
    );
}
