//! `matchingRules.json`: which of the kinds that controls read are followed, and
//! in which namespaces. Pure. (control-plane reference §3.6.)

use std::fmt;

use serde_json::Value as Json;

use crate::discovery::Resource;
use crate::wanted::Namespaces;

/// Stands for everything.
const ANY: &str = "*";

/// What a rules file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Each group, version and resource that it names, once, in its order.
    resources: Vec<Named>,
    /// Only these, when there are any.
    namespaces: Vec<String>,
    /// What it has that nobody knows, as whole sentences.
    notes: Vec<String>,
}

/// A resource as a rules file names it; each part may be `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    group: String,
    version: String,
    resource: String,
}

impl Named {
    /// Versions do not matter: of each kind the cluster's preferred one is read.
    fn means(&self, resource: &Resource) -> bool {
        (self.group == ANY || self.group == resource.group)
            && (self.resource == ANY || self.resource.eq_ignore_ascii_case(&resource.plural))
    }
}

impl fmt::Display for Named {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.group.is_empty() { "" } else { "/" };
        let Self {
            group,
            version,
            resource,
        } = self;
        write!(out, "{group}{slash}{version} {resource}")
    }
}

impl Rules {
    /// Reads a rules file.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, each with its place: `match[0].resources: …`.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let json: Json = match serde_json::from_str(text) {
            Ok(json) => json,
            Err(error) => return Err(vec![format!("not JSON: {error}")]),
        };
        let mut reader = Reader::default();
        reader.file(&json);
        if reader.errors.is_empty() {
            Ok(reader.rules)
        } else {
            Err(reader.errors)
        }
    }

    /// Whether objects of that kind are followed.
    pub(crate) fn want(&self, resource: &Resource) -> bool {
        self.resources.iter().any(|named| named.means(resource))
    }

    /// The namespaces to follow: those of the file, of what is followed at all.
    pub(crate) fn narrow(&self, namespaces: &Namespaces) -> Namespaces {
        if self.namespaces.is_empty() {
            return namespaces.clone();
        }
        let mut narrowed = Namespaces {
            include: self.namespaces.clone(),
            exclude: namespaces.exclude.clone(),
        };
        if !namespaces.include.is_empty() {
            // Not taken out of `include`, which would mean all if nothing were left.
            let others = self.namespaces.iter();
            let others = others.filter(|name| !namespaces.include.contains(name));
            narrowed.exclude.extend(others.cloned());
        }
        narrowed
    }

    /// What the file names for nothing, given what controls read and what the
    /// cluster has.
    pub(crate) fn notes(&self, read: &[&Resource], cluster: &[Resource]) -> Vec<String> {
        let mut notes = self.notes.clone();
        for named in &self.resources {
            if let Some(resource) = read.iter().find(|resource| named.means(resource)) {
                if named.version != ANY && named.version != resource.version {
                    let version = resource.api_version();
                    notes.push(format!(
                        "{named}: read as {version}, which the cluster prefers"
                    ));
                }
                continue;
            }
            notes.push(if cluster.iter().any(|resource| named.means(resource)) {
                format!("{named}: no control reads it, so it is not followed")
            } else {
                format!("{named}: the cluster does not have it")
            });
        }
        notes
    }
}

#[derive(Default)]
struct Reader {
    rules: Rules,
    errors: Vec<String>,
}

impl Reader {
    fn file(&mut self, json: &Json) {
        let Some(entries) = json.as_object() else {
            return self.unfit("the file", "an object with \"match\"", json);
        };
        for (key, value) in entries {
            match &**key {
                "match" => self.matches(value),
                "namespaces" => {
                    let names = self.texts("namespaces", value);
                    // One `*` among names means all, too.
                    if !names.iter().any(|name| name == ANY) {
                        self.rules.namespaces = names;
                    }
                }
                _ => self.unknown("", key),
            }
        }
        if !entries.contains_key("match") {
            self.errors.push("match: it is missing; without a rules file everything that controls read is followed".to_owned());
        }
    }

    fn matches(&mut self, json: &Json) {
        let Some(rules) = json.as_array() else {
            return self.unfit("match", "a list", json);
        };
        if rules.is_empty() {
            self.errors
                .push("match: it is empty, so nothing would be followed".to_owned());
        }
        for (number, rule) in rules.iter().enumerate() {
            self.rule(&format!("match[{number}]"), rule);
        }
    }

    fn rule(&mut self, place: &str, json: &Json) {
        const PARTS: [&str; 3] = ["apiGroups", "apiVersions", "resources"];
        let Some(entries) = json.as_object() else {
            return self.unfit(place, "an object", json);
        };
        for key in entries.keys().filter(|key| !PARTS.contains(&&***key)) {
            self.unknown(&format!("{place}."), key);
        }
        let [groups, versions, resources] = PARTS.map(|part| {
            let here = format!("{place}.{part}");
            let Some(value) = entries.get(part) else {
                self.errors.push(format!("{here}: it is missing"));
                return Vec::new();
            };
            let texts = self.texts(&here, value);
            if value.as_array().is_some_and(Vec::is_empty) {
                self.errors
                    .push(format!("{here}: it is empty, so the rule means nothing"));
            }
            texts
        });
        for group in &groups {
            for version in &versions {
                for resource in &resources {
                    self.add(group, version, resource);
                }
            }
        }
    }

    fn add(&mut self, group: &str, version: &str, resource: &str) {
        let named = Named {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
        };
        if !self.rules.resources.contains(&named) {
            self.rules.resources.push(named);
        }
    }

