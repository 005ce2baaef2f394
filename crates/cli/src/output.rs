//! Standard output and report files.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// Prints text. A reader that goes away (`| head`) is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

pub(crate) fn print_bytes(text: &[u8]) -> Result<(), Failure> {
    to_stdout(|out| out.write_all(text))
}

/// How wide text is that goes to a file or a pipe.
pub(crate) const FILE_WIDTH: usize = 100;

/// How wide text is that goes to standard output.
pub(crate) fn terminal_width() -> usize {
    terminal_size::terminal_size()
        .map_or(FILE_WIDTH, |(width, _)| usize::from(width.0).clamp(60, 160))
}

/// Colour on a terminal or with `CLICOLOR_FORCE`, unless `NO_COLOR` or
/// `TERM=dumb` say otherwise.
pub(crate) fn wants_color() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Lets `write` write to standard output.
pub(crate) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| {
            let message = format!("cannot write to standard output: {}", describe(&error));
            Failure::new(Exit::Internal, message)
        }),
    }
}

/// Lets `write` write a file, which appears whole or not at all.
pub(crate) fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let fail = |error: io::Error| {
        let message = format!("cannot write {}: {}", path.display(), describe(&error));
        Failure::new(Exit::Internal, message)
    };
    // A device or pipe cannot be replaced by a file.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let mut out = BufWriter::new(File::create(path).map_err(fail)?);
        return write(&mut out).and_then(|()| out.flush()).map_err(fail);
    }
    let mut file = tempfile::Builder::new()
        .permissions(readable())
        .tempfile_in(folder_of(path))
        .map_err(fail)?;
    let mut out = BufWriter::new(file.as_file_mut());
    write(&mut out).and_then(|()| out.flush()).map_err(fail)?;
    drop(out);
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Permissions of an ordinary new file; the umask still applies.
fn readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o666)
}

/// The path with `.extension`, unless it has that already or is no file: devices
/// and pipes are what they are called.
pub(crate) fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let has_it = path.extension().is_some_and(|present| present == extension);
    let is_device = || fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir());
    if has_it || is_device() {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// Refuses, before any work is done, a path that no file can be written to.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    let refuse = |problem: &str| {
        let message = format!("--output {}: {problem}", path.display());
        Err(Failure::usage(message))
    };
    if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        let example = path.join("report");
        return refuse(&format!(
            "this is a folder; name a file in it, such as {}",
            example.display()
        ));
    }
    if folder_of(path).is_dir() {
        return Ok(());
    }
    let folder = folder_of(path).display().to_string();
    refuse(&format!("there is no folder {folder}; create it first"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The error without what only programmers read: its number and the names of
/// temporary files.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}
