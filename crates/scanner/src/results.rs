//! Results as files, within bounds: `results/<uuid>.json`, whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::request::parse_id;

/// What may be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) count: usize,
    pub(crate) bytes: u64,
    pub(crate) age: Duration,
}

/// The results on disk.
pub(crate) struct Results {
    folder: PathBuf,
    bounds: Bounds,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    files: BTreeMap<Uuid, Kept>,
    bytes: u64,
    /// Numbers results in their order.
    next: u64,
    /// Why the last could not be written.
    trouble: Option<String>,
}

#[derive(Clone, Copy)]
struct Kept {
    bytes: u64,
    written: SystemTime,
    order: u64,
}

impl Known {
    fn add(&mut self, id: Uuid, bytes: u64, written: SystemTime) {
        self.forget(id);
        let order = self.next;
        self.next += 1;
        let kept = Kept {
            bytes,
            written,
            order,
        };
        self.files.insert(id, kept);
        self.bytes += bytes;
    }

    fn forget(&mut self, id: Uuid) -> bool {
        let kept = self.files.remove(&id);
        self.bytes -= kept.map_or(0, |kept| kept.bytes);
        kept.is_some()
    }

    fn oldest(&self) -> Option<(Uuid, Kept)> {
        let files = self.files.iter().map(|(id, kept)| (*id, *kept));
        files.min_by_key(|(_, kept)| kept.order)
    }

    fn newest(&self) -> Option<Uuid> {
        let files = self.files.iter();
        files.max_by_key(|(_, kept)| kept.order).map(|(id, _)| *id)
    }
}

