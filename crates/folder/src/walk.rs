//! Which files there are, and what tells that one is another.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use kubescape_collect::{Code, Input, Problem, Source, find};

/// Within this time after a change, another may leave no trace in the file's times.
const YOUNG: Duration = Duration::from_secs(1);

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    /// Whether it was looked at too early to tell.
    pub(crate) young: bool,
}

impl Stamp {
    /// Of the file that a path leads to, through links.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        let age = SystemTime::now().duration_since(about.modified().ok()?);
        Some(Self {
            device: about.dev(),
            inode: about.ino(),
            bytes: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
            // A time in the future says nothing, and need not be looked at for ever.
            young: age.is_ok_and(|age| age < YOUNG),
        })
    }

    /// Whether it has just been emptied, which whoever writes it anew does first.
    pub(crate) fn is_begun(&self) -> bool {
        self.young && self.bytes == 0
    }

    /// Whether the file has to be read again.
    pub(crate) fn is_other(&self, before: &Self) -> bool {
        before.young
            || Self {
                young: false,
                ..*self
            } != *before
    }
}

/// What a walk found.
pub(crate) struct Walk {
    /// Files by name.
    pub(crate) files: BTreeMap<String, Source>,
    /// What is wrong with the folder itself, or below it.
    pub(crate) problems: Vec<Problem>,
}

/// Walks a folder as scans do.
pub(crate) fn walk(folder: &Path, most: usize) -> Walk {
    let found = find(&[folder]);
    let mut problems = found.problems;
    // An empty folder is no reason to worry: files may come.
    problems.retain(|problem| {
        !(problem.code == Code::NotFound && folder.is_dir() && Path::new(&problem.path) == folder)
    });
    let count = found.sources.len();
    if count > most {
        let name = folder.display().to_string();
        let message = format!("{count} files, of which the first {most} are read");
        problems.push(Problem::new(Code::TooLarge, name, message));
    }
    let files = found.sources.into_iter().take(most);
    let files = files.filter(|source| matches!(source.input, Input::File(_)));
    Walk {
        files: files.map(|source| (source.name.clone(), source)).collect(),
        problems,
    }
}
