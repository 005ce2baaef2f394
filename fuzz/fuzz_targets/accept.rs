//! Any text, as the headers that negotiation reads.
#![no_main]

use kubescape_apimachinery::negotiate::{
    Target, accept, accept_discovery, accept_openapi, body_format, patch_type,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for target in [Target::Object, Target::List, Target::Watch, Target::Fixed] {
        if let Err(failure) = accept(Some(text), target) {
            assert_eq!(failure.code, 406);
        }
    }
    let _ = accept_discovery(Some(text), true);
    let _ = accept_openapi(Some(text));
    let _ = body_format(Some(text));
    let _ = patch_type(Some(text));
});
