//! Label selectors, and an index that finds the selectors of many objects
//! which match a pod without trying them all.

use std::collections::HashMap;

use kubescape_engine::{Value, Workload};

/// A selector in one of the forms that Kubernetes and its extensions use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selector<'a> {
    /// Labels alone, as in Services and `ReplicationControllers`. Without any,
    /// it selects nothing.
    Plain(Value<'a>),
    /// `matchLabels` and `matchExpressions`. Without any, it selects everything.
    Labels(Value<'a>),
    /// As [`Labels`](Selector::Labels), but keys may say where a label comes
    /// from (`k8s:app`), and the pod's namespace is a label, too.
    Cilium(Value<'a>),
}

/// The label by which Cilium knows the namespace of a pod.
const CILIUM_NAMESPACE: &str = "io.kubernetes.pod.namespace";

impl<'a> Selector<'a> {
    /// Whether pods with `labels` in `namespace` are selected.
    pub(crate) fn matches(self, labels: Value<'_>, namespace: &str) -> bool {
        match self {
            Self::Plain(wanted) => !wanted.is_empty() && has_all(labels, wanted),
            Self::Labels(selector) => {
                has_all(labels, selector.at("matchLabels"))
                    && expressions(selector).all(|entry| holds(entry, labels.at(key(entry))))
            }
            Self::Cilium(selector) => {
                let own = Value::Str(namespace);
                let label = |key: &str| match without_source(key) {
                    CILIUM_NAMESPACE => own,
                    key => labels.at(key),
                };
                let wanted = selector.at("matchLabels").entries();
                wanted.iter().all(|(key, value)| label(key) == *value)
                    && expressions(selector).all(|entry| holds(entry, label(key(entry))))
            }
        }
    }

    /// Whether it has no condition and so selects every pod.
    pub(crate) fn is_everything(self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Labels(selector) | Self::Cilium(selector) => {
                selector.at("matchLabels").is_empty() && selector.at("matchExpressions").is_empty()
            }
        }
    }

    /// Labels that every selected pod has. A pod's namespace is none of them.
    fn necessary(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (wanted, cilium) = match self {
            Self::Plain(wanted) => (wanted, false),
            Self::Labels(selector) => (selector.at("matchLabels"), false),
            Self::Cilium(selector) => (selector.at("matchLabels"), true),
        };
        wanted.entries().iter().filter_map(move |(key, value)| {
            let key = if cilium { without_source(key) } else { key };
            let value = value.as_str()?;
            (!cilium || key != CILIUM_NAMESPACE).then_some((key, value))
        })
    }
}

/// Whether `labels` has every entry of `wanted`.
pub(crate) fn has_all(labels: Value<'_>, wanted: Value<'_>) -> bool {
    let mut wanted = wanted.entries().iter();
    wanted.all(|(key, value)| labels.at(key) == *value)
}

fn expressions(selector: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    selector.at("matchExpressions").items().iter().copied()
}

fn key(expression: Value<'_>) -> &str {
    expression.at("key").str()
}

/// Whether an expression of `matchExpressions` holds for the label of its key.
/// One with an operator that nobody knows holds for nothing.
fn holds(expression: Value<'_>, label: Value<'_>) -> bool {
    let listed = || expression.at("values").items().contains(&label);
    match expression.at("operator").str() {
        "In" => label.exists() && listed(),
        // As in Kubernetes, a pod without the label passes.
        "NotIn" => !label.exists() || !listed(),
        "Exists" => label.exists(),
        "DoesNotExist" => !label.exists(),
        _ => false,
    }
}

/// The key without the source that Cilium puts before it.
fn without_source(key: &str) -> &str {
    let rest = key
        .strip_prefix("k8s:")
        .or_else(|| key.strip_prefix("any:"));
    rest.unwrap_or(key)
}

/// Objects with a selector of each.
type Selected<'a, T> = Vec<(Selector<'a>, T)>;

/// Selectors of many objects, so that those which match a pod are found by its
/// labels. Matching every object with every pod would be quadratic.
pub(crate) struct SelectorIndex<'a, T> {
    /// By namespace, and key and value of a label that the selector asks for.
    by_label: HashMap<(&'a str, &'a str, &'a str), Selected<'a, T>>,
    /// By namespace: selectors that ask for no particular label.
    others: HashMap<&'a str, Selected<'a, T>>,
}

/// What [`SelectorIndex::insert`] takes for "in every namespace".
const EVERYWHERE: &str = "";

impl<'a, T: Copy> SelectorIndex<'a, T> {
    /// An empty index.
    pub(crate) fn new() -> Self {
        Self {
            by_label: HashMap::new(),
            others: HashMap::new(),
        }
    }

    /// Adds an object that selects pods of one namespace.
    pub(crate) fn insert(&mut self, namespace: &'a str, selector: Selector<'a>, item: T) {
        let labels = selector
            .necessary()
            .map(|(key, value)| (namespace, key, value));
        // Many selectors may share a label; one of few tells more.
        let rarest = labels.min_by_key(|label| self.by_label.get(label).map_or(0, Vec::len));
        let list = match rarest {
            Some(label) => self.by_label.entry(label).or_default(),
            None => self.others.entry(namespace).or_default(),
        };
        list.push((selector, item));
    }

    /// Adds an object that selects pods of all namespaces.
    pub(crate) fn insert_everywhere(&mut self, selector: Selector<'a>, item: T) {
        self.insert(EVERYWHERE, selector, item);
    }

