//! Every form that a scan's result takes: for people, JSON, SARIF, `JUnit`; and
//! [`Page`] and [`text`], by which other results look the same. Writes where it
//! is told to, and reads files again to quote them.

mod edit;
mod faults;
mod json;
mod junit;
mod place;
mod pretty;
pub mod prometheus;
mod sarif;
mod source;
pub mod text;

use std::io;

use kubescape_scan::Scan;

pub use json::{Detail, Parts};
pub use pretty::{Line, Page, Style, Tone, View};

/// A form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Pretty,
    /// JSON as upstream's version v2.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// `JUnit` XML, for CI servers.
    Junit,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 4] = [Format::Pretty, Format::Json, Format::Sarif, Format::Junit];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pretty => "pretty-printer",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
        }
    }

    /// What a file of it ends with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pretty => "txt",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "xml",
        }
    }
}

/// What reports say of a living cluster that was scanned.
#[derive(Clone, Debug, Default)]
pub struct ClusterFacts {
    /// Name of the context.
    pub context: String,
    /// Version of the API server, `v1.34.4`; may be empty.
    pub git_version: String,
    /// All that the API server says of its version.
    pub version: serde_json::Value,
    /// Whose machines it runs on: `eks`, `aks`, `gke` or nothing.
    pub provider: &'static str,
    /// Nodes that take workloads, when Nodes were read.
    pub worker_nodes: Option<usize>,
}

/// What reports say beside the result itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// When the scan ended, RFC 3339.
    pub generated: String,
    /// Version of the program.
    pub version: String,
    /// What the user asked to scan.
    pub targets: Vec<String>,
    /// Names of the chosen frameworks or controls.
    pub target_names: Vec<String>,
    /// Whether these are controls.
    pub chose_controls: bool,
    /// The forms that were asked for.
    pub formats: Vec<&'static str>,
    /// Whether everything is shown.
    pub verbose: bool,
    /// Leave out the objects themselves.
    pub omit_raw_resources: bool,
    /// Namespaces that the scan was restricted to.
    pub include_namespaces: Vec<String>,
    /// Namespaces that the scan left out.
    pub exclude_namespaces: Vec<String>,
    /// Highest risk that passes.
    pub fail_threshold: f32,
    /// Lowest compliance that passes.
    pub compliance_threshold: f32,
    /// How long the scan took, for people.
    pub took: String,
    /// The cluster, when a living one was scanned.
    pub cluster: Option<ClusterFacts>,
    /// To whom the report is sent, too.
    pub submission: Option<Submission>,
}

/// That a report is sent to a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// The account there; may be empty.
    pub account: String,
}

impl Facts {
    /// The cluster's name as other components write it, in word characters; empty
    /// for files.
    pub fn cluster_name(&self) -> String {
        let cluster = self.cluster.as_ref();
        kubescape_names::cluster_name(cluster.map_or("", |cluster| &cluster.context))
    }
}

/// Writes a result in one form.
///
/// # Errors
///
/// Whatever writing gives, and a temporary file that cannot be read back.
pub fn write(
    format: Format,
    scan: &Scan,
    facts: &Facts,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Pretty => pretty::write(scan, facts, style, out),
        Format::Json => json::write(scan, facts, out),
        Format::Sarif => sarif::write(scan, facts, out),
        Format::Junit => junit::write(scan, facts, out),
    }
}