    fn texts(&mut self, place: &str, json: &Json) -> Vec<String> {
        // As Go writes an empty list.
        if json.is_null() {
            return Vec::new();
        }
        let Some(items) = json.as_array() else {
            self.unfit(place, "a list of texts", json);
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (number, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(text) => texts.push(text.trim().to_owned()),
                None => self.unfit(&format!("{place}[{number}]"), "a text", item),
            }
        }
        texts
    }

    fn unfit(&mut self, place: &str, expected: &str, json: &Json) {
        let what = match json {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a text",
            Json::Array(_) => "a list",
            Json::Object(_) => "an object",
        };
        self.errors
            .push(format!("{place}: {expected} is expected, not {what}"));
    }

    fn unknown(&mut self, place: &str, key: &str) {
        let key: String = key
            .chars()
            .filter(|letter| !letter.is_control())
            .take(60)
            .collect();
        self.rules.notes.push(format!(
            "{place}{key}: nothing of this name is known, it is passed over"
        ));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resource(group: &str, plural: &str) -> Resource {
        Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: plural.to_owned(),
            plural: plural.to_owned(),
            names: Vec::new(),
            namespaced: true,
        }
    }

    #[test]
    fn the_parts_of_a_rule_are_multiplied() {
        let text = r#"{"match":[
            {"apiGroups":["apps",""],"apiVersions":["v1"],"resources":["deployments","pods"]},
            {"apiGroups":["*"],"apiVersions":["*"],"resources":["jobs"]}],"namespaces":[]}"#;
        let rules = Rules::parse(text).unwrap();
        let names: Vec<_> = rules.resources.iter().map(Named::to_string).collect();
        assert_eq!(
            names,
            [
                "apps/v1 deployments",
                "apps/v1 pods",
                "v1 deployments",
                "v1 pods",
                "*/* jobs"
            ]
        );
        assert!(rules.want(&resource("", "pods")) && rules.want(&resource("batch", "jobs")));
        assert!(!rules.want(&resource("batch", "pods")));
    }

    #[test]
    fn what_is_named_for_nothing_is_said() {
        let text = r#"{"match":[{"apiGroups":["apps"],"apiVersions":["v1beta1"],
            "resources":["deployments","widgets","scales"]}],"since":"2022","namespaces":["a"]}"#;
        let rules = Rules::parse(text).unwrap();
        let cluster = [resource("apps", "deployments"), resource("apps", "scales")];
        assert_eq!(
            rules.notes(&[&cluster[0]], &cluster),
            [
                "since: nothing of this name is known, it is passed over",
                "apps/v1beta1 deployments: read as apps/v1, which the cluster prefers",
                "apps/v1beta1 widgets: the cluster does not have it",
                "apps/v1beta1 scales: no control reads it, so it is not followed",
            ]
        );
    }

    #[test]
    fn all_that_is_wrong_is_named_with_its_place() {
        let text = r#"{"match":[{"apiGroups":"apps","apiVersions":[1],"resources":[]},7,{}],"namespaces":{}}"#;
        assert_eq!(
            Rules::parse(text).unwrap_err(),
            [
                "match[0].apiGroups: a list of texts is expected, not a text",
                "match[0].apiVersions[0]: a text is expected, not a number",
                "match[0].resources: it is empty, so the rule means nothing",
                "match[1]: an object is expected, not a number",
                "match[2].apiGroups: it is missing",
                "match[2].apiVersions: it is missing",
                "match[2].resources: it is missing",
                "namespaces: a list of texts is expected, not an object",
            ]
        );
        assert!(Rules::parse("{").unwrap_err()[0].starts_with("not JSON"));
        for nothing in ["[]", "{}", r#"{"match":[]}"#] {
            assert_eq!(Rules::parse(nothing).unwrap_err().len(), 1, "{nothing}");
        }
    }

    #[test]
    fn namespaces_narrow_what_is_followed_and_a_star_does_not() {
        let rules = |namespaces: &str| {
            let text = format!(
                r#"{{"match":[{{"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"]}}],"namespaces":{namespaces}}}"#
            );
            Rules::parse(&text).unwrap()
        };
        let names = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let some = Namespaces {
            include: names(&["a", "b"]),
            exclude: names(&["x"]),
        };
        for all in ["[]", "null", r#"["*"]"#, r#"["c","*"]"#] {
            assert_eq!(rules(all).narrow(&some), some, "{all}");
        }
        let both = rules(r#"["b","c"]"#).narrow(&some);
        assert_eq!(
            (both.include, both.exclude),
            (names(&["b", "c"]), names(&["x", "c"]))
        );
        let own = rules(r#"["b"]"#).narrow(&Namespaces::default());
        assert_eq!((own.include, own.exclude), (names(&["b"]), Vec::new()));
    }

    proptest! {
        #[test]
        fn any_text_is_rules_or_errors(text in ".{0,200}") {
            if let Err(errors) = Rules::parse(&text) {
                prop_assert!(!errors.is_empty());
            }
        }

        #[test]
        fn there_are_as_many_resources_as_parts_multiplied(groups in 1_usize..4, versions in 1_usize..4, resources in 1_usize..4) {
            let list = |count: usize| (0..count).map(|number| format!("n{number}")).collect::<Vec<_>>();
            let rule = serde_json::json!({"match": [{"apiGroups": list(groups), "apiVersions": list(versions), "resources": list(resources)}]});
            let rules = Rules::parse(&rule.to_string()).unwrap();
            prop_assert_eq!(rules.resources.len(), groups * versions * resources);
        }
    }
}
