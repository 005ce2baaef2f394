//! A scan that nobody wants any more.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends a scan early. Clones share it; asking costs one load.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the scan soon: between two batches of objects.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the scan is to end.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn check(&self) -> io::Result<()> {
        if self.is_cancelled() {
            return Err(io::Error::other(Cancelled));
        }
        Ok(())
    }
}

/// What a scan ends with that was cancelled, inside an [`io::Error`].
#[derive(Debug)]
pub struct Cancelled;

impl Cancelled {
    /// Whether this is why a scan failed.
    pub fn is(error: &io::Error) -> bool {
        let inner = error.get_ref();
        inner
            .and_then(|inner| inner.downcast_ref::<Self>())
            .is_some()
    }
}

impl std::fmt::Display for Cancelled {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the scan was cancelled")
    }
}

impl std::error::Error for Cancelled {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, scan};
    use kubescape_controls::LIBRARY;
    use kubescape_engine::{Inputs, Plan, Selection};

    #[test]
    fn a_scan_that_was_cancelled_has_no_result() {
        let plan = Plan::new(&LIBRARY, &Selection::default(), None, Inputs::default()).unwrap();
        let cancel = Cancel::default();
        let options = Options {
            cancel: cancel.clone(),
            ..Options::new(plan)
        };
        cancel.cancel();
        let error = scan(Vec::new(), options, &mut |_| {}).err().unwrap();
        assert!(Cancelled::is(&error));
        assert!(!Cancelled::is(&io::Error::other("a disk")));
    }
}
