//! Notices of the kernel that something may have changed.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Says that it is time to look; how often and why does not matter.
pub(crate) struct Hints {
    watcher: Option<RecommendedWatcher>,
    /// Device and number of the folder that is watched.
    watched: Option<(u64, u64)>,
    sender: Sender<()>,
    receiver: Receiver<()>,
}

impl Hints {
    pub(crate) fn new(path: &Path) -> Self {
        // One notice that nobody has taken yet is as good as many.
        let (sender, receiver) = channel(1);
        let mut hints = Self {
            watcher: None,
            watched: None,
            sender,
            receiver,
        };
        hints.revive(path);
        hints
    }

    /// Whether the kernel gives notices: it has no more room for them, say, or
    /// the folder is on a network.
    pub(crate) fn works(&self) -> bool {
        self.watcher.is_some()
    }

    /// Begins (once more), if there are no notices or if they are of another
    /// folder that was there before.
    pub(crate) fn revive(&mut self, path: &Path) {
        let now = fs::metadata(path).ok();
        let now = now.map(|about| (about.dev(), about.ino()));
        if self.watcher.is_some() && self.watched == now {
            return;
        }
        self.watched = now;
        let sender = self.sender.clone();
        let tell = move |_: notify::Result<notify::Event>| {
            // Full means that somebody will look in any case.
            let _ = sender.try_send(());
        };
        let watcher = RecommendedWatcher::new(tell, Config::default());
        self.watcher = watcher.ok().and_then(|mut watcher| {
            watcher.watch(path, RecursiveMode::Recursive).ok()?;
            Some(watcher)
        });
    }

    /// Returns when it is time to look.
    pub(crate) async fn next(&mut self) {
        // The sender is here, so that there is no end.
        self.receiver.recv().await;
    }

    /// Forgets what came meanwhile: whoever asks looks now.
    pub(crate) fn forget(&mut self) {
        while self.receiver.try_recv().is_ok() {}
    }
}
