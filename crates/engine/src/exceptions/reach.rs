//! What exceptions accept in terms of one plan: controls, rules, frameworks.

use super::pattern::{Compiler, Pattern};
use super::policy::{Policy, Posture};
use super::{Accepted, Exceptions};
use crate::plan::{Plan, RuleNumber};

/// For each control of a plan, which policies may accept what it finds.
#[derive(Default)]
pub(crate) struct Reach {
    of_control: Vec<Vec<Candidate>>,
    /// For each control, the places of its frameworks in the plan.
    frameworks_of: Vec<Vec<usize>>,
    /// Policies that hold in some of the plan's frameworks only.
    by_framework: Vec<bool>,
    /// Whether there is one of these.
    pub(crate) differs: bool,
    /// For each policy, why some of it, or all, reaches nothing.
    pub(super) notes: Vec<Vec<String>>,
    /// For each policy, how many of its entries are no patterns.
    broken: Vec<usize>,
}

/// A policy that may accept what a control finds.
struct Candidate {
    policy: u32,
    /// Only these rules of it, as a set.
    rules: Option<Box<[RuleNumber]>>,
    /// Only in the framework at this place.
    framework: Option<usize>,
}

/// Patterns of an entry; nothing is left open.
struct Entry {
    framework: Option<Pattern>,
    control: Option<Pattern>,
    rule: Option<Pattern>,
}

impl Reach {
    pub(crate) fn new(exceptions: &Exceptions, plan: &Plan) -> Self {
        let mut frameworks_of = vec![Vec::new(); plan.controls.len()];
        for (place, (_, numbers)) in plan.frameworks.iter().enumerate() {
            for number in numbers {
                frameworks_of[*number].push(place);
            }
        }
        let count = exceptions.policies.len();
        let mut reach = Self {
            of_control: (0..plan.controls.len()).map(|_| Vec::new()).collect(),
            frameworks_of,
            by_framework: vec![false; count],
            differs: false,
            notes: vec![Vec::new(); count],
            broken: vec![0; count],
        };
        let mut compiler = Compiler::default();
        for number in exceptions.active() {
            reach.add(number, exceptions, plan, &mut compiler);
        }
        reach
    }

    fn add(&mut self, number: u32, exceptions: &Exceptions, plan: &Plan, compiler: &mut Compiler) {
        let everything = [Posture::default()];
        let posture = &exceptions.policies[number as usize].posture;
        let posture = if posture.is_empty() {
            &everything[..]
        } else {
            posture
        };
        for (place, one) in posture.iter().enumerate() {
            let said = match entry(one, plan, compiler) {
                Ok(Some(entry)) if self.reach(number, &entry, plan) => continue,
                Ok(_) => nothing(one),
                Err(error) => {
                    self.broken[number as usize] += 1;
                    error
                }
            };
            self.notes[number as usize].push(format!("posturePolicies[{place}].{said}"));
        }
    }

    /// Whether the entry reaches anything of the plan.
    fn reach(&mut self, policy: u32, entry: &Entry, plan: &Plan) -> bool {
        let fits = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        let mut reaches = false;
        for (number, control) in plan.controls.iter().enumerate() {
            if !fits(&entry.control, control.id) {
                continue;
            }
            let rules = entry.rule.as_ref().map(|pattern| {
                let rules = plan.rules_of[number].iter().copied();
                let named =
                    |rule: &RuleNumber| pattern.matches(plan.rules[usize::from(*rule)].name);
                rules.filter(named).collect::<Box<[_]>>()
            });
            if rules.as_ref().is_some_and(|rules| rules.is_empty()) {
                continue;
            }
            let frameworks: Vec<Option<usize>> = match &entry.framework {
                None => vec![None],
                Some(pattern) => {
                    let places = self.frameworks_of[number].iter().copied();
                    places
                        .filter(|place| pattern.matches(plan.frameworks[*place].0.name))
                        .map(Some)
                        .collect()
                }
            };
            for framework in frameworks {
                reaches = true;
                self.by_framework[policy as usize] |= framework.is_some();
                self.differs |= framework.is_some();
                self.of_control[number].push(Candidate {
                    policy,
                    rules: rules.clone(),
                    framework,
                });
            }
        }
        reaches
    }

