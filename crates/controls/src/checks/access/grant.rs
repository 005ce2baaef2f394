//! What a role's rule must allow for a subject to have some power, and how
//! that is reported.

use kubescape_engine::{Finding, Out, Value, Vector};

/// A power that rules of a role can give. A rule gives it when each of its
/// three lists names something of the table's list, or `*`.
pub(super) struct Grant {
    /// Resources, with `/subresource` where one is meant.
    pub(super) resources: &'static [&'static str],
    /// Verbs.
    pub(super) verbs: &'static [&'static str],
    /// API groups; `""` is the core group.
    pub(super) groups: &'static [&'static str],
    /// What the subject can do, to read after its name.
    pub(super) says: &'static str,
}

/// The keys of a rule in the order in which their places are reported.
const RESOURCES: &str = "resources";
const VERBS: &str = "verbs";
const GROUPS: &str = "apiGroups";

impl Grant {
    fn lists(&self) -> [(&'static str, &'static [&'static str]); 3] {
        [
            (RESOURCES, self.resources),
            (VERBS, self.verbs),
            (GROUPS, self.groups),
        ]
    }

    /// Whether a rule of a role gives the power.
    pub(super) fn is_given_by(&self, rule: Value<'_>) -> bool {
        let mut lists = self.lists().into_iter();
        lists.all(|(key, names)| list_names_one(rule, key, names))
    }

    /// Whether a rule of a role names the resources, whatever the verb.
    pub(super) fn touches(&self, rule: Value<'_>) -> bool {
        list_names_one(rule, RESOURCES, self.resources) && list_names_one(rule, GROUPS, self.groups)
    }

    /// Reports each rule of the subject's role that gives the power.
    pub(super) fn find<'a>(&self, vector: &'a Vector<'a>, out: &mut Out<'a>) {
        self.find_where(vector, |_| true, out);
    }

    /// As [`find`](Grant::find), for the rules that `counts` lets through.
    pub(super) fn find_where<'a>(
        &self,
        vector: &'a Vector<'a>,
        counts: impl Fn(Value<'a>) -> bool,
        out: &mut Out<'a>,
    ) {
        for (number, rule) in vector.rules().iter().enumerate() {
            if !self.is_given_by(*rule) || !counts(*rule) {
                continue;
            }
            let finding = out.fail(vector);
            for (key, names) in self.lists() {
                let items = rule.at(key).items().iter().enumerate();
                for (index, _) in items.filter(|(_, item)| names_one(**item, names)) {
                    finding.review(format_args!(
                        "relatedObjects[1].rules[{number}].{key}[{index}]"
                    ));
                }
            }
            review_binding(finding, vector.subject_index);
            finding.message(format_args!(
                "{} {} {}.",
                vector.subject_kind(),
                vector.subject_name(),
                self.says
            ));
        }
    }
}

fn list_names_one(rule: Value<'_>, key: &str, names: &[&str]) -> bool {
    let items = rule.at(key).items();
    items.iter().any(|item| names_one(*item, names))
}

fn names_one(item: Value<'_>, names: &[&str]) -> bool {
    item.as_str()
        .is_some_and(|name| name == "*" || names.contains(&name))
}

/// Points at the places of the binding that make the subject hold the role.
pub(super) fn review_binding(finding: &mut Finding<'_>, subject_index: usize) {
    finding
        .review(format_args!("relatedObjects[0].subjects[{subject_index}]"))
        .review("relatedObjects[0].roleRef.name");
}
