//! The report in pieces, for those who write it in one go and for those who send it
//! in several messages.

use std::io::{self, Write};

use kubescape_scan::Scan;

use super::resources::{self, Body};
use super::results::Writer;
use super::{coverage, exceptions, field, metadata, summary};
use crate::Facts;

/// For whom a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// Whoever asked for it.
    User,
    /// A backend, which counts targets as clusters or files, names clusters by word
    /// characters and gets the beginning and the end with each message.
    Backend,
}

/// How much of one resource is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All of it.
    Whole,
    /// Without its object, which gives way to what identifies it and a reason.
    NoObject,
    /// As before, and with at most so many paths of each rule.
    Paths(usize),
}

/// The pieces of a JSON report. Between [`Parts::head`] and [`Parts::tail`] come
/// `"resources":[…],"attributes":[],"results":[…],`.
///
/// Resources and results are numbered from 0 in the order of their IDs; the same
/// number is the same resource.
pub struct Parts<'s> {
    scan: &'s Scan,
    facts: &'s Facts,
    reader: Reader,
    order: Vec<usize>,
    results: Writer<'s>,
    text: Vec<u8>,
}

/// The records in the order of their IDs, which is the same whatever the
/// order of the input's files.
fn by_id(scan: &Scan) -> Vec<usize> {
    let records = &scan.outcome.records;
    let mut order: Vec<usize> = (0..records.len())
        .filter(|number| !records[*number].hidden)
        .collect();
    order.sort_by(|a, b| records[*a].id.cmp(&records[*b].id).then(a.cmp(b)));
    order
}

impl<'s> Parts<'s> {
    /// Of a report for a backend: the numbers of results are those of the report on
    /// disk, and each result has its `rawResource`.
    pub fn for_backend(scan: &'s Scan, facts: &'s Facts) -> Self {
        Self::new(scan, facts, Reader::Backend)
    }

    pub(super) fn new(scan: &'s Scan, facts: &'s Facts, reader: Reader) -> Self {
        Self {
            scan,
            facts,
            reader,
            order: by_id(scan),
            results: Writer::new(&scan.outcome),
            text: Vec::new(),
        }
    }

    /// What all messages of a report have in common.
    pub fn report_id(&self) -> String {
        metadata::report_id(self.scan, self.facts)
    }

    /// How many results there are.
    pub fn results(&self) -> usize {
        self.order.len()
    }

    /// How many resources are written: as many as results, or none.
    pub fn resources(&self) -> usize {
        if self.facts.omit_raw_resources {
            0
        } else {
            self.order.len()
        }
    }

    /// The ID of a resource.
    pub fn id(&self, number: usize) -> &str {
        &self.scan.outcome.records[self.order[number]].id
    }

    /// Bytes to read for a resource's object.
    pub fn object_bytes(&self, number: usize) -> u64 {
        resources::length(self.scan, self.order[number])
    }

    /// Everything before `resources`, from the first brace.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    pub fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        let facts = self.facts;
        let cluster = facts.cluster.as_ref();
        out.write_all(b"{")?;
        field(out, "generationTime", &facts.generated)?;
        let version = cluster.map(|cluster| &cluster.version);
        field(out, "clusterAPIServerInfo", &version)?;
        let provider = cluster.map_or("", |cluster| cluster.provider);
        field(out, "clusterCloudProvider", &provider)?;
        let account = facts.submission.as_ref().map(|to| to.account.as_str());
        field(out, "customerGUID", &account.unwrap_or_default())?;
        let name = cluster.map_or("", |cluster| &*cluster.context);
        match self.reader {
            Reader::User => field(out, "clusterName", &name)?,
            Reader::Backend => field(out, "clusterName", &facts.cluster_name())?,
        }
        field(out, "reportGUID", &self.report_id())?;
        field(out, "jobID", &"")?;
        field(out, "summaryDetails", &summary::Details::new(self.scan))?;
        if cluster.is_some() {
            let coverage = coverage::ScanCoverage::new(self.scan);
            field(out, "scanCoverage", &coverage)?;
        }
        let audit = self.scan.outcome.audit();
        if !audit.is_empty() {
            let audit = exceptions::ExceptionAudit::new(&audit);
            field(out, "exceptionAudit", &audit)?;
        }
        Ok(())
    }

    /// Everything after `results`, but the last field `paginationInfo` and what
    /// follows it.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    pub fn tail(&self, out: &mut dyn Write) -> io::Result<()> {
        let (scan, facts) = (self.scan, self.facts);
        let about = metadata::Metadata::new(scan, facts, self.reader);
        field(out, "metadata", &about)?;
        let provenance = metadata::Provenance::new(scan, facts, self.reader);
        field(out, "provenance", &provenance)
    }

    /// The very end.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    pub fn end(chunk: usize, last: bool, out: &mut dyn Write) -> io::Result<()> {
        write!(
            out,
            r#""paginationInfo":{{"chunkNumber":{chunk},"isLastChunk":{last}}},"customerGUIDGenerated":false}}"#
        )
    }

    /// One item of `resources`.
    ///
    /// # Errors
    ///
    /// Whatever writing gives, and a temporary file that cannot be read back.
    pub fn resource(
        &mut self,
        number: usize,
        detail: Detail,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let body = self.body(number, detail);
        let record = self.order[number];
        resources::write(self.scan, record, body, &mut self.text, out)
    }

    /// One item of `results`.
    ///
    /// # Errors
    ///
    /// As of [`Parts::resource`].
    pub fn result(&mut self, number: usize, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
        let record = self.order[number];
        out.write_all(b"{")?;
        if self.reader == Reader::Backend && self.resources() > 0 {
            out.write_all(br#""rawResource":"#)?;
            self.resource(number, detail, out)?;
            out.write_all(b",")?;
        }
        match detail {
            Detail::Paths(most) => self.results.short_fields(record, most, out)?,
            Detail::Whole | Detail::NoObject => self.results.fields(record, out)?,
        }
        out.write_all(b"}")
    }

    fn body(&self, number: usize, detail: Detail) -> Body {
        match detail {
            Detail::Whole => Body::Whole,
            Detail::NoObject | Detail::Paths(_) => Body::Identity(self.object_bytes(number)),
        }
    }
}