    /// Calls `visit` with the objects that select the pods of `workload`; each
    /// object once for every selector that does.
    pub(crate) fn matching(&self, workload: &Workload<'a>, mut visit: impl FnMut(T)) {
        let labels = workload.pod_labels();
        let namespace = workload.object.namespace_or_default();
        let mut consider = |list: Option<&Selected<'a, T>>| {
            for (selector, item) in list.into_iter().flatten() {
                if selector.matches(labels, namespace) {
                    visit(*item);
                }
            }
        };
        for place in [namespace, EVERYWHERE] {
            consider(self.others.get(place));
            if self.by_label.is_empty() {
                continue;
            }
            for (key, value) in labels.entries() {
                if let Some(value) = value.as_str() {
                    consider(self.by_label.get(&(place, key, value)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_engine::{Arena, Object, from_json_str};

    fn matches(selector: &str, labels: &str) -> bool {
        let arena = Arena::new();
        let selector = Selector::Labels(from_json_str(selector, &arena).unwrap());
        selector.matches(from_json_str(labels, &arena).unwrap(), "shop")
    }

    #[test]
    fn labels_must_all_be_there() {
        let selector = r#"{"matchLabels": {"app": "cart", "tier": "web"}}"#;
        assert!(matches(
            selector,
            r#"{"app": "cart", "tier": "web", "x": "y"}"#
        ));
        assert!(!matches(selector, r#"{"app": "cart"}"#));
        assert!(!matches(selector, r#"{"app": "cart", "tier": "db"}"#));
        assert!(!matches(selector, "null"));
    }

    #[test]
    fn expressions_join_labels() {
        let one = |operator: &str, values: &str| {
            format!(
                r#"{{"matchLabels": {{"app": "cart"}}, "matchExpressions": [{{"key": "tier", "operator": "{operator}", "values": {values}}}]}}"#
            )
        };
        let (web, none) = (r#"{"app": "cart", "tier": "web"}"#, r#"{"app": "cart"}"#);
        assert!(matches(&one("In", r#"["db", "web"]"#), web));
        assert!(!matches(&one("In", r#"["db"]"#), web));
        assert!(!matches(&one("In", r#"["db"]"#), none));
        assert!(!matches(&one("NotIn", r#"["db", "web"]"#), web));
        assert!(matches(&one("NotIn", r#"["db"]"#), web));
        assert!(matches(&one("NotIn", r#"["db"]"#), none));
        assert!(matches(&one("Exists", "null"), web));
        assert!(!matches(&one("Exists", "null"), none));
        assert!(!matches(&one("DoesNotExist", "[]"), web));
        assert!(matches(&one("DoesNotExist", "[]"), none));
        assert!(!matches(&one("Near", "[]"), web));
        assert!(!matches(&one("Exists", "[]"), r#"{"tier": "web"}"#));
    }

    #[test]
    fn empty_selectors() {
        for everything in [
            "{}",
            r#"{"matchLabels": {}}"#,
            r#"{"matchExpressions": []}"#,
        ] {
            assert!(matches(everything, "{}"), "{everything}");
            assert!(matches(everything, r#"{"a": "b"}"#), "{everything}");
        }
        let arena = Arena::new();
        let empty = from_json_str("{}", &arena).unwrap();
        assert!(Selector::Labels(empty).is_everything());
        assert!(!Selector::Plain(empty).is_everything());
        assert!(!Selector::Plain(empty).matches(empty, "shop"));
    }

    #[test]
    fn cilium_knows_sources_and_the_namespace() {
        let arena = Arena::new();
        let labels = from_json_str(r#"{"app": "cart"}"#, &arena).unwrap();
        let cases = [
            (r#"{"k8s:app": "cart"}"#, true),
            (r#"{"any:app": "cart"}"#, true),
            (r#"{"reserved:app": "cart"}"#, false),
            (r#"{"k8s:io.kubernetes.pod.namespace": "shop"}"#, true),
            (
                r#"{"io.kubernetes.pod.namespace": "blog", "app": "cart"}"#,
                false,
            ),
        ];
        for (wanted, expected) in cases {
            let text = format!(r#"{{"matchLabels": {wanted}}}"#);
            let selector = Selector::Cilium(from_json_str(&text, &arena).unwrap());
            assert_eq!(selector.matches(labels, "shop"), expected, "{wanted}");
        }
    }

    #[test]
    fn the_index_finds_what_matches() {
        let arena = Arena::new();
        let json = |text| from_json_str(text, &arena).unwrap();
        let pod = json(
            r#"{"kind": "Pod", "metadata": {"name": "p", "namespace": "shop", "labels": {"app": "cart", "tier": "web"}}}"#,
        );
        let object = Object::new(pod, 0);
        let workload = Workload::of(&object, &arena).unwrap();
        let mut index = SelectorIndex::new();
        index.insert("shop", Selector::Plain(json(r#"{"app": "cart"}"#)), 1);
        index.insert(
            "shop",
            Selector::Plain(json(r#"{"app": "cart", "tier": "db"}"#)),
            2,
        );
        index.insert("blog", Selector::Plain(json(r#"{"app": "cart"}"#)), 3);
        index.insert("shop", Selector::Labels(json("{}")), 4);
        index.insert_everywhere(
            Selector::Cilium(json(r#"{"matchLabels": {"k8s:tier": "web"}}"#)),
            5,
        );
        index.insert_everywhere(
            Selector::Cilium(json(
                r#"{"matchLabels": {"io.kubernetes.pod.namespace": "shop"}}"#,
            )),
            6,
        );
        let mut found = Vec::new();
        index.matching(&workload, |number| found.push(number));
        found.sort_unstable();
        assert_eq!(found, [1, 4, 5, 6]);
    }
}
