//! Whole reports against files. `BLESS=1 cargo test -p kubescape-report`
//! writes the files anew; read them before they are committed.

use std::fs;
use std::path::Path;

use kubescape_engine::Selection;
use kubescape_report::{Format, Style, View};

use crate::scans::{controls, facts, frameworks, scan_of, text};

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
        let lines = expected
            .lines()
            .zip(actual.lines())
            .position(|(old, new)| old != new);
        let line = lines.unwrap_or_else(|| expected.lines().count().min(actual.lines().count()));
        let (old, new) = (expected.lines().nth(line), actual.lines().nth(line));
        panic!(
            "{name} differs from line {}:\n  expected {old:?}\n  found    {new:?}",
            line + 1
        );
    }
}

fn pretty(name: &str, files: &[&str], selection: &Selection, style: Style) {
    let scan = scan_of(files, selection);
    check(name, &text(Format::Pretty, &scan, &facts(files), &style));
}

fn machine(name: &str, files: &[&str], selection: &Selection) {
    let scan = scan_of(files, selection);
    for (format, extension) in [
        (Format::Json, "json"),
        (Format::Sarif, "sarif"),
        (Format::Junit, "xml"),
    ] {
        let report = text(format, &scan, &facts(files), &Style::default());
        // Reports are written on one line; goldens are to be read.
        let report = if format == Format::Junit {
            report
        } else {
            let value: serde_json::Value = serde_json::from_str(&report).unwrap();
            format!("{value:#}\n")
        };
        check(&format!("{name}.{extension}"), &report);
    }
}

/// Controls that find something in few lines.
const SHOP: [&str; 12] = [
    "C-0004", "C-0012", "C-0016", "C-0017", "C-0034", "C-0038", "C-0041", "C-0045", "C-0057",
    "C-0075", "C-0077", "C-0270",
];

#[test]
fn security_view() {
    let style = Style::default();
    pretty("shop.txt", &["shop"], &controls(&SHOP), style);
    pretty(
        "shop-80.txt",
        &["shop"],
        &controls(&SHOP),
        Style { width: 80, ..style },
    );
    pretty("rbac.txt", &["rbac.yaml"], &frameworks(&["MITRE"]), style);
    pretty(
        "list.txt",
        &["list.yaml"],
        &controls(&["C-0016", "C-0057", "C-0046"]),
        style,
    );
    pretty(
        "json.txt",
        &["pod.json", "minified.json"],
        &controls(&["C-0016", "C-0057", "C-0012"]),
        style,
    );
    pretty("broken.txt", &["broken"], &controls(&["C-0057"]), style);
    pretty(
        "exposed.txt",
        &["exposed.yaml"],
        &controls(&["C-0255", "C-0260", "C-0257", "C-0267", "C-0001", "C-0098"]),
        style,
    );
    pretty("aliases.txt", &["secrets"], &controls(&["C-0012"]), style);
    pretty(
        "clean.txt",
        &["clean.yaml"],
        &controls(&["C-0057", "C-0016"]),
        style,
    );
    pretty(
        "nothing.txt",
        &["widget.yaml"],
        &controls(&["C-0057"]),
        style,
    );
}

#[test]
fn odd_texts() {
    let ids = controls(&["C-0016", "C-0046", "C-0057"]);
    pretty("wide.txt", &["wide"], &ids, Style::default());
}

#[test]
fn what_was_not_judged() {
    let style = Style {
        width: 80,
        ..Style::default()
    };
    pretty("all-80.txt", &["clean.yaml"], &frameworks(&["all"]), style);
}

#[test]
fn verbose_and_coloured() {
    let style = Style {
        verbose: true,
        ..Style::default()
    };
    pretty(
        "many-verbose.txt",
        &["many.yaml"],
        &controls(&["C-0057"]),
        style,
    );
    pretty(
        "many.txt",
        &["many.yaml"],
        &controls(&["C-0057"]),
        Style::default(),
    );
    pretty(
        "colour.txt",
        &["shop"],
        &controls(&["C-0057", "C-0016"]),
        Style {
            color: true,
            ..Style::default()
        },
    );
}

#[test]
fn other_views() {
    let resource = Style {
        view: View::Resource,
        ..Style::default()
    };
    pretty(
        "shop-resource.txt",
        &["shop", "rbac.yaml"],
        &frameworks(&["NSA"]),
        resource,
    );
    let control = Style {
        view: View::Control,
        ..Style::default()
    };
    pretty(
        "shop-control.txt",
        &["shop", "rbac.yaml"],
        &frameworks(&["NSA", "MITRE"]),
        control,
    );
    pretty(
        "shop-control-80.txt",
        &["shop", "rbac.yaml"],
        &frameworks(&["NSA", "MITRE"]),
        Style {
            width: 80,
            ..control
        },
    );
}

#[test]
fn formats_for_machines() {
    machine(
        "shop",
        &["shop", "rbac.yaml"],
        &controls(&[
            "C-0012", "C-0016", "C-0017", "C-0034", "C-0057", "C-0004", "C-0088", "C-0002",
        ]),
    );
    machine(
        "broken",
        &["broken", "exposed.yaml"],
        &controls(&["C-0057", "C-0257"]),
    );
    machine("clean", &["clean.yaml"], &frameworks(&["WorkloadScan"]));
}
