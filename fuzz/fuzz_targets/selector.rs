//! Any text, as a label and as a field selector: read or refused with 400.
#![no_main]

use kubescape_apimachinery::selector::{Labels, parse_field_selector, parse_label_selector};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse_label_selector(text) {
        Ok(selector) => {
            let keys: Vec<&str> = selector.0.iter().map(|one| one.key()).collect();
            assert!(keys.is_sorted());
            selector.matches(&Labels::new());
        }
        Err(failure) => assert_eq!(failure.code, 400),
    }
    match parse_field_selector(text) {
        Ok(selector) => {
            let name = selector.name.clone().unwrap_or_default();
            let namespace = selector.namespace.clone().unwrap_or_default();
            assert!(!selector.never || !selector.matches(&namespace, &name));
        }
        Err(failure) => assert_eq!(failure.code, 400),
    }
});
