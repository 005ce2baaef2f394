//! Looks again whenever something happens.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use kubescape_collect::{Code, Event, Kinds, Limits, Problem};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::Sender;

use crate::look::Look;

/// Editors write files in steps: a look waits for this long a silence.
const SILENCE: Duration = Duration::from_millis(30);
/// But looks at least so often, for what the system does not tell of (folders
/// behind links, network file systems).
const AT_LEAST: Duration = Duration::from_secs(5);
/// And so often when it tells of nothing.
const WITHOUT_WATCHER: Duration = Duration::from_secs(1);
/// Between glances whether anybody still listens.
const GLANCE: Duration = Duration::from_millis(200);

/// Why a folder cannot be followed.
#[derive(Debug)]
pub enum FollowError {
    /// It is no folder, or may not be read.
    Folder(PathBuf, io::Error),
    /// The system has no thread.
    Thread(io::Error),
}

impl std::fmt::Display for FollowError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path, error) => write!(
                out,
                "cannot read the folder {}: {error}: name a folder of manifests",
                path.display()
            ),
            Self::Thread(error) => write!(out, "cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for FollowError {}

/// A folder that is followed, until this is dropped or nobody receives its events
/// any more.
pub struct Follow {
    kinds: Kinds,
    listener: Listener,
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.listener.gone.store(true, Ordering::Relaxed);
    }
}

/// Whom events are for.
#[derive(Clone)]
struct Listener {
    events: Sender<Event>,
    gone: Arc<AtomicBool>,
}

impl Listener {
    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || self.events.is_closed()
    }

    /// Whether somebody listens still.
    fn tell(&self, news: Vec<Event>) -> bool {
        news.into_iter()
            .all(|event| !self.is_gone() && self.events.blocking_send(event).is_ok())
    }
}

impl Follow {
    /// Follows a folder with a thread of its own. Events wait when the channel is
    /// full.
    ///
    /// # Errors
    ///
    /// See [`FollowError`].
    pub fn start(
        folder: &Path,
        limits: Limits,
        events: Sender<Event>,
    ) -> Result<Self, FollowError> {
        std::fs::read_dir(folder).map_err(|error| FollowError::Folder(folder.to_owned(), error))?;
        let look = Look::new(folder, limits);
        let kinds = look.kinds().clone();
        let folder = folder.to_owned();
        let listener = Listener {
            events,
            gone: Arc::default(),
        };
        let told = listener.clone();
        thread::Builder::new()
            .name("kubescape-folder".to_owned())
            .spawn(move || run(&folder, look, &told))
            .map_err(FollowError::Thread)?;
        Ok(Self { kinds, listener })
    }

    /// What the numbers of kinds stand for.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }
}

fn run(folder: &Path, mut look: Look, listener: &Listener) {
    // Before the first look, so that nothing falls between.
    let (bell, trouble) = Bell::hang(folder);
    let mut first: Vec<Event> = trouble.into_iter().collect();
    first.extend(look.look());
    first.push(Event::Synced);
    if !listener.tell(first) {
        return;
    }
    loop {
        bell.wait(listener);
        if listener.is_gone() || !listener.tell(look.look()) {
            return;
        }
    }
}

/// Rings when something happens in the folder, if the system lets us hear of it.
struct Bell {
    watcher: Option<RecommendedWatcher>,
    rung: Receiver<()>,
    /// So that it can be waited for, with or without a watcher.
    _rope: std::sync::mpsc::Sender<()>,
}

impl Bell {
    fn hang(folder: &Path) -> (Self, Option<Event>) {
        let (rope, rung) = channel();
        let ring = rope.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Our own reading is no change.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // Whoever listened may have gone.
                let _ = ring.send(());
            }
        });
        let watching = watcher.and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        let (watcher, trouble) = match watching {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(deaf(folder, &error))),
        };
        let bell = Self {
            watcher,
            rung,
            _rope: rope,
        };
        (bell, trouble)
    }

    /// Waits until something happened and it is quiet again, but not for ever.
    fn wait(&self, listener: &Listener) {
        let longest = match self.watcher {
            Some(_) => AT_LEAST,
            None => WITHOUT_WATCHER,
        };
        let end = Instant::now() + longest;
        while Instant::now() < end && !listener.is_gone() {
            let left = end.saturating_duration_since(Instant::now());
            if self.rung.recv_timeout(GLANCE.min(left)).is_ok() {
                while Instant::now() < end && self.rung.recv_timeout(SILENCE).is_ok() {}
                return;
            }
        }
    }
}

fn deaf(folder: &Path, error: &notify::Error) -> Event {
    let path = folder.display().to_string();
    let message = format!("changes are noticed a second late: {error}");
    let problem = Problem {
        remedy: "raise fs.inotify.max_user_watches".to_owned(),
        ..Problem::new(Code::Unavailable, &path, message)
    };
    Event::Problems {
        path: path.into(),
        problems: vec![problem],
    }
}
