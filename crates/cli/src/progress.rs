//! Progress of long work, for people at a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line on standard error that counts; nothing when that is no terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        let style =
            ProgressStyle::with_template("{spinner} scanning: {human_pos} objects, {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self(bar)
    }

    pub(crate) fn set(&mut self, objects: usize) {
        // Short scans should not flicker.
        if self.0.elapsed() > Duration::from_millis(300) {
            self.0.set_position(objects as u64);
        }
    }

    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}
