//! Any bytes as `[live, config]`: writes never panic, and what was applied with
//! force applies again without a change.
#![no_main]

use kubescape_api::{API_VERSION, RESOURCES};
use kubescape_patch::managed::FieldSet;
use kubescape_patch::{apply, track_update};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const NOW: &str = "2024-01-01T00:00:00Z";
const LATER: &str = "2024-01-02T00:00:00Z";

fuzz_target!(|bytes: &[u8]| {
    let read = serde_json::from_slice::<(Value, Map<String, Value>)>(bytes);
    let Ok((live, mut config)) = read else {
        return;
    };
    if let Ok(set) = FieldSet::parse(&live) {
        assert!(FieldSet::parse(&set.to_value()).is_ok());
    }
    config.insert("apiVersion".to_owned(), API_VERSION.into());
    for resource in RESOURCES {
        config.insert("kind".to_owned(), resource.kind.into());
        let (schema, config) = (resource.schema(), Value::Object(config.clone()));
        let tracked = track_update(None, live.clone(), schema, "u", NOW);
        let tracked = track_update(Some(&tracked), config.clone(), schema, "v", NOW);
        for live in [&live, &tracked] {
            if let Ok(applied) = apply(Some(live), &config, schema, "m", true, NOW) {
                let again = apply(Some(&applied), &config, schema, "m", false, LATER);
                assert_eq!(again, Ok(applied));
            }
        }
    }
});
