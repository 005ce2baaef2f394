//! The matcher equals a naive one that tries every policy on every finding.

use std::fmt::Write as _;

use kubescape_engine::exceptions::{Designator, Exceptions, Expiry, Policy, Posture};
use proptest::prelude::*;
use regex::RegexBuilder;

use super::*;

/// What an object is made of.
#[derive(Clone, Debug)]
struct Thing {
    kind: &'static str,
    namespace: &'static str,
    name: &'static str,
    label: Option<&'static str>,
    annotation: Option<&'static str>,
    host: bool,
    /// Names of containers, and whether they are privileged.
    containers: Vec<(&'static str, bool)>,
}

impl Thing {
    fn json(&self) -> String {
        let mut containers = String::new();
        for (name, privileged) in &self.containers {
            let comma = if containers.is_empty() { "" } else { "," };
            write!(
                containers,
                r#"{comma}{{"name":"{name}","securityContext":{{"privileged":{privileged}}}}}"#
            )
            .unwrap();
        }
        let pod = format!(
            r#"{{"hostNetwork":{},"containers":[{containers}]}}"#,
            self.host
        );
        let (version, spec) = match self.kind {
            "Deployment" => ("apps/v1", format!(r#"{{"template":{{"spec":{pod}}}}}"#)),
            _ => ("v1", pod),
        };
        let map = |value: Option<&str>| {
            value.map_or("{}".to_owned(), |value| format!(r#"{{"key":"{value}"}}"#))
        };
        let (labels, annotations) = (map(self.label), map(self.annotation));
        format!(
            r#"{{"apiVersion":"{version}","kind":"{}","metadata":{{"name":"{}","namespace":"{}","labels":{labels},"annotations":{annotations}}},"spec":{spec}}}"#,
            self.kind, self.name, self.namespace
        )
    }

    fn namespace_for_designators(&self) -> &str {
        if self.kind == "Namespace" {
            self.name
        } else {
            self.namespace
        }
    }

    /// What rules find: rule and, where it is about one, the container's number.
    fn findings(&self) -> Vec<(&'static str, Option<usize>)> {
        let mut all = Vec::new();
        if self.kind == "Namespace" {
            return vec![("namespaces", None)];
        }
        if self.host {
            all.push(("host-network", None));
        }
        let containers = self.containers.iter().enumerate();
        all.extend(
            containers
                .filter(|(_, one)| one.1)
                .map(|(number, _)| ("privileged", Some(number))),
        );
        all
    }
}

/// Nothing for what is no pattern.
fn matches(pattern: &str, text: &str, any_case: bool) -> bool {
    let regex = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .case_insensitive(any_case)
        .build();
    regex.is_ok_and(|regex| regex.is_match(text))
}

/// Numbers of the accepted containers, or all of the object.
enum Accepts {
    Nothing,
    Whole,
    Containers(Vec<usize>),
}

fn naive_designator(designator: &Designator, thing: &Thing) -> Accepts {
    if designator
        .attributes
        .iter()
        .all(|(_, value)| value.is_empty())
    {
        return Accepts::Nothing;
    }
    let mut container = None;
    for (key, value) in &designator.attributes {
        let text = match &**key {
            "kind" => thing.kind,
            "name" => thing.name,
            "namespace" => thing.namespace_for_designators(),
            "cluster" => "prod",
            "containerName" => {
                container = (!value.is_empty()).then_some(value);
                continue;
            }
            _ => {
                let fits =
                    |given: Option<&str>| given.is_some_and(|given| matches(value, given, false));
                if fits(thing.label) || fits(thing.annotation) {
                    continue;
                }
                return Accepts::Nothing;
            }
        };
        if !value.is_empty() && !matches(value, text, false) {
            return Accepts::Nothing;
        }
    }
    let Some(pattern) = container else {
        return Accepts::Whole;
    };
    let containers = if thing.kind == "Namespace" {
        &[][..]
    } else {
        &thing.containers[..]
    };
    let containers = containers.iter().enumerate();
    let named = containers.filter(|(_, one)| matches(pattern, one.0, false));
    Accepts::Containers(named.map(|(number, _)| number).collect())
}

fn naive_entry(entry: &Posture, control: &Control, rule: &str, framework: Option<&str>) -> bool {
    let by_name = [&entry.control, &entry.rule, &entry.framework]
        .iter()
        .all(|text| text.is_empty());
    if by_name && !entry.control_name.is_empty() {
        return entry.control_name.eq_ignore_ascii_case(control.name);
    }
    let open = |pattern: &str, text: &str| pattern.is_empty() || matches(pattern, text, true);
    open(&entry.control, control.id)
        && open(&entry.rule, rule)
        && (entry.framework.is_empty()
            || framework.is_some_and(|framework| matches(&entry.framework, framework, true)))
}

/// Whether all that the rule found is accepted in a framework.
fn naive(
    policies: &[Policy],
    thing: &Thing,
    control: &Control,
    rule: &str,
    framework: Option<&str>,
) -> bool {
    let mut containers: Vec<usize> = Vec::new();
    for policy in policies {
        let ended = match &policy.expiry {
            Expiry::Never => false,
            Expiry::At(end) => *end <= NOW.parse().unwrap(),
            Expiry::Unknown(_) => true,
        };
        let reaches = policy.posture.is_empty()
            || policy
                .posture
                .iter()
                .any(|entry| naive_entry(entry, control, rule, framework));
        if ended || !reaches {
            continue;
        }
        for designator in &policy.designators {
            match naive_designator(designator, thing) {
                Accepts::Nothing => {}
                Accepts::Whole => return true,
                Accepts::Containers(some) => containers.extend(some),
            }
        }
    }
    let findings = thing.findings();
    let mut of_rule = findings.iter().filter(|(name, _)| *name == rule);
    of_rule.all(|(_, container)| container.is_some_and(|number| containers.contains(&number)))
}

/// In the scan as a whole: in each of its frameworks that have the control.
fn naive_overall(
    policies: &[Policy],
    thing: &Thing,
    control: &Control,
    rule: &str,
    frameworks: &[&Framework],
) -> bool {
    let mut with = frameworks
        .iter()
        .filter(|framework| framework.controls.iter().any(|one| one.id == control.id))
        .peekable();
    if with.peek().is_none() {
        return naive(policies, thing, control, rule, None);
    }
    with.all(|framework| naive(policies, thing, control, rule, Some(framework.name)))
}

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let pick = |all: &'static [&'static str]| prop::sample::select(all);
    let maybe = || prop::option::of(prop::sample::select(&["r", "s"][..]));
    let containers = prop::collection::vec(
        (prop::sample::select(&["app", "side"][..]), any::<bool>()),
        0..3,
    );
    let thing = (
        pick(&["Pod", "Deployment", "Namespace"]),
        pick(&["a", "b"]),
        pick(&["x", "xy", "y", "a"]),
        maybe(),
        maybe(),
        any::<bool>(),
        containers,
    );
    let thing = thing.prop_map(
        |(kind, namespace, name, label, annotation, host, containers)| Thing {
            kind,
            namespace,
            name,
            label,
            annotation,
            host,
            containers,
        },
    );
    prop::collection::vec(thing, 1..6)
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let text = |all: &'static [&'static str]| prop::sample::select(all).prop_map(str::to_owned);
    let attribute = prop_oneof![
        (
            Just("kind".to_owned()),
            text(&["Pod", "Deployment", "pod", "P.*", "", "("])
        ),
        (
            Just("namespace".to_owned()),
            text(&["a", "b", "a|b", "", "[ab]"])
        ),
        (
            Just("name".to_owned()),
            text(&["x", "x.*", "y", "", "x|y", ".*"])
        ),
        (
            Just("cluster".to_owned()),
            text(&["prod", "p.*", "test", ""])
        ),
        (
            Just("containerName".to_owned()),
            text(&["app", "s.*", ".*", "", "none"])
        ),
        (Just("key".to_owned()), text(&["r", "s", ".*", "", "("])),
    ];
    let attributes = prop::collection::btree_map("[a-f]", attribute, 0..4).prop_map(|all| {
        let all: std::collections::BTreeMap<String, String> = all.into_values().collect();
        all.into_iter().collect::<Vec<_>>()
    });
    let designator = attributes.prop_map(|attributes| Designator {
        attributes,
        selector: Vec::new(),
    });
    let posture = (
        text(&["", "", "One", "two", "t.*", "Nine", "("]),
        text(&["", "C-0001", "c-0002", "C-000[12]", "C-9", "("]),
        text(&["", "", "Both", "host NETWORK", "None"]),
        text(&["", "", "host-network", "PRIV.*", "("]),
    );
    let posture = posture.prop_map(|(framework, control, control_name, rule)| Posture {
        framework,
        control,
        control_name,
        rule,
    });
    let expiry =
        prop::sample::select(&["", "", "2027-01-01", "2025-01-01T00:00:00Z", NOW, "soon"][..]);
    let policy = (
        prop::collection::vec(designator, 0..3),
        prop::collection::vec(posture, 0..3),
        expiry,
    );
    let policy = policy.prop_map(|(designators, posture, expiry)| Policy {
        name: "it".to_owned(),
        expiry: Expiry::parse(expiry),
        designators,
        posture,
        ..Policy::default()
    });
    prop::collection::vec(policy, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn it_is_the_naive_matcher(
        things in things(),
        policies in policies(),
        chosen in prop::sample::subsequence(vec!["All", "One", "Two"], 0..=3),
    ) {
        let exceptions = Exceptions::new(policies.clone(), &["prod".to_owned()], NOW.parse().unwrap());
        let texts: Vec<String> = things.iter().map(Thing::json).collect();
        let documents: Vec<(&str, &str)> = texts.iter().map(|text| ("", &**text)).collect();
        let outcome = scan(plan(&chosen, exceptions), &documents);
        let frameworks: Vec<&Framework> = outcome.plan.frameworks.iter().map(|(framework, _)| *framework).collect();
        let mut excepted = 0;
        let group = |thing: &Thing| if thing.kind == "Deployment" { "apps" } else { "" };
        let read = things.iter().filter(|thing| !outcome.plan.kind(group(thing), thing.kind).is_idle());
        for (thing, record) in read.zip(&outcome.records) {
            for (number, control) in outcome.plan.controls.iter().enumerate() {
                for (rule, status) in outcome.rules_of(record, number) {
                    let name = outcome.plan.rules[usize::from(rule)].name;
                    let failed = thing.findings().iter().any(|(found, _)| *found == name);
                    let accepted = failed && naive_overall(&policies, thing, control, name, &frameworks);
                    let expected = match (failed, accepted) {
                        (false, _) => (Status::Passed, SubStatus::None),
                        (true, false) => FAILED,
                        (true, true) => EXCEPTED,
                    };
                    prop_assert_eq!((status.status, status.sub_status), expected, "{:?} {} {}", thing, control.id, name);
                    excepted += usize::from(accepted);
                }
            }
        }
        // Frameworks count by their own exceptions.
        for (place, framework) in frameworks.iter().enumerate() {
            for (number, control) in outcome.plan.controls.iter().enumerate() {
                if !framework.controls.iter().any(|one| one.id == control.id) {
                    continue;
                }
                let fails = |thing: &&Thing| control.rules.iter().any(|rule| {
                    let failed = thing.findings().iter().any(|(found, _)| *found == rule.name);
                    failed && !naive(&policies, thing, control, rule.name, Some(framework.name))
                });
                let failed = things.iter().filter(fails).count();
                prop_assert_eq!(outcome.control_in(place, number).counts.failed as usize, failed, "{} {}", framework.name, control.id);
            }
        }
        let used = outcome.audit().iter().any(|one| one.findings > 0);
        prop_assert!(excepted == 0 || used);
        prop_assert_eq!(outcome.audit().len(), policies.len());
    }
}
