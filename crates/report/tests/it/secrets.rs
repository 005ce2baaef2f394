//! What is secret in the input is in no report.

use kubescape_report::{Format, Style, View};

use crate::scans::{facts, frameworks, scan_of, text};

/// Every secret of `tests/data` has this in it.
const SECRET: &str = "hunter2";

#[test]
fn no_format_has_a_secret() {
    let files = ["shop", "list.yaml", "pod.json", "minified.json", "secrets"];
    let scan = scan_of(&files, &frameworks(&["all"]));
    for verbose in [false, true] {
        for (format, view) in [
            (Format::Pretty, View::Security),
            (Format::Pretty, View::Resource),
            (Format::Pretty, View::Control),
            (Format::Json, View::Security),
            (Format::Sarif, View::Security),
            (Format::Junit, View::Security),
        ] {
            let style = Style {
                view,
                verbose,
                ..Style::default()
            };
            let report = text(format, &scan, &facts(&files), &style);
            let line = report.lines().find(|line| line.contains(SECRET));
            let line = line.map(|line| line.chars().take(400).collect::<String>());
            assert_eq!(line, None, "{format:?} {view:?}");
        }
    }
}

#[test]
fn the_data_has_secrets_that_excerpts_come_near() {
    let scan = scan_of(&["secrets", "shop"], &frameworks(&["all"]));
    let report = text(
        Format::Pretty,
        &scan,
        &facts(&[]),
        &Style {
            verbose: true,
            ..Style::default()
        },
    );
    assert!(report.contains("XXXXXX"), "{report}");
}

#[test]
fn the_input_cannot_steer_the_terminal() {
    let scan = scan_of(&["wide"], &frameworks(&["all"]));
    for view in [View::Security, View::Resource] {
        let style = Style {
            view,
            verbose: true,
            ..Style::default()
        };
        let report = text(Format::Pretty, &scan, &facts(&[]), &style);
        assert!(report.contains("steer"), "{report}");
        assert!(
            !report.contains(['\u{1b}', '\u{7}', '\u{202e}']),
            "{report}"
        );
    }
}
