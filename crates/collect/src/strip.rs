//! What no control reads, dropped from an object's text before it is parsed:
//! managed fields, the copy of itself that kubectl leaves in an annotation, the
//! status of workloads, and all contents of Secrets.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Repeats the whole object as text, for a Secret with its values.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Kinds whose status no control reads and no report shows.
const WITHOUT_STATUS: [&str; 6] = [
    "CronJob",
    "Deployment",
    "Job",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

/// An item of a list as its own object: with the identity that the list gives
/// it, without what nobody reads.
///
/// # Errors
///
/// The text is no JSON object; nothing of it may be passed on.
pub fn strip(text: &str, api_version: &str, kind: &str) -> Result<String, serde_json::Error> {
    let mut out = Writer::new(text.len());
    out.text("apiVersion", api_version);
    out.text("kind", kind);
    for (key, value) in entries(text)? {
        match &*key {
            "apiVersion" | "kind" => {}
            "status" if WITHOUT_STATUS.contains(&kind) => {}
            // Names and types are enough for every control.
            "data" | "stringData" | "binaryData" if kind == "Secret" => {}
            "metadata" => out.raw(&key, &metadata(value.get())?),
            _ => out.raw(&key, value.get()),
        }
    }
    Ok(out.end())
}

fn metadata(text: &str) -> Result<String, serde_json::Error> {
    if !text.starts_with('{') {
        return Ok(text.to_owned());
    }
    let mut out = Writer::new(text.len());
    for (key, value) in entries(text)? {
        match &*key {
            "managedFields" => {}
            "annotations" if value.get().starts_with('{') => {
                let mut kept = Writer::new(value.get().len());
                for (key, value) in entries(value.get())? {
                    if key != LAST_APPLIED {
                        kept.raw(&key, value.get());
                    }
                }
                out.raw(&key, &kept.end());
            }
            _ => out.raw(&key, value.get()),
        }
    }
    Ok(out.end())
}

/// The entries of a JSON object, values as they stand there.
fn entries(text: &str) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    struct Entries<'t>(Vec<(String, &'t RawValue)>);
    struct Reader;
    impl<'t> Visitor<'t> for Reader {
        type Value = Entries<'t>;

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::with_capacity(8);
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(Entries(entries))
        }
    }
    impl<'t> Deserialize<'t> for Entries<'t> {
        fn deserialize<D: Deserializer<'t>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_map(Reader)
        }
    }
    serde_json::from_str::<Entries<'_>>(text).map(|entries| entries.0)
}

/// Writes one JSON object.
struct Writer(String);

impl Writer {
    fn new(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('{');
        Self(text)
    }

    fn raw(&mut self, key: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(value);
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &quoted(value));
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_is_gone_and_the_rest_is_untouched() {
        let text = r#"{"metadata":{"name":"a","managedFields":[{"manager":"x"}],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","b":"c"}},"spec":{"replicas": 2},"status":{"replicas":2}}"#;
        assert_eq!(
            strip(text, "apps/v1", "Deployment").unwrap(),
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","annotations":{"b":"c"}},"spec":{"replicas": 2}}"#
        );
        let pod = strip(r#"{"status":{"podIP":"10.0.0.1"}}"#, "v1", "Pod").unwrap();
        assert!(pod.contains("podIP"), "{pod}");
    }

    #[test]
    fn no_value_of_a_secret_is_left_however_its_keys_are_written() {
        let text = r#"{"kind":"Secret","type":"Opaque","d\u0061ta":{"a":"c2VjcmV0"},"stringData":{"b":"c2VjcmV0"},"data":{"a":"c2VjcmV0"},"metadata":{"name":"a","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"c2VjcmV0"}}}"#;
        let out = strip(text, "v1", "Secret").unwrap();
        assert!(!out.contains("c2VjcmV0"), "{out}");
        assert!(out.contains(r#""type":"Opaque""#), "{out}");
    }

    #[test]
    fn an_item_of_metadata_gets_the_identity_of_its_kind() {
        let text = r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}}"#;
        let out = strip(text, "v1", "Secret").unwrap();
        assert_eq!(
            out,
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}"#
        );
    }

    #[test]
    fn what_is_no_object_is_an_error_and_depth_is_no_problem() {
        for text in ["7", "[]", "{", r#"{"a":}"#] {
            assert!(strip(text, "v1", "Secret").is_err(), "{text}");
        }
        let deep = format!(
            "{{\"spec\":{}{}}}",
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        assert!(strip(&deep, "v1", "Pod").is_ok());
        assert!(strip(r#"{"metadata":7}"#, "v1", "Pod").is_ok());
    }
}
