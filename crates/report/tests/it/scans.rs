//! Scans of the manifests in `tests/data` by the built-in library.

use std::path::Path;

use kubescape_collect::find;
use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Plan, Scope, Selection};
use kubescape_report::{Facts, Format, Style, write};
use kubescape_scan::{Options, Scan, scan};

/// Makes the paths in reports the same on every machine.
fn enter_data() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        std::env::set_current_dir(data).unwrap();
    });
}

pub(crate) fn scan_of(names: &[&str], selection: &Selection) -> Scan {
    enter_data();
    let found = find(names);
    let plan = Plan::new(&LIBRARY, selection, Some(Scope::File), default_inputs()).unwrap();
    let options = Options {
        threads: 2,
        keep_objects: true,
        keep_texts: true,
        ..Options::new(plan)
    };
    let mut scan = scan(found.sources, options, &mut |_| {}).unwrap();
    scan.problems.splice(0..0, found.problems);
    scan
}

pub(crate) fn frameworks(names: &[&str]) -> Selection {
    Selection {
        frameworks: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Selection::default()
    }
}

pub(crate) fn controls(ids: &[&str]) -> Selection {
    Selection {
        controls: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Selection::default()
    }
}

/// Facts that are the same every day.
pub(crate) fn facts(targets: &[&str]) -> Facts {
    Facts {
        generated: "2026-01-02T03:04:05Z".to_owned(),
        version: "1.2.3".to_owned(),
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        took: "12 ms".to_owned(),
        ..Facts::default()
    }
}

pub(crate) fn text(format: Format, scan: &Scan, facts: &Facts, style: &Style) -> String {
    let mut out = Vec::new();
    write(format, scan, facts, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
