//! Any bytes, as a stored body: a version is put in, or the buffer stays as it
//! was. What is JSON with metadata means the same as with the version inserted.
#![no_main]

use kubescape_apimachinery::render::{partial_metadata, splice_resource_version, store_form};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let mut out = b"kept".to_vec();
    if !splice_resource_version(bytes, 1, &mut out) {
        assert_eq!(out, b"kept");
    }
    let Ok(mut object) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    if !object.get("metadata").is_some_and(Value::is_object) {
        return;
    }
    let stored = store_form(&object);
    let mut spliced = Vec::new();
    assert!(splice_resource_version(&stored.body, 7, &mut spliced));
    let mut partial = Vec::new();
    assert!(partial_metadata(&stored.metadata, 7, false, &mut partial));
    object["metadata"]["resourceVersion"] = "7".into();
    assert_eq!(
        serde_json::from_slice::<Value>(&spliced).expect("JSON"),
        object
    );
    let partial: Value = serde_json::from_slice(&partial).expect("JSON");
    assert_eq!(partial["metadata"], object["metadata"]);
});