    /// Whether no entry of a policy can ever match.
    pub(super) fn is_broken(&self, number: usize, policy: &Policy) -> bool {
        !policy.posture.is_empty() && self.broken[number] == policy.posture.len()
    }

    /// Whether an object with these fares differently in different frameworks.
    pub(crate) fn splits(&self, accepted: &[Accepted]) -> bool {
        let splits = |one: &Accepted| self.by_framework[one.policy as usize];
        self.differs && accepted.iter().any(splits)
    }

    /// What of `accepted` holds for a rule of a control in a framework; without one,
    /// what holds in any scan.
    pub(super) fn holding<'s>(
        &'s self,
        accepted: &'s [Accepted],
        control: usize,
        rule: RuleNumber,
        framework: Option<usize>,
    ) -> impl Iterator<Item = &'s Accepted> {
        let holds = move |one: &Candidate| {
            one.rules.as_ref().is_none_or(|rules| rules.contains(&rule))
                && (one.framework.is_none() || one.framework == framework)
        };
        accepted.iter().filter(move |accepted| {
            // They stand in the order of policies.
            let candidates = self.of_control.get(control).map_or(&[][..], Vec::as_slice);
            let first = candidates.partition_point(|one| one.policy < accepted.policy);
            let of_policy = candidates[first..].iter();
            let mut of_policy = of_policy.take_while(|one| one.policy == accepted.policy);
            of_policy.any(holds)
        })
    }

    /// Places of the frameworks of the plan that have this control.
    pub(crate) fn frameworks_of(&self, control: usize) -> &[usize] {
        self.frameworks_of.get(control).map_or(&[], Vec::as_slice)
    }
}

/// Nothing for an entry that can match, but nothing of this plan.
fn entry(posture: &Posture, plan: &Plan, compiler: &mut Compiler) -> Result<Option<Entry>, String> {
    let mut pattern = |field: &str, text: &str| {
        if text.is_empty() {
            return Ok(None);
        }
        let compiled = compiler.any_case(text);
        compiled
            .map(Some)
            .map_err(|error| format!("{field}: {text:?} is no regular expression: {error}"))
    };
    let mut entry = Entry {
        framework: pattern("frameworkName", &posture.framework)?,
        control: pattern("controlID", &posture.control)?,
        rule: pattern("ruleName", &posture.rule)?,
    };
    if is_by_name(posture) {
        // Taken for nothing, the name would leave everything open.
        let mut controls = plan.controls.iter();
        let named =
            controls.find(|control| control.name.eq_ignore_ascii_case(&posture.control_name));
        let Some(control) = named else {
            return Ok(None);
        };
        entry.control = Some(Pattern::AnyCase(control.id.into()));
    }
    Ok(Some(entry))
}

fn is_by_name(posture: &Posture) -> bool {
    let others = [&posture.framework, &posture.control, &posture.rule];
    !posture.control_name.is_empty() && others.iter().all(|text| text.is_empty())
}

/// What is said of an entry that reaches nothing.
fn nothing(posture: &Posture) -> String {
    if is_by_name(posture) {
        return format!(
            "controlName: no control of this scan is called {:?}; give its controlID",
            posture.control_name
        );
    }
    let given = [
        ("controlID", &posture.control),
        ("ruleName", &posture.rule),
        ("frameworkName", &posture.framework),
    ];
    let given = given.iter().filter(|(_, text)| !text.is_empty());
    let given: Vec<_> = given.map(|(key, text)| format!("{key} {text:?}")).collect();
    match &*given {
        [] => "this scan has no control".to_owned(),
        [one] => format!("{one}: nothing of this scan matches"),
        all => format!("{}: nothing of this scan matches all of it", all.join(", ")),
    }
}
