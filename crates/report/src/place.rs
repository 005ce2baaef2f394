//! Where an object of the input is, as reports name it.

use kubescape_collect::Input;
use kubescape_engine::Record;
use kubescape_scan::Scan;

/// Where an object is.
pub(crate) enum Whereabouts<'s> {
    /// Somewhere in a file of that name.
    File {
        /// Its name; `<stdin>` for standard input.
        name: &'s str,
        /// The line that its text starts in, from 1.
        line: u64,
    },
    /// In a cluster, at that path of its API: what `kubectl get --raw` takes.
    Cluster(String),
}

impl Whereabouts<'_> {
    /// `path:line`, or the path in the cluster.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::File { name, line } => format!("{name}:{line}"),
            Self::Cluster(path) => path.clone(),
        }
    }
}

/// Where a record's object is; nothing for those that are not of the input.
pub(crate) fn whereabouts(scan: &Scan, record: usize) -> Option<Whereabouts<'_>> {
    let place = scan.places.get(record)?;
    let source = scan.sources.get(place.source as usize)?;
    Some(match source.input {
        Input::Cluster => {
            Whereabouts::Cluster(path(&source.name, scan.outcome.records.get(record)?))
        }
        Input::Stdin => Whereabouts::File {
            name: "<stdin>",
            line: place.line,
        },
        Input::File(_) | Input::Pipe(_) => Whereabouts::File {
            name: &source.name,
            line: place.line,
        },
    })
}

/// The path of an object in a list: `/apis/apps/v1/namespaces/shop/deployments/cart`.
fn path(list: &str, record: &Record) -> String {
    let Record {
        name, namespace, ..
    } = record;
    // The server's version is no list.
    let Some((root, plural)) = list.rsplit_once('/').filter(|(root, _)| !root.is_empty()) else {
        return list.to_owned();
    };
    if namespace.is_empty() || root.contains("/namespaces/") {
        format!("{root}/{plural}/{name}")
    } else {
        format!("{root}/namespaces/{namespace}/{plural}/{name}")
    }
}
