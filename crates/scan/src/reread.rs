//! The text of a document once more, for reports that quote it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use kubescape_collect::{Format, Input, RawDocument};

use crate::{Place, Scan};

impl Scan {
    /// The document that an object stands in, read again. Files may have
    /// changed since; whoever quotes them has to expect other text.
    ///
    /// # Errors
    ///
    /// A record that is no object of the input, a file that is gone or shorter
    /// than it was, or standard input that was not kept.
    pub fn document_of(&self, record: usize) -> io::Result<RawDocument> {
        let gone = || io::Error::other("the text is not there any more");
        let place = self.places.get(record).ok_or_else(gone)?;
        let source = self.sources.get(place.source as usize).ok_or_else(gone)?;
        let mut text = Vec::new();
        match &source.input {
            Input::File(path) => read_part(path, place, &mut text)?,
            // Objects of a cluster have no text that a user wrote.
            Input::Cluster => return Err(gone()),
            Input::Stdin | Input::Pipe(_) => self
                .texts
                .as_ref()
                .ok_or_else(gone)?
                .read(record, &mut text)?,
        }
        // Items of YAML lists are read without their dash.
        if place.format == Format::Yaml && place.item.is_some() && text.starts_with(b"-") {
            text[0] = b' ';
        }
        Ok(RawDocument {
            source: place.source,
            index: place.document,
            item: place.item,
            offset: place.offset,
            line: place.line,
            column: place.column,
            format: place.format,
            text: String::from_utf8(text).map_err(io::Error::other)?,
            inherited: None,
        })
    }
}

fn read_part(path: &std::path::Path, place: &Place, text: &mut Vec<u8>) -> io::Result<()> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(place.offset))?;
    text.resize(place.length as usize, 0);
    file.read_exact(text)
}
