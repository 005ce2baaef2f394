//! Documents → policies. Only the shape is judged here; what a policy comes to is for
//! [`Exceptions`](super::Exceptions) to say.

use super::policy::{Designator, Expiry, Operator, Policy, Posture, Requirement};
use crate::{Value, nearest};

/// Policies of one file or body.
const MOST: usize = 100_000;

/// Keys of a policy that mean something here; misspelled they would mean another thing.
const KEYS: [&str; 6] = [
    "name",
    "resources",
    "posturePolicies",
    "expirationDate",
    "reason",
    "actions",
];

/// Keys that others write and nobody needs.
const IGNORED: [&str; 14] = [
    "guid",
    "attributes",
    "policyType",
    "creationTime",
    "createdTime",
    "updatedTime",
    "creationDate",
    "updatedDate",
    "createdBy",
    "updatedBy",
    "customerGUID",
    "severity",
    "vulnerabilities",
    "description",
];

/// Reads a list of exceptions, or one alone.
///
/// # Errors
///
/// All that has not the shape of exceptions, each with its place.
pub fn read(value: Value<'_>, source: &str) -> Result<Vec<Policy>, Vec<String>> {
    let mut reader = Reader::default();
    let items = match value {
        Value::Array(items) => items,
        Value::Object(_) => return read(Value::Array(&[value]), source),
        _ => {
            return Err(vec![
                "is no list of exceptions: write them between [ and ]".to_owned(),
            ]);
        }
    };
    if items.len() > MOST {
        return Err(vec![format!("has more than {MOST} exceptions")]);
    }
    let policies = items.iter().enumerate();
    let policies = policies.filter_map(|(number, item)| {
        let name = field(*item, "name").as_str().unwrap_or_default();
        reader.place = format!("[{number}]");
        if !name.is_empty() {
            reader.place = format!("[{number}] ({name})");
        }
        let before = reader.errors.len();
        let policy = reader.policy(*item, source, number);
        (reader.errors.len() == before).then_some(policy).flatten()
    });
    let policies = policies.collect();
    if reader.errors.is_empty() {
        Ok(policies)
    } else {
        Err(reader.errors)
    }
}

/// The value of a key in any case, as upstream reads them.
fn field<'a>(object: Value<'a>, key: &str) -> Value<'a> {
    let exact = object.at(key);
    if exact.exists() {
        return exact;
    }
    let mut entries = object.entries().iter();
    let near = entries.find(|(name, _)| name.eq_ignore_ascii_case(key));
    near.map_or(Value::Absent, |(_, value)| *value)
}

#[derive(Default)]
struct Reader {
    place: String,
    errors: Vec<String>,
}

/// A body may have very many faults.
const MOST_ERRORS: usize = 20;

