//! Answers of reviewers, kept for a few seconds, so that a busy client asks the
//! cluster once and not a thousand times. Bounded in number.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keeps answers for that long. (kube-apiserver keeps them for 10 s, too.)
pub(crate) const KEPT: Duration = Duration::from_secs(10);

/// The most answers; beyond, the whole cache is thrown away, which costs a
/// review each and cannot be used to keep another's answer.
const MOST: usize = 4096;

pub(crate) struct Cache<K, V> {
    kept: Duration,
    answers: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(kept: Duration) -> Self {
        Self {
            kept,
            answers: Mutex::new(HashMap::new()),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, value) = answers.get(key)?;
        (at.elapsed() < self.kept).then(|| value.clone())
    }

    pub(crate) fn put(&self, key: K, value: V) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST {
            answers.retain(|_, (at, _)| at.elapsed() < self.kept);
        }
        if answers.len() >= MOST {
            answers.clear();
        }
        answers.insert(key, (Instant::now(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_age() {
        let cache = Cache::new(Duration::ZERO);
        cache.put("a", 1);
        assert_eq!(cache.get(&"a"), None);
        let cache = Cache::new(Duration::from_hours(1));
        cache.put("a", 1);
        assert_eq!(cache.get(&"a"), Some(1));
    }

    #[test]
    fn a_flood_of_keys_does_not_grow_it() {
        let cache = Cache::new(Duration::from_hours(1));
        for key in 0..3 * MOST {
            cache.put(key, ());
        }
        assert!(cache.answers.lock().unwrap().len() <= MOST);
    }
}