impl Results {
    /// Opens the folder, makes it if it is not there, and finds what an earlier
    /// process left; what it did not finish is removed.
    pub(crate) fn open(data_dir: &Path, bounds: Bounds) -> io::Result<Self> {
        let folder = data_dir.join("results");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            if name
                .strip_prefix('.')
                .is_some_and(|name| name.strip_suffix(".new").is_some())
            {
                let _ = fs::remove_file(entry.path());
            } else if let Some(id) = name.strip_suffix(".json").and_then(parse_id)
                && let Ok(about) = entry.metadata()
                && about.is_file()
            {
                let written = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                found.push((written, id, about.len()));
            }
        }
        found.sort_unstable();
        let mut known = Known::default();
        for (written, id, bytes) in found {
            known.add(id, bytes, written);
        }
        let results = Self {
            folder,
            bounds,
            known: Mutex::new(known),
        };
        // Another process must not find out first that nothing can be written.
        results.probe()?;
        results.sweep(SystemTime::now());
        Ok(results)
    }

    fn probe(&self) -> io::Result<()> {
        let path = self.hidden(Uuid::nil());
        let made = create(&path).map(drop);
        let _ = fs::remove_file(&path);
        made
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn hidden(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!(".{id}.new"))
    }

    /// Keeps what `write` writes. When the disk is full, older results make room,
    /// once.
    ///
    /// # Errors
    ///
    /// The file cannot be written; then there is none.
    pub(crate) fn keep(
        &self,
        id: Uuid,
        mut write: impl FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut done = self.try_keep(id, &mut write);
        if done.as_ref().is_err_and(is_full) && self.make_room() {
            done = self.try_keep(id, &mut write);
        }
        let mut known = self.lock();
        match &done {
            Ok(bytes) => {
                known.trouble = None;
                known.add(id, *bytes, SystemTime::now());
            }
            // One that is too large says nothing about the next.
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {}
            Err(error) => {
                let folder = self.folder.display();
                known.trouble = Some(format!("results cannot be written to {folder}: {error}"));
            }
        }
        drop(known);
        self.sweep(SystemTime::now());
        done.map(drop)
    }

    fn try_keep(
        &self,
        id: Uuid,
        write: &mut impl FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<u64> {
        let hidden = self.hidden(id);
        let result = (|| {
            let mut file = create(&hidden)?;
            let mut out = Bounded {
                file: &mut file,
                left: self.bounds.bytes,
            };
            write(&mut out)?;
            file.sync_data()?;
            let bytes = file.metadata()?.len();
            fs::rename(&hidden, self.path(id))?;
            Ok(bytes)
        })();
        if result.is_err() {
            let _ = fs::remove_file(&hidden);
        }
        result
    }

    /// Removes the older half; whether there was anything.
    fn make_room(&self) -> bool {
        let mut known = self.lock();
        let half = known.files.len().div_ceil(2);
        for _ in 0..half {
            let Some((id, _)) = known.oldest() else {
                break;
            };
            known.forget(id);
            let _ = fs::remove_file(self.path(id));
        }
        half > 0
    }

    /// The file of a result and how long it is; `None` when there is none.
    ///
    /// # Errors
    ///
    /// It is there but cannot be opened.
    pub(crate) fn read(&self, id: Uuid) -> io::Result<Option<(File, u64)>> {
        match File::open(self.path(id)) {
            Ok(file) => {
                let bytes = file.metadata()?.len();
                Ok(Some((file, bytes)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.lock().forget(id);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether there is such a result.
    pub(crate) fn has(&self, id: Uuid) -> bool {
        self.lock().files.contains_key(&id)
    }

    /// The newest result.
    pub(crate) fn newest(&self) -> Option<Uuid> {
        self.lock().newest()
    }

    /// Removes a result; whether there was one.
    pub(crate) fn remove(&self, id: Uuid) -> bool {
        let known = self.lock().forget(id);
        let gone = fs::remove_file(self.path(id)).is_ok();
        known || gone
    }

    /// Removes all results, and says how many.
    pub(crate) fn remove_all(&self) -> usize {
        let ids: Vec<Uuid> = self.lock().files.keys().copied().collect();
        ids.into_iter().filter(|id| self.remove(*id)).count()
    }

    /// Removes what is beyond the bounds, oldest first; never the newest.
    pub(crate) fn sweep(&self, now: SystemTime) {
        let mut known = self.lock();
        while let Some((id, kept)) = known.oldest() {
            let age = now.duration_since(kept.written).unwrap_or_default();
            let beyond = known.files.len() > self.bounds.count || known.bytes > self.bounds.bytes;
            let last = known.files.len() == 1;
            if age <= self.bounds.age && (!beyond || last) {
                return;
            }
            known.forget(id);
            let _ = fs::remove_file(self.path(id));
        }
    }

    /// How many there are, and their bytes.
    pub(crate) fn size(&self) -> (usize, u64) {
        let known = self.lock();
        (known.files.len(), known.bytes)
    }

    /// Why results cannot be written, since the last try.
    pub(crate) fn trouble(&self) -> Result<(), String> {
        self.lock().trouble.clone().map_or(Ok(()), Err)
    }

    /// Tries again after trouble, so that readiness comes back by itself.
    pub(crate) fn retry(&self) {
        if self.trouble().is_err() && self.try_probe_bytes().is_ok() {
            self.lock().trouble = None;
        }
    }

    /// Writes as much as a small result has.
    fn try_probe_bytes(&self) -> io::Result<()> {
        let path = self.hidden(Uuid::nil());
        let written = create(&path).and_then(|mut file| {
            file.write_all(&vec![0; 256 << 10])?;
            file.sync_data()
        });
        let _ = fs::remove_file(&path);
        written
    }
}

fn create(path: &Path) -> io::Result<File> {
    let _ = fs::remove_file(path);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Writes no more than what all results together may have.
struct Bounded<'f> {
    file: &'f mut File,
    left: u64,
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.left {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the result has more bytes than KS_RESULTS_MAX_BYTES; raise it",
            ));
        }
        let written = self.file.write(bytes)?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const BOUNDS: Bounds = Bounds {
        count: 3,
        bytes: 1000,
        age: Duration::from_hours(1),
    };

    fn keep(results: &Results, bytes: usize) -> Uuid {
        let id = Uuid::new_v4();
        let text = vec![b'x'; bytes];
        results.keep(id, |out| out.write_all(&text)).unwrap();
        id
    }

    #[test]
    fn results_outlive_the_process_that_made_them_and_half_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::open(folder.path(), BOUNDS).unwrap();
        let id = keep(&results, 10);
        let path = folder.path().join(format!("results/{id}.json"));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let half = folder.path().join("results/.half.new");
        fs::write(&half, "{").unwrap();
        fs::write(folder.path().join("results/notes.json"), "mine").unwrap();
        drop(results);
        let again = Results::open(folder.path(), BOUNDS).unwrap();
        assert_eq!(again.newest(), Some(id));
        assert_eq!(again.size(), (1, 10));
        assert!(!half.exists());
        assert!(folder.path().join("results/notes.json").exists());
    }

    #[test]
    fn the_oldest_go_first_by_count_bytes_and_age() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::open(folder.path(), BOUNDS).unwrap();
        let ids: Vec<Uuid> = (0..4).map(|_| keep(&results, 10)).collect();
        let kept: Vec<bool> = ids.iter().map(|id| results.has(*id)).collect();
        assert_eq!(kept, [false, true, true, true]);
        let large = keep(&results, 985);
        assert_eq!(results.size(), (2, 995));
        results.sweep(SystemTime::now() + Duration::from_secs(3601));
        assert!(!results.has(large));
        assert_eq!(results.size(), (0, 0));
    }

    #[test]
    fn what_cannot_be_written_whole_is_not_there_and_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::open(folder.path(), BOUNDS).unwrap();
        let id = Uuid::new_v4();
        let error = results
            .keep(id, |out| out.write_all(&[0; 1001]))
            .unwrap_err();
        assert!(error.to_string().contains("KS_RESULTS_MAX_BYTES"));
        assert!(results.read(id).unwrap().is_none());
        assert!(results.trouble().is_ok());
        let files = fs::read_dir(folder.path().join("results")).unwrap();
        assert_eq!(files.count(), 0);
        let broken = || Err(io::Error::other("the disk is gone"));
        results.keep(id, |_| broken()).unwrap_err();
        assert!(results.trouble().unwrap_err().contains("the disk is gone"));
        keep(&results, 1);
        assert!(results.trouble().is_ok());
    }

    #[test]
    fn a_full_disk_costs_the_older_results_before_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let results = Results::open(folder.path(), BOUNDS).unwrap();
        let old = keep(&results, 10);
        let mut tries = 0;
        let id = Uuid::new_v4();
        let done = results.keep(id, |out| {
            tries += 1;
            if tries == 1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            out.write_all(b"{}")
        });
        done.unwrap();
        assert!(results.has(id) && !results.has(old));
    }
}
