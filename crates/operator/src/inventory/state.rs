//! What runs, and what of it is new. No I/O.

use std::collections::{BTreeMap, HashMap};

/// Containers and the identifiers of their images.
pub(super) type Images = BTreeMap<String, String>;

/// The running pods.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    pods: HashMap<String, (String, Images)>,
    /// Pods that run an image.
    images: HashMap<String, usize>,
    /// Pods of a workload.
    workloads: HashMap<String, usize>,
}

impl Inventory {
    /// A pod runs these now. Tells which containers of its workload are to be scanned:
    /// those with an image that nobody ran, or all when the workload is new.
    pub(super) fn runs(&mut self, pod: &str, workload: &str, images: Images) -> Option<Images> {
        if images.is_empty() {
            self.gone(pod);
            return None;
        }
        if self
            .pods
            .get(pod)
            .is_some_and(|old| old.1 == images && old.0 == workload)
        {
            return None;
        }
        // Before the old is forgotten: an image that stays is not new.
        let new: Images = images
            .iter()
            .filter(|(_, image)| !self.images.contains_key(*image))
            .map(|(container, image)| (container.clone(), image.clone()))
            .collect();
        let known = self.workloads.contains_key(workload);
        for image in images.values() {
            *self.images.entry(image.clone()).or_default() += 1;
        }
        *self.workloads.entry(workload.to_owned()).or_default() += 1;
        self.gone(pod);
        let entry = (workload.to_owned(), images.clone());
        self.pods.insert(pod.to_owned(), entry);
        match (new.is_empty(), known) {
            (false, true) => Some(new),
            (_, false) => Some(images),
            (true, true) => None,
        }
    }

    /// A pod is gone, or runs nothing.
    pub(super) fn gone(&mut self, pod: &str) {
        let Some((workload, images)) = self.pods.remove(pod) else {
            return;
        };
        for image in images.values() {
            less(&mut self.images, image);
        }
        less(&mut self.workloads, &workload);
    }

    /// Only these pods are there: after a list.
    pub(super) fn keep(&mut self, there: &std::collections::HashSet<String>) {
        let gone: Vec<String> = self
            .pods
            .keys()
            .filter(|pod| !there.contains(*pod))
            .cloned()
            .collect();
        for pod in gone {
            self.gone(&pod);
        }
    }

    pub(super) fn workloads(&self) -> usize {
        self.workloads.len()
    }
}

fn less(counts: &mut HashMap<String, usize>, key: &str) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(pairs: &[(&str, &str)]) -> Images {
        let pairs = pairs.iter();
        pairs
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    #[test]
    fn a_new_workload_is_scanned_whole_and_a_known_one_by_what_is_new() {
        let mut inventory = Inventory::default();
        let first = images(&[("web", "a"), ("log", "b")]);
        assert_eq!(
            inventory.runs("p1", "w1", first.clone()),
            Some(first.clone())
        );
        // Another replica, and the same again: nothing is new.
        assert_eq!(inventory.runs("p2", "w1", first.clone()), None);
        assert_eq!(inventory.runs("p2", "w1", first.clone()), None);
        // A new image of one container.
        let second = images(&[("web", "c"), ("log", "b")]);
        assert_eq!(
            inventory.runs("p3", "w1", second),
            Some(images(&[("web", "c")]))
        );
        // Known images, but a workload that is not.
        assert_eq!(inventory.runs("p4", "w2", first.clone()), Some(first));
    }

    #[test]
    fn what_went_is_new_when_it_comes_back() {
        let mut inventory = Inventory::default();
        let some = images(&[("web", "a")]);
        inventory.runs("p1", "w1", some.clone());
        inventory.runs("p2", "w1", some.clone());
        inventory.gone("p1");
        assert_eq!(inventory.runs("p3", "w1", some.clone()), None);
        inventory.keep(&["nothing".to_owned()].into());
        assert_eq!(inventory.workloads(), 0);
        assert_eq!(inventory.runs("p4", "w1", some.clone()), Some(some));
    }

    #[test]
    fn a_pod_that_ends_is_forgotten() {
        let mut inventory = Inventory::default();
        inventory.runs("p1", "w1", images(&[("web", "a")]));
        assert_eq!(inventory.runs("p1", "w1", Images::new()), None);
        assert_eq!(inventory.workloads(), 0);
        assert!(inventory.images.is_empty());
    }
}
