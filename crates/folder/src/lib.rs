//! A folder of manifests that is followed as a cluster is: its files, and what
//! changes in them, as the same stream of events. Reads files below one folder,
//! and nothing else.
//!
//! A crate of its own, since who only scans files needs neither a runtime nor
//! the kernel's notices.
//!
//! Notices of the kernel only say that it is time to look: what has changed is
//! found by walking the folder, which costs milliseconds, and so it does not
//! matter how an editor writes or which link is swapped.

mod file;
mod hints;
mod state;
mod walk;

use std::path::PathBuf;
use std::time::Duration;

use kubescape_collect::{Event, Kinds, Limits};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use hints::Hints;
use state::State;

/// What to follow, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// No larger documents are read.
    pub limits: Limits,
    /// No more files are read.
    pub files: usize,
    /// Looks at it also without a notice, so often; every [`Folder::poll`] when
    /// the kernel gives none.
    pub look: Duration,
    /// Between looks when there are no notices.
    pub poll: Duration,
    /// After a notice, waits for others that belong to it.
    pub pause: Duration,
}

impl Folder {
    /// A folder with the usual limits.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            limits: Limits::default(),
            files: 50_000,
            look: Duration::from_mins(1),
            poll: Duration::from_secs(2),
            pause: Duration::from_millis(50),
        }
    }
}

/// A folder that is followed. Ends when it is dropped.
#[derive(Debug)]
pub struct FolderFollow {
    kinds: Kinds,
    task: Option<JoinHandle<()>>,
    // Dropped, it ends the task.
    stop: Option<oneshot::Sender<()>>,
}

impl FolderFollow {
    /// Begins to follow a folder, on the runtime that this is called on. Events go
    /// into the channel, and wait when it is full. It ends when `until` does, when
    /// nobody receives any more, and when this is dropped.
    ///
    /// A folder that is not there (yet) is a problem, and waited for.
    pub fn start(
        folder: Folder,
        events: mpsc::Sender<Event>,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let kinds = Kinds::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let state = State::new(folder.clone(), kinds.clone());
        let task = tokio::spawn(async move {
            let closed = events.clone();
            tokio::select! {
                biased;
                () = until => {}
                _ = stopped => {}
                () = closed.closed() => {}
                () = follow(folder, state, events) => {}
            }
        });
        Self {
            kinds,
            task: Some(task),
            stop: Some(stop),
        }
    }

    /// What the numbers of kinds stand for.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// Ends it, and returns when no event comes any more.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            // It has nothing to tell.
            let _ = task.await;
        }
    }
}

/// Looks, tells, and waits for a reason to look again.
async fn follow(folder: Folder, mut state: State, events: mpsc::Sender<Event>) {
    let mut hints = Hints::new(&folder.path);
    loop {
        hints.revive(&folder.path);
        // Files are read on a thread that may wait, and their events go out as
        // they are read: nothing grows with the folder but its index.
        let (sender, mut receiver) = mpsc::channel(64);
        let look = tokio::task::spawn_blocking(move || {
            state.look(&mut |event| sender.blocking_send(event).is_ok());
            state
        });
        while let Some(event) = receiver.recv().await {
            if events.send(event).await.is_err() {
                return;
            }
        }
        let Ok(looked) = look.await else {
            // A bug in reading a file: what is known cannot be trusted any more.
            return;
        };
        state = looked;
        let wait = match (state.is_young(), hints.works()) {
            // Written so lately that the next change may bear the same time.
            (true, _) => folder.poll.min(Duration::from_secs(1)),
            (false, true) => folder.look,
            (false, false) => folder.poll,
        };
        tokio::select! {
            () = hints.next() => {
                tokio::time::sleep(folder.pause).await;
                hints.forget();
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
}
