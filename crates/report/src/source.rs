//! The texts of the input, read again for what reports show of them.
//!
//! A scan keeps no text. A report reads the few documents that it shows from
//! their files; whatever changed there since is not shown.

mod document;
mod secrets;

use std::collections::HashMap;
use std::rc::Rc;

use kubescape_engine::{Origin, PathKind};
use kubescape_scan::{Place, Scan};

use crate::faults::Mark;

pub(crate) use document::{Document, Located};

/// Documents are kept up to this many bytes of text.
const KEEP_UP_TO: usize = 32 << 20;

/// Reads documents again and keeps the last ones.
pub(crate) struct Texts<'s> {
    scan: &'s Scan,
    /// Places that faults of one record name in another one.
    foreign: HashMap<usize, Vec<&'s str>>,
    known: HashMap<(u32, u64), Option<Rc<Document<'s>>>>,
    bytes: usize,
}

impl<'s> Texts<'s> {
    pub(crate) fn new(scan: &'s Scan) -> Self {
        Self {
            scan,
            foreign: foreign(scan),
            known: HashMap::new(),
            bytes: 0,
        }
    }

    /// The document that has a record's object, unless it is gone or was never
    /// in a file.
    pub(crate) fn document(&mut self, record: usize) -> Option<Rc<Document<'s>>> {
        let place = self.scan.places.get(record)?;
        let key = (place.source, place.offset);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let document = self.read(record).map(Rc::new);
        let length = document.as_ref().map_or(0, |_| place.length as usize);
        if self.bytes + length > KEEP_UP_TO {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes += length;
        self.known.insert(key, document.clone());
        document
    }

    fn read(&self, record: usize) -> Option<Document<'s>> {
        let raw = self.scan.document_of(record).ok()?;
        let mut paths = Vec::new();
        for number in neighbours(self.scan, record) {
            // The object itself, too.
            paths.push((number, ""));
            let own = self.scan.outcome.records[number].faults.iter();
            let own = own.flat_map(|fault| fault.paths.iter().map(|path| &*path.path));
            paths.extend(own.map(|path| (number, path)));
            let foreign = self.foreign.get(&number).into_iter().flatten();
            paths.extend(foreign.map(|path| (number, *path)));
        }
        paths.sort_unstable();
        paths.dedup();
        Document::new(self.scan, record, raw, &paths)
    }
}

/// The records of one document: they follow each other.
fn neighbours(scan: &Scan, record: usize) -> std::ops::Range<usize> {
    let key = |place: &Place| (place.source, place.offset);
    let own = key(&scan.places[record]);
    let before = scan.places[..record].iter().rev();
    let after = scan.places[record..].iter();
    let start = record - before.take_while(|place| key(place) == own).count();
    start..record + after.take_while(|place| key(place) == own).count()
}

fn foreign(scan: &Scan) -> HashMap<usize, Vec<&str>> {
    let mut foreign: HashMap<usize, Vec<&str>> = HashMap::new();
    for (number, record) in scan.outcome.records.iter().enumerate() {
        let is_subject = matches!(record.origin, Origin::Subject { .. });
        for fault in &record.faults {
            if is_subject {
                let marks = fault.paths.iter();
                for mark in marks.filter_map(|path| Mark::new(&scan.outcome, number, path)) {
                    foreign.entry(mark.record).or_default().push(mark.path);
                }
            }
            for related in &fault.related {
                let paths = related.paths.iter().map(|path| &*path.path);
                foreign
                    .entry(related.record as usize)
                    .or_default()
                    .extend(paths);
            }
        }
    }
    for paths in foreign.values_mut() {
        paths.sort_unstable();
        paths.dedup();
    }
    foreign
}

/// Whether a fix path's value is for the user to choose.
pub(crate) fn is_placeholder(mark: &Mark<'_>) -> bool {
    mark.kind == PathKind::Fix && (mark.value.starts_with("YOUR_") || mark.value.starts_with('<'))
}
