//! Any bytes as `[object, patch]`: a strategic merge patch never panics, and
//! none of its own directives stays behind.
#![no_main]

use kubescape_api::RESOURCES;
use kubescape_patch::{Limits, strategic_merge};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|bytes: &[u8]| {
    let Ok((object, patch)) = serde_json::from_slice::<(Value, Value)>(bytes) else {
        return;
    };
    for resource in RESOURCES {
        let (schema, limits) = (resource.schema(), Limits::default());
        let _ = strategic_merge(object.clone(), patch.clone(), schema, &limits);
        if let Ok(made) = strategic_merge(json!({}), patch.clone(), schema, &limits) {
            assert!(!directive(&made), "{made}");
        }
    }
});

fn directive(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(directive),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key == "$patch" || key == "$retainKeys" || directive(value)),
        _ => false,
    }
}
