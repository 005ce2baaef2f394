//! What one scan judges: the chosen controls and frameworks, and which rules
//! look at which kinds.

use rustc_hash::FxHashSet;

use crate::exceptions::Exceptions;
use crate::library::{ActionRequired, Control, Framework, Scope, Severity};
use crate::rule::{Check, KindMatch, Rule};
use crate::{Inputs, Library};

/// Number of a rule in [`Plan::rules`].
pub type RuleNumber = u16;

/// What to judge.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Names of frameworks; `all` is every framework.
    pub frameworks: Vec<String>,
    /// IDs of controls, beside those of the frameworks.
    pub controls: Vec<String>,
    /// IDs of controls to leave out.
    pub skip: Vec<String>,
    /// Leave out controls of lesser severity.
    pub min_severity: Option<Severity>,
}

/// A name in a [`Selection`] that the library does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectionError {
    /// No framework of that name; the nearest one, if any is near.
    NoSuchFramework(String, Option<&'static str>),
    /// No control of that ID; the nearest one, if any is near.
    NoSuchControl(String, Option<&'static str>),
}

impl std::fmt::Display for SelectionError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, name, near, list) = match self {
            Self::NoSuchFramework(name, near) => ("framework", name, near, "list frameworks"),
            Self::NoSuchControl(name, near) => ("control", name, near, "list controls"),
        };
        write!(out, "there is no {what} \"{name}\"")?;
        match near {
            Some(near) => write!(out, "; did you mean \"{near}\"?"),
            None => write!(out, "; `kubescape {list}` shows them all"),
        }
    }
}

impl std::error::Error for SelectionError {}

/// The rules that look at objects of one kind.
#[derive(Debug, Default)]
pub struct KindPlan {
    /// Rules that judge the object on its own.
    pub alone: Vec<RuleNumber>,
    /// Rules that judge it together with others, and count it as judged.
    pub joined: Vec<RuleNumber>,
    /// Rules that count it as judged but cannot run.
    pub unavailable: Vec<RuleNumber>,
    /// Whether it has to be kept for joins.
    pub keep: bool,
    /// Whether it is node or cloud data.
    pub external: bool,
}

impl KindPlan {
    /// All rules that count the object as judged.
    pub fn rules(&self) -> impl Iterator<Item = RuleNumber> {
        self.alone
            .iter()
            .chain(&self.joined)
            .chain(&self.unavailable)
            .copied()
    }

    /// Whether no rule reads this kind.
    pub fn is_idle(&self) -> bool {
        !self.keep && self.rules().next().is_none()
    }
}

