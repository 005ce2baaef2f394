//! Where an object has values that no report shows. The same rules as
//! [`kubescape_engine::redact`] follows, as paths.

use std::borrow::Cow;

use kubescape_engine::{Part, Path, Value};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The paths of an object's secret values, `prefix` in front of each.
pub(super) fn secret_paths<'a>(object: Value<'a>, prefix: &Path<'a>) -> Vec<Path<'a>> {
    let mut finder = Finder {
        at: prefix.clone(),
        found: Vec::new(),
    };
    let hides_data = matches!(object.at("kind").str(), "Secret" | "ConfigMap");
    for (key, value) in object.entries() {
        finder.at.0.push(Part::Key(Cow::Borrowed(key)));
        match *key {
            "data" | "stringData" | "binaryData" if hides_data => finder.every_value(*value),
            "metadata" => finder.metadata(*value),
            _ => {}
        }
        finder.environment(*value);
        finder.at.0.pop();
    }
    finder.found
}

struct Finder<'a> {
    at: Path<'a>,
    found: Vec<Path<'a>>,
}

impl<'a> Finder<'a> {
    fn hide(&mut self) {
        self.found.push(self.at.clone());
    }

    fn hide_key(&mut self, key: &'a str) {
        self.at.0.push(Part::Key(Cow::Borrowed(key)));
        self.hide();
        self.at.0.pop();
    }

    fn every_value(&mut self, map: Value<'a>) {
        if !map.is_object() {
            return self.hide();
        }
        for (key, _) in map.entries() {
            self.hide_key(key);
        }
    }

    fn metadata(&mut self, metadata: Value<'a>) {
        let annotations = metadata.at("annotations");
        if annotations.at(LAST_APPLIED).exists() {
            self.at.0.push(Part::Key(Cow::Borrowed("annotations")));
            self.hide_key(LAST_APPLIED);
            self.at.0.pop();
        }
    }

    fn environment(&mut self, value: Value<'a>) {
        match value {
            Value::Array(items) => {
                for (index, item) in (0..).zip(items.iter()) {
                    self.at.0.push(Part::Index(index));
                    self.environment(*item);
                    self.at.0.pop();
                }
            }
            Value::Object(map) => {
                for (key, value) in map.entries() {
                    self.at.0.push(Part::Key(Cow::Borrowed(key)));
                    if *key == "env" && value.is_array() {
                        self.variables(*value);
                    } else if *key == "env" && value.is_object() {
                        self.every_value(*value);
                    } else {
                        self.environment(*value);
                    }
                    self.at.0.pop();
                }
            }
            _ => {}
        }
    }

    fn variables(&mut self, variables: Value<'a>) {
        for (index, variable) in (0..).zip(variables.items()) {
            self.at.0.push(Part::Index(index));
            if !variable.is_object() {
                self.hide();
            } else if variable.at("value").exists() {
                self.hide_key("value");
            }
            self.at.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use kubescape_engine::{Arena, from_json_str};

    use super::*;

    #[test]
    fn names_what_redaction_hides() {
        let arena = Arena::new();
        let text = r#"{"kind":"Secret","data":{"a.b":"x"},"stringData":{"c":"y"},
            "metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}},
            "spec":{"containers":[{"env":[{"name":"A","value":"z"},{"name":"B","valueFrom":{}}]},{"env":{"A":"z"}}]}}"#;
        let object = from_json_str(text, &arena).unwrap();
        let prefix = Path::parse("items[2]").unwrap();
        let paths = secret_paths(object, &prefix);
        let mut paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        paths.sort();
        assert_eq!(
            paths,
            [
                "items[2].data[a.b]",
                "items[2].metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
                "items[2].spec.containers[0].env[0].value",
                "items[2].spec.containers[1].env.A",
                "items[2].stringData.c",
            ]
        );
    }
}
