//! No line is wider than the page.

use kubescape_report::{Format, Style, View};

use crate::scans::{facts, frameworks, scan_of, text};

#[test]
fn no_line_is_wider_than_the_page() {
    let files = ["."];
    let scan = scan_of(&files, &frameworks(&["all"]));
    for width in [40, 60, 80, 100, 200] {
        for view in View::ALL {
            let style = Style {
                width,
                view,
                verbose: true,
                color: false,
            };
            let report = text(Format::Pretty, &scan, &facts(&files), &style);
            for line in report.lines() {
                let cells = unicode_width::UnicodeWidthStr::width(line);
                assert!(cells <= width, "{cells} of {width}: {line}");
                assert_eq!(line.trim_end(), line);
            }
        }
    }
}