impl Reader {
    fn error(&mut self, text: &str) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(format!("{} {text}", self.place));
        }
    }

    /// Nothing for policies that are not about postures.
    fn policy(&mut self, value: Value<'_>, source: &str, number: usize) -> Option<Policy> {
        if !value.is_object() {
            self.error("is no exception: give a map with name, resources and posturePolicies");
            return None;
        }
        let kind = self.text(value, "policyType");
        if !kind.is_empty() && !kind.eq_ignore_ascii_case("postureExceptionPolicy") {
            // Lists that a backend exports have those of images, too.
            return None;
        }
        self.check_keys(value);
        let mut policy = Policy {
            name: self.text(value, "name"),
            source: source.to_owned(),
            reason: self.text(value, "reason"),
            actions: self.texts(field(value, "actions"), "actions"),
            expiry: Expiry::parse(&self.text(value, "expirationDate")),
            ..Policy::default()
        };
        if policy.name.is_empty() {
            policy.name = format!("exception {}", number + 1);
        }
        for (number, item) in self.list(value, "resources").iter().enumerate() {
            policy
                .designators
                .push(self.designator(*item, &format!("resources[{number}]")));
        }
        for (number, item) in self.list(value, "posturePolicies").iter().enumerate() {
            policy
                .posture
                .push(self.posture(*item, &format!("posturePolicies[{number}]")));
        }
        Some(policy)
    }

    fn check_keys(&mut self, value: Value<'_>) {
        for (key, _) in value.entries() {
            let is = |known: &&str| known.eq_ignore_ascii_case(key);
            if KEYS.iter().any(is) || IGNORED.iter().any(is) {
                continue;
            }
            if let Some(near) = nearest(key, KEYS) {
                self.error(&format!("{key}: is not known; did you mean {near}?"));
            }
        }
    }

    fn designator(&mut self, value: Value<'_>, at: &str) -> Designator {
        let mut designator = Designator::default();
        if !value.is_object() {
            self.error(&format!("{at}: is no map"));
            return designator;
        }
        let kind = field(value, "designatorType").str();
        if !kind.is_empty() && !kind.to_lowercase().starts_with("attribute") {
            self.error(&format!(
                "{at}.designatorType: {kind} is not supported; give Attributes"
            ));
        }
        let attributes = field(value, "attributes");
        if !attributes.is_nothing() && !attributes.is_object() {
            self.error(&format!("{at}.attributes: is no map from keys to patterns"));
        }
        for (key, value) in attributes.entries() {
            match value {
                Value::Str(text) => designator
                    .attributes
                    .push(((*key).to_owned(), (*text).to_owned())),
                Value::Null => designator
                    .attributes
                    .push(((*key).to_owned(), String::new())),
                _ => self.error(&format!(
                    "{at}.attributes.{key}: is no text; put it in quotes"
                )),
            }
        }
        let selector = field(value, "labelSelector");
        if !selector.is_nothing() {
            designator.selector = self.selector(selector, &format!("{at}.labelSelector"));
        }
        designator
    }

    fn selector(&mut self, value: Value<'_>, at: &str) -> Vec<Requirement> {
        let mut all = Vec::new();
        if !value.is_object() {
            self.error(&format!(
                "{at}: is no map with matchLabels or matchExpressions"
            ));
        }
        for (key, value) in value.at("matchLabels").entries() {
            let Value::Str(text) = value else {
                self.error(&format!(
                    "{at}.matchLabels.{key}: is no text; put it in quotes"
                ));
                continue;
            };
            all.push(Requirement {
                key: (*key).to_owned(),
                operator: Operator::In,
                values: vec![(*text).to_owned()],
            });
        }
        for (number, one) in value.at("matchExpressions").items().iter().enumerate() {
            let at = format!("{at}.matchExpressions[{number}]");
            let key = one.at("key").str().to_owned();
            if key.is_empty() {
                self.error(&format!("{at}.key: is missing"));
            }
            let values = self.texts(one.at("values"), &format!("{at}.values"));
            let operator = match one.at("operator").str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => {
                    self.error(&format!(
                        "{at}.operator: give In, NotIn, Exists or DoesNotExist"
                    ));
                    continue;
                }
            };
            let wants_values = matches!(operator, Operator::In | Operator::NotIn);
            if wants_values == values.is_empty() {
                let what = if wants_values {
                    "give at least one"
                } else {
                    "give none"
                };
                self.error(&format!("{at}.values: {what} with this operator"));
            }
            all.push(Requirement {
                key,
                operator,
                values,
            });
        }
        for (key, _) in value.entries() {
            if !matches!(*key, "matchLabels" | "matchExpressions") {
                self.error(&format!(
                    "{at}.{key}: is not known; give matchLabels or matchExpressions"
                ));
            }
        }
        all
    }

    fn posture(&mut self, value: Value<'_>, at: &str) -> Posture {
        if !value.is_object() {
            self.error(&format!("{at}: is no map"));
            return Posture::default();
        }
        let mut text = |key: &str| match field(value, key) {
            Value::Str(text) => text.to_owned(),
            Value::Absent | Value::Null => String::new(),
            _ => {
                self.error(&format!("{at}.{key}: is no text; put it in quotes"));
                String::new()
            }
        };
        Posture {
            framework: text("frameworkName"),
            control: text("controlID"),
            control_name: text("controlName"),
            rule: text("ruleName"),
        }
    }

    fn text(&mut self, value: Value<'_>, key: &str) -> String {
        match field(value, key) {
            Value::Str(text) => text.to_owned(),
            Value::Absent | Value::Null => String::new(),
            _ => {
                self.error(&format!("{key}: is no text; put it in quotes"));
                String::new()
            }
        }
    }

    fn list<'a>(&mut self, value: Value<'a>, key: &str) -> &'a [Value<'a>] {
        match field(value, key) {
            Value::Array(items) => items,
            Value::Absent | Value::Null => &[],
            _ => {
                self.error(&format!("{key}: is no list"));
                &[]
            }
        }
    }

    fn texts(&mut self, value: Value<'_>, at: &str) -> Vec<String> {
        let texts: Vec<_> = value.strs().map(str::to_owned).collect();
        let is_list = value.is_nothing() || value.is_array();
        if !is_list || texts.len() != value.items().len() {
            self.error(&format!("{at}: is no list of texts"));
        }
        texts
    }
}
