//! Putting in order what came in any order, and dropping what no longer counts.

use std::collections::{HashMap, HashSet};

use kubescape_engine::Kept;
use sha2::Digest;

use super::Gathered;
use crate::Place;
use crate::worker::Made;

/// Source, document (of lists: attempt) and item.
pub(crate) type Key = (u32, u32, Option<u32>);

/// What is remembered until the order is known.
#[derive(Default)]
pub(super) struct Loose {
    /// How many objects were seen and owned, by source and attempt.
    counts: HashMap<(u32, u32), (usize, usize)>,
    digests: Vec<(Key, [u8; 32])>,
}

impl Loose {
    pub(super) fn count(&mut self, made: &Made) {
        let Some((key, digest)) = made.digest else {
            return;
        };
        let counts = self.counts.entry((key.0, key.1)).or_default();
        counts.0 += made.seen;
        counts.1 += made.owned;
        self.digests.push((key, digest));
    }

    /// Orders by source, attempt and item; drops attempts that do not count, and
    /// what came twice.
    pub(super) fn settle(mut self, all: &mut Gathered, attempts: &[Option<u32>]) {
        let counts = |source: u32, attempt: u32| {
            let valid = attempts.get(source as usize).copied().flatten();
            valid.is_none_or(|valid| valid == attempt)
        };
        let valid = self.counts.iter().filter(|(key, _)| counts(key.0, key.1));
        (all.seen, all.owned) = valid.fold((0, 0), |sum, (_, one)| (sum.0 + one.0, sum.1 + one.1));
        self.digests.retain(|(key, _)| counts(key.0, key.1));
        self.digests.sort_unstable();
        for (_, digest) in &self.digests {
            all.digest.update(digest);
        }
        let key = |place: &Place| (place.source, place.document, place.item);
        let mut order: Vec<usize> = (0..all.places.len())
            .filter(|number| counts(all.places[*number].source, all.places[*number].document))
            .collect();
        order.sort_by_key(|number| key(&all.places[*number]));
        let mut ids = HashSet::new();
        order.retain(|number| ids.insert(&all.records[*number].id));
        drop(ids);
        reorder(all, &order);
    }
}

fn reorder(all: &mut Gathered, order: &[usize]) {
    let mut places: Vec<_> = std::mem::take(&mut all.places)
        .into_iter()
        .map(Some)
        .collect();
    let mut records: Vec<_> = std::mem::take(&mut all.records)
        .into_iter()
        .map(Some)
        .collect();
    all.places = order
        .iter()
        .filter_map(|number| places[*number].take())
        .collect();
    all.records = order
        .iter()
        .filter_map(|number| records[*number].take())
        .collect();
    let mut numbers: Vec<Option<u32>> = vec![None; places.len()];
    for (new, old) in (0..).zip(order) {
        numbers[*old] = Some(new);
    }
    let kept = std::mem::take(&mut all.kept).into_iter();
    all.kept = kept
        .filter_map(|kept| {
            let seq = numbers[kept.seq as usize]?;
            Some(Kept { seq, ..kept })
        })
        .collect();
    all.kept.sort_by_key(|kept| kept.seq);
    if let Some(objects) = &mut all.objects {
        objects.reorder(order);
    }
    let mut seen = HashSet::new();
    all.problems
        .retain(|problem| seen.insert(problem.to_string()));
}
