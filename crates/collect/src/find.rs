//! Arguments → the files to read.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use walkdir::{DirEntry, WalkDir};

use crate::problem::{Code, Problem};

/// Where the bytes of a [`Source`] come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// A pipe that is open already: `<(helm template …)` of a shell. It can be
    /// read only once.
    Pipe(PathBuf),
    /// Standard input.
    Stdin,
    /// A list of a living cluster, which somebody else reads.
    Cluster,
}

impl Input {
    /// Whether its bytes are gone when they have been read.
    pub fn is_read_once(&self) -> bool {
        matches!(self, Input::Pipe(_) | Input::Stdin)
    }
}

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its place in [`Found::sources`].
    pub index: u32,
    /// Its name in messages and reports.
    pub name: String,
    /// Where its bytes come from.
    pub input: Input,
    /// Whether the user named this very file (or piped it in), so that it is
    /// an error when there is no Kubernetes object in it.
    pub explicit: bool,
}

/// What [`find()`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The files in the order of the arguments, those of one directory or
    /// pattern in byte order; each file once.
    pub sources: Vec<Source>,
    /// What could not be found or opened.
    pub problems: Vec<Problem>,
}

/// Finds the files that arguments mean: files, directories with everything
/// below them that is called `.yaml`, `.yml` or `.json`, patterns with `*`,
/// `**`, `?`, `[…]` and `{…}`, and `-` for standard input.
///
/// Symbolic links are followed; hidden directories are not entered unless an
/// argument names one. What does not work is reported and the rest goes on.
pub fn find<A: AsRef<OsStr>>(arguments: &[A]) -> Found {
    let mut finder = Finder::default();
    for argument in arguments {
        let argument = argument.as_ref();
        if ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]
            .iter()
            .any(|name| argument == *name)
        {
            finder.add("-".to_owned(), Input::Stdin, true);
        } else {
            finder.argument(Path::new(argument));
        }
    }
    finder.found
}

/// What makes two names mean one source.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Stdin,
    /// Device and number of a file, whatever path leads to it.
    File(u64, u64),
    /// A file that went away while we looked.
    Unknown(PathBuf),
}

impl Identity {
    fn of(input: &Input) -> Self {
        match input {
            Input::Stdin => Self::Stdin,
            // Never found by name.
            Input::Cluster => Self::Unknown(PathBuf::new()),
            Input::File(path) | Input::Pipe(path) => fs::metadata(path).map_or_else(
                |_| Self::Unknown(path.clone()),
                |about| Self::File(about.dev(), about.ino()),
            ),
        }
    }
}

#[derive(Default)]
struct Finder {
    found: Found,
    /// The place of each source, so that it is read once.
    seen: HashMap<Identity, usize>,
}