/// What one scan judges.
pub struct Plan {
    /// The controls, by ID.
    pub controls: Vec<&'static Control>,
    /// The rules of these controls, each once.
    pub rules: Vec<&'static Rule>,
    /// For each control, the numbers of its rules.
    pub rules_of: Vec<Vec<RuleNumber>>,
    /// For each rule, the numbers of the controls that have it.
    pub controls_of: Vec<Vec<usize>>,
    /// The chosen frameworks, with the numbers of their controls in this plan.
    pub frameworks: Vec<(&'static Framework, Vec<usize>)>,
    /// What users set for the controls.
    pub inputs: Inputs,
    /// What users accept although rules fail it.
    pub exceptions: Exceptions,
    /// What is scanned; a guess until the input has been read when that decides.
    pub target: Scope,
    /// Controls of the selection that make no sense for the target.
    pub left_out: Vec<&'static Control>,
    /// Whether the input decides about the target.
    open: bool,
    /// Version of the library.
    pub library_version: &'static str,
}

impl Plan {
    /// Resolves the names of a selection. Controls that make no sense for the
    /// target are left out; with `None` the input will tell what it is, a set
    /// of manifests or the dump of a cluster.
    ///
    /// # Errors
    ///
    /// Each name that the library does not have.
    pub fn new(
        library: &'static Library,
        selection: &Selection,
        target: Option<Scope>,
        inputs: Inputs,
    ) -> Result<Self, Vec<SelectionError>> {
        let mut errors = Vec::new();
        let frameworks = find_frameworks(library, &selection.frameworks, &mut errors);
        let mut controls = find_controls(library, &selection.controls, &mut errors);
        let skipped = find_controls(library, &selection.skip, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        for framework in &frameworks {
            controls.extend(framework.controls);
        }
        let skipped: FxHashSet<&str> = skipped.iter().map(|control| control.id).collect();
        controls.retain(|control| {
            let severe = selection
                .min_severity
                .is_none_or(|least| control.severity() >= least);
            severe && !skipped.contains(control.id)
        });
        controls.sort_by_key(|control| control.id);
        controls.dedup_by_key(|control| control.id);
        let mut rules: Vec<&'static Rule> = controls
            .iter()
            .flat_map(|control| control.rules)
            .copied()
            .collect();
        rules.sort_by_key(|rule| rule.name);
        rules.dedup_by_key(|rule| rule.name);
        let frameworks = frameworks
            .into_iter()
            .map(|framework| (framework, Vec::new()))
            .collect();
        let mut plan = Self {
            controls,
            rules,
            rules_of: Vec::new(),
            controls_of: Vec::new(),
            frameworks,
            inputs,
            exceptions: Exceptions::default(),
            target: target.unwrap_or(Scope::File),
            left_out: Vec::new(),
            open: target.is_none(),
            library_version: library.version,
        };
        plan.number();
        if let Some(target) = target {
            plan.narrow(target);
        }
        Ok(plan)
    }

    /// Decides what was scanned, when the input has to tell: `seen` says what
    /// its objects are evidence of.
    pub(crate) fn settle(&mut self, seen: Option<Scope>) {
        if self.open {
            self.open = false;
            self.narrow(seen.unwrap_or(Scope::File));
        }
    }

    /// Leaves out the controls that make no sense for the target. Numbers of
    /// rules stay what they are.
    fn narrow(&mut self, target: Scope) {
        self.target = target;
        let (fit, unfit) = self
            .controls
            .iter()
            .partition(|control| control.fits(target));
        self.controls = fit;
        self.left_out = unfit;
        if let Some(provider) = target
            .provider()
            .filter(|_| self.inputs.cloud_provider.is_empty())
        {
            provider.clone_into(&mut self.inputs.cloud_provider);
        }
        self.number();
    }

    /// Numbers controls, rules and frameworks against each other.
    fn number(&mut self) {
        self.controls_of = vec![Vec::new(); self.rules.len()];
        self.rules_of.clear();
        for (number, control) in self.controls.iter().enumerate() {
            let mut numbers = Vec::new();
            for rule in control.rules {
                if let Ok(place) = self
                    .rules
                    .binary_search_by_key(&rule.name, |rule| rule.name)
                {
                    self.controls_of[place].push(number);
                    numbers.extend(RuleNumber::try_from(place));
                }
            }
            self.rules_of.push(numbers);
        }
        for (framework, numbers) in &mut self.frameworks {
            let members: FxHashSet<&str> = framework
                .controls
                .iter()
                .map(|control| control.id)
                .collect();
            *numbers = (0..self.controls.len())
                .filter(|number| members.contains(self.controls[*number].id))
                .collect();
        }
    }

    /// Which rules look at objects of this group and kind.
    pub fn kind(&self, group: &str, kind: &str) -> KindPlan {
        let mut plan = KindPlan {
            external: crate::is_external_group(group),
            ..KindPlan::default()
        };
        for (number, rule) in (0..).zip(&self.rules) {
            if !rule.reads(group, kind) {
                continue;
            }
            match rule.check {
                Check::Object(_) | Check::Workload(_) => plan.alone.push(number),
                Check::Join(_) => {
                    plan.keep = true;
                    plan.joined.push(number);
                }
                Check::Subject(_) => plan.keep = true,
                Check::Unavailable(_) => plan.unavailable.push(number),
                Check::Manual => {}
            }
        }
        plan
    }

    /// The kinds that the remaining controls read, by group and kind, each once.
    pub fn kinds(&self) -> Vec<KindMatch> {
        self.kinds_of(|_| true)
    }

    /// The kinds of those rules that read this kind, too: all that takes part
    /// when one object of it is judged.
    pub fn kinds_beside(&self, group: &str, kind: &str) -> Vec<KindMatch> {
        self.kinds_of(|rule| rule.reads(group, kind))
    }

    fn kinds_of(&self, wanted: impl Fn(&Rule) -> bool) -> Vec<KindMatch> {
        let used = self.rules.iter().zip(&self.controls_of);
        let used = used.filter(|(rule, controls)| !controls.is_empty() && wanted(rule));
        let mut kinds: Vec<KindMatch> = used.flat_map(|(rule, _)| rule.kinds).copied().collect();
        kinds.sort_unstable_by_key(|kind| (kind.group, kind.kind));
        kinds.dedup();
        kinds
    }

    /// Whether a control's inputs are all empty although it lives on them.
    pub fn lacks_configuration(&self, control: usize) -> bool {
        let control = self.controls[control];
        if control.action_required != Some(ActionRequired::Configuration) {
            return false;
        }
        let with_inputs = control.rules.iter().find(|rule| !rule.inputs.is_empty());
        with_inputs.is_none_or(|rule| {
            rule.inputs
                .iter()
                .all(|name| self.inputs.list(name).is_empty())
        })
    }
}

fn find_frameworks(
    library: &'static Library,
    names: &[String],
    errors: &mut Vec<SelectionError>,
) -> Vec<&'static Framework> {
    let mut found = Vec::new();
    for name in names {
        if name.eq_ignore_ascii_case("all") {
            found.extend(
                library
                    .frameworks
                    .iter()
                    .filter(|framework| !framework.name.contains('@')),
            );
        } else if let Some(framework) = library.framework(name) {
            found.push(framework);
        } else {
            let near = nearest(
                name,
                library.frameworks.iter().map(|framework| framework.name),
            );
            errors.push(SelectionError::NoSuchFramework(name.clone(), near));
        }
    }
    found.sort_by_key(|framework| framework.name);
    found.dedup_by_key(|framework| framework.name);
    found
}

fn find_controls(
    library: &'static Library,
    ids: &[String],
    errors: &mut Vec<SelectionError>,
) -> Vec<&'static Control> {
    let mut found = Vec::new();
    for id in ids {
        if let Some(control) = library.control(id) {
            found.push(control);
        } else {
            let near = nearest(id, library.controls.iter().map(|control| control.id));
            errors.push(SelectionError::NoSuchControl(id.clone(), near));
        }
    }
    found
}

/// The candidate that takes the fewest edits to reach, when these are few.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = candidates
        .into_iter()
        .map(|candidate| (edits(name, candidate), candidate));
    let (distance, candidate) = distances.min()?;
    (distance <= 1 + name.chars().count() / 3).then_some(candidate)
}

/// Levenshtein distance, without regard to case.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_ascii_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, a) in a.to_ascii_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let names = ["NSA", "MITRE", "AllControls"];
        assert_eq!(nearest("nas", names), Some("NSA"));
        assert_eq!(nearest("mitr", names), Some("MITRE"));
        assert_eq!(nearest("something-else", names), None);
    }
}
