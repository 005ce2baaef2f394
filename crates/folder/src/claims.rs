//! Which file has the say about an object. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::file::Identity;

/// What files say of objects. Of several files that have an object, the first by
/// name counts, and within a file the last of its documents, as applying it would.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    by_object: HashMap<Identity, BTreeMap<String, Box<str>>>,
    by_file: HashMap<String, HashSet<Identity>>,
    /// What was told last of each object.
    told: HashMap<Identity, [u8; 32]>,
    /// Objects about which something may have changed.
    touched: HashSet<Identity>,
}

/// News of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    Put(Identity, Box<str>),
    Gone(Identity),
}

impl Claims {
    /// A file has these objects now; with `keep_others`, also those that it had.
    pub(crate) fn set(
        &mut self,
        file: &str,
        objects: Vec<(Identity, Box<str>)>,
        keep_others: bool,
    ) {
        let before = self.by_file.remove(file).unwrap_or_default();
        let mut now: HashSet<Identity> = HashSet::new();
        for (identity, text) in objects {
            let texts = self.by_object.entry(identity.clone()).or_default();
            texts.insert(file.to_owned(), text);
            self.touched.insert(identity.clone());
            now.insert(identity);
        }
        for identity in before {
            if now.contains(&identity) {
                continue;
            }
            if keep_others {
                now.insert(identity);
                continue;
            }
            if let Some(texts) = self.by_object.get_mut(&identity) {
                texts.remove(file);
            }
            self.touched.insert(identity);
        }
        if !now.is_empty() {
            self.by_file.insert(file.to_owned(), now);
        }
    }

    /// Other files that have an object of this one, with the object: the first few.
    pub(crate) fn rivals(&self, file: &str, most: usize) -> Vec<(&Identity, &str)> {
        let own = self.by_file.get(file).into_iter().flatten();
        let rival = |identity| {
            let (first, _) = self.by_object.get(identity)?.first_key_value()?;
            (first != file).then_some((identity, first.as_str()))
        };
        let mut rivals: Vec<_> = own.filter_map(rival).collect();
        rivals.sort_by(|a, b| (a.1, &a.0.name).cmp(&(b.1, &b.0.name)));
        rivals.truncate(most);
        rivals
    }

    /// What changed since the last call, in no order.
    pub(crate) fn news(&mut self, digest: impl Fn(&str) -> [u8; 32]) -> Vec<News> {
        let mut news = Vec::new();
        for identity in std::mem::take(&mut self.touched) {
            let texts = self.by_object.get(&identity);
            let Some((_, text)) = texts.and_then(BTreeMap::first_key_value) else {
                self.by_object.remove(&identity);
                if self.told.remove(&identity).is_some() {
                    news.push(News::Gone(identity));
                }
                continue;
            };
            let digest = digest(text);
            if self.told.get(&identity) != Some(&digest) {
                self.told.insert(identity.clone(), digest);
                news.push(News::Put(identity, text.clone()));
            }
        }
        news
    }
}