impl Finder {
    fn argument(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(about) if about.is_dir() => self.directory(path),
            Ok(about) if about.file_type().is_fifo() => self.pipe(path),
            // Whatever else there is (a device, say) was asked for: reading it will tell.
            Ok(_) => self.file(path, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match path
                    .to_str()
                    .filter(|text| text.contains(['*', '?', '[', '{']))
                {
                    Some(pattern) => self.pattern(pattern),
                    None if is_url(path) => self.url(path),
                    None => self.problem(Code::NotFound, path, "no such file or directory"),
                }
            }
            Err(error) => self.io_problem(path, &error),
        }
    }

    fn add(&mut self, name: String, input: Input, explicit: bool) {
        let identity = Identity::of(&input);
        if let Some(known) = self.seen.get(&identity) {
            self.found.sources[*known].explicit |= explicit;
            return;
        }
        let place = self.found.sources.len();
        let Ok(index) = u32::try_from(place) else {
            return;
        };
        self.seen.insert(identity, place);
        self.found.sources.push(Source {
            index,
            name,
            input,
            explicit,
        });
    }

    fn file(&mut self, path: &Path, explicit: bool) {
        let path = tidy(path);
        let name = path.display().to_string();
        self.add(name, Input::File(path), explicit);
    }

    /// Opening a pipe that nobody writes to would wait for ever; those that the
    /// shell has opened for us have somebody at their other end.
    fn pipe(&mut self, path: &Path) {
        if path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd") {
            let input = Input::Pipe(path.to_owned());
            return self.add(path.display().to_string(), input, true);
        }
        let mut problem =
            Problem::new(Code::Unreadable, path.display().to_string(), "a named pipe");
        problem.remedy = format!(
            "give it as standard input: kubescape scan - < {}",
            path.display()
        );
        self.found.problems.push(problem);
    }

    fn url(&mut self, path: &Path) {
        let mut problem = Problem::new(
            Code::NotFound,
            path.display().to_string(),
            "an address, not a file",
        );
        "fetch it first (with git clone or curl, say) and scan the files"
            .clone_into(&mut problem.remedy);
        self.found.problems.push(problem);
    }

    fn problem(&mut self, code: Code, path: &Path, message: impl Into<String>) {
        let problem = Problem::new(code, tidy(path).display().to_string(), message);
        self.found.problems.push(problem);
    }

    fn io_problem(&mut self, path: &Path, error: &io::Error) {
        let message = describe(error);
        let code = match error.kind() {
            io::ErrorKind::NotFound => Code::NotFound,
            // `ErrorKind::FilesystemLoop` is not stable yet.
            _ if message.contains("symbolic links") => Code::SymlinkLoop,
            _ => Code::Unreadable,
        };
        self.problem(code, path, message);
    }

    fn directory(&mut self, root: &Path) {
        let problems = self.found.problems.len();
        if !self.walk(root, |_| true) && self.found.problems.len() == problems {
            self.problem(Code::NotFound, root, "no YAML or JSON file in it");
        }
    }

    fn pattern(&mut self, pattern: &str) {
        let pattern = pattern.trim_start_matches("./");
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        let glob = match glob {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                let message = format!("not a pattern: {}", error.kind());
                return self.problem(Code::NotFound, Path::new(pattern), message);
            }
        };
        let root = literal_root(pattern);
        // Without a first component the walk starts at `.`, whose `./` the
        // pattern does not have.
        let strip = root.as_os_str().is_empty();
        let start = if strip { Path::new(".") } else { &root };
        let problems = self.found.problems.len();
        // A directory that matches stands for what is in it, as it does when
        // a shell expands the pattern.
        let any = start.exists()
            && self.walk(start, |path| {
                let path = if strip {
                    path.strip_prefix(".").unwrap_or(path)
                } else {
                    path
                };
                path.ancestors()
                    .take_while(|part| *part != root && !part.as_os_str().is_empty())
                    .any(|part| glob.is_match(part))
            });
        if !any && self.found.problems.len() == problems {
            self.problem(
                Code::NotFound,
                Path::new(pattern),
                "the pattern matches no YAML or JSON file",
            );
        }
    }

    /// Adds the files below `root` that are wanted, in byte order; whether
    /// there was any.
    fn walk(&mut self, root: &Path, wanted: impl Fn(&Path) -> bool) -> bool {
        let mut files = Vec::new();
        let entries = WalkDir::new(root)
            .follow_links(true)
            .into_iter()
            .filter_entry(|entry| !is_hidden_directory(entry));
        for entry in entries {
            match entry {
                Ok(entry) if !is_manifest(entry.path()) || !wanted(entry.path()) => {}
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
                // Reading a pipe that lies about could wait for ever.
                Ok(entry) => self.problem(Code::Unreadable, entry.path(), "not a regular file"),
                Err(error) => self.walk_problem(root, &error),
            }
        }
        files.sort_by(|one, other| {
            let bytes = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_vec();
            bytes(one).cmp(&bytes(other))
        });
        for file in &files {
            self.file(file, false);
        }
        !files.is_empty()
    }

    fn walk_problem(&mut self, root: &Path, error: &walkdir::Error) {
        let path = error.path().unwrap_or(root);
        if let Some(ancestor) = error.loop_ancestor() {
            let message = format!("a symbolic link back to {}", tidy(ancestor).display());
            return self.problem(Code::SymlinkLoop, path, message);
        }
        match error.io_error() {
            // Of broken links only those matter that should lead to a manifest.
            Some(error) if error.kind() == io::ErrorKind::NotFound => {
                if is_manifest(path) {
                    self.problem(Code::NotFound, path, "a symbolic link to nothing");
                }
            }
            Some(error) => self.io_problem(path, error),
            None => self.problem(Code::Unreadable, path, error.to_string()),
        }
    }
}

/// The error without the number that Rust appends.
pub(crate) fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

/// Without `./`, so that `.` and `./a.yaml` name a file alike.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect();
    if tidy.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        tidy
    }
}

fn is_url(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains("://"))
}

fn is_hidden_directory(entry: &DirEntry) -> bool {
    entry.depth() > 0
        && entry.file_type().is_dir()
        && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Whether the name says YAML or JSON.
fn is_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "yaml" || end == "yml" || end == "json")
}

/// The directory above the first component of `pattern` that is no plain name.
fn literal_root(pattern: &str) -> PathBuf {
    let wild = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    let end = pattern[..wild].rfind('/').map_or(0, |slash| slash + 1);
    let root = &pattern[..end];
    PathBuf::from(if root.len() > 1 {
        root.trim_end_matches('/')
    } else {
        root
    })
}
