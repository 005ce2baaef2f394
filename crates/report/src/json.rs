//! JSON as upstream's version v2, every key of it. (config-scanning reference §7.)
//!
//! Written in one pass, resource by resource: at 15,000 objects the text has
//! hundreds of megabytes and never stands in memory.

mod coverage;
mod exceptions;
mod metadata;
mod parts;
mod resources;
mod results;
mod summary;

use std::io::{self, Write};

use kubescape_scan::Scan;
use serde::Serialize;

use crate::Facts;

pub use parts::{Detail, Parts};

use parts::Reader;

/// Writes `"key":value,`.
fn field(out: &mut dyn Write, key: &str, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, key)?;
    out.write_all(b":")?;
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b",")
}

pub(crate) fn write(scan: &Scan, facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(256 << 10, out);
    let out: &mut dyn Write = &mut out;
    let mut parts = Parts::new(scan, facts, Reader::User);
    parts.head(out)?;
    out.write_all(br#""resources":["#)?;
    for number in 0..parts.resources() {
        if number > 0 {
            out.write_all(b",")?;
        }
        parts.resource(number, Detail::Whole, out)?;
    }
    out.write_all(br#"],"attributes":[],"results":["#)?;
    for number in 0..parts.results() {
        if number > 0 {
            out.write_all(b",")?;
        }
        parts.result(number, Detail::Whole, out)?;
    }
    out.write_all(b"],")?;
    parts.tail(out)?;
    Parts::end(0, true, out)?;
    out.write_all(b"\n")?;
    out.flush()
}
