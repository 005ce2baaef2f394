//! One pass over everything: what was offered, and what is to be removed at its end.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::index::{Index, KeyHash};
use crate::object::ResultResource;
use crate::report::{Refusal, Report};
use crate::store::IndexRow;

/// What a pass saw, and so may remove when it was not offered.
#[derive(Clone)]
pub enum Coverage {
    /// Everything: what was not offered is gone.
    Complete,
    /// Only these: of others nobody knows whether they are gone.
    Only(Arc<dyn Fn(&IndexRow) -> bool + Send + Sync>),
    /// Nothing: remove nothing.
    Nothing,
}

impl Coverage {
    fn covers(&self, row: &IndexRow) -> bool {
        match self {
            Self::Complete => true,
            Self::Only(covers) => covers(row),
            Self::Nothing => false,
        }
    }
}

/// A place in the list of what may have to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) resource: ResultResource,
    pub(crate) after: Option<String>,
}

/// The latest pass.
#[derive(Default)]
pub(crate) struct Pass {
    id: u64,
    open: bool,
    offered: FxHashSet<KeyHash>,
    waiting: u64,
    report: Report,
    sweep: Option<(Coverage, Place)>,
}

impl Pass {
    /// A new one takes the place of the last.
    pub(crate) fn begin(&mut self) -> u64 {
        *self = Self {
            id: self.id + 1,
            open: true,
            ..Self::default()
        };
        self.id
    }

    /// Forgets it, if it is that one and was not finished.
    pub(crate) fn abandon(&mut self, id: u64) {
        if self.is(id) && self.sweep.is_none() {
            self.close();
        }
    }

    fn close(&mut self) {
        self.open = false;
        self.sweep = None;
        self.offered = FxHashSet::default();
    }

    pub(crate) fn is(&self, id: u64) -> bool {
        id != 0 && self.id == id
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Something was wanted of that object: it stays.
    pub(crate) fn offered(&mut self, hash: KeyHash) {
        if self.open {
            self.offered.insert(hash);
        }
    }

    pub(crate) fn report(&mut self, id: u64) -> Option<&mut Report> {
        self.is(id).then_some(&mut self.report)
    }

    pub(crate) fn refused(&mut self, id: u64, refusal: Refusal, most: usize) {
        if let Some(report) = self.report(id) {
            if report.refused.len() < most {
                report.refused.push(refusal);
            } else {
                report.refused_more += 1;
            }
        }
    }

    pub(crate) fn waits(&mut self, id: u64) {
        self.waiting += u64::from(self.is(id));
    }

    pub(crate) fn done(&mut self, id: u64) {
        self.waiting -= u64::from(self.is(id));
    }

    /// All was offered.
    pub(crate) fn finish(&mut self, id: u64, coverage: Coverage) {
        if self.is(id) {
            let place = Place {
                resource: ResultResource::ALL[0],
                after: None,
            };
            self.sweep = Some((coverage, place));
        }
    }

    /// Whether its end is still to come.
    pub(crate) fn is_sweeping(&self) -> bool {
        self.sweep.is_some()
    }

    /// Where to look for what may be removed, once all that was offered is written.
    /// Ends the pass when there is nothing.
    pub(crate) fn next_place(&mut self, index: &Index) -> Option<Place> {
        let (coverage, place) = self.sweep.as_ref().filter(|_| self.waiting == 0)?;
        let first = place.resource == ResultResource::ALL[0] && place.after.is_none();
        let nothing = matches!(coverage, Coverage::Nothing)
            || first && index.keys().all(|hash| self.offered.contains(&hash));
        if nothing {
            self.close();
            return None;
        }
        Some(place.clone())
    }

    /// Whether an object is to be removed.
    pub(crate) fn removes(&self, row: &IndexRow) -> bool {
        let covers = |(coverage, _): &(Coverage, Place)| coverage.covers(row);
        !self.offered.contains(&KeyHash::of(&row.key)) && self.sweep.as_ref().is_some_and(covers)
    }

    /// Goes on after a page, or from the start when the list was too old.
    pub(crate) fn go_on(&mut self, id: u64, from: &Place, next: Option<String>) {
        if !self.is(id) {
            return;
        }
        let Some((_, place)) = &mut self.sweep else {
            return;
        };
        let [_, last] = ResultResource::ALL;
        if next.is_some() {
            place.after = next;
        } else if from.resource == last {
            self.close_when_done();
        } else {
            *place = Place {
                resource: last,
                after: None,
            };
        }
    }

    /// The last page was read; its deletions may still be under way.
    fn close_when_done(&mut self) {
        if let Some((coverage, _)) = &mut self.sweep {
            *coverage = Coverage::Nothing;
        }
    }

    /// Begins the list of that resource again.
    pub(crate) fn restart(&mut self, id: u64) {
        if self.is(id)
            && let Some((_, place)) = &mut self.sweep
        {
            place.after = None;
        }
    }

    /// What it did so far.
    pub(crate) fn so_far(&self, id: u64) -> Report {
        if !self.is(id) {
            return Report::default();
        }
        Report {
            pending: self.waiting,
            sweep_pending: self.sweep.is_some(),
            ..self.report.clone()
        }
    }

    /// Whether all of it is done.
    pub(crate) fn is_done(&self, id: u64) -> bool {
        !self.is(id) || (self.waiting == 0 && self.sweep.is_none())
    }
}
