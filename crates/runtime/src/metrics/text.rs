//! From `OpenMetrics`, which the library writes, to the classic form.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A help text fit for one line.
pub(super) fn help(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

/// The same metrics in the classic form. `bare` are counters without `_total`.
///
/// In `OpenMetrics` the family of a counter is named without `_total`; in the classic
/// form it has the name of its samples.
pub(super) fn classic(open: &str, bare: &BTreeSet<String>) -> String {
    let mut out = String::with_capacity(open.len());
    let mut help: Option<&str> = None;
    let mut stripped: Option<&str> = None;
    for line in open.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = Some(rest);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
            stripped = (kind == "counter" && bare.contains(name)).then_some(name);
            let (suffix, kind) = match kind {
                "counter" if stripped.is_some() => ("", "counter"),
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                kind => ("", kind),
            };
            if let Some((_, text)) = help.take().and_then(|help| help.split_once(' ')) {
                // The library puts a full stop behind every text.
                let text = text.strip_suffix('.').unwrap_or(text);
                let _ = writeln!(out, "# HELP {name}{suffix} {text}");
            }
            let _ = writeln!(out, "# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with('#') {
            let rest = stripped
                .and_then(|name| Some((name, line.strip_prefix(name)?.strip_prefix("_total")?)));
            match rest {
                Some((name, rest)) => {
                    out.push_str(name);
                    out.push_str(rest);
                }
                None => out.push_str(line),
            }
            out.push('\n');
        }
    }
    out
}
