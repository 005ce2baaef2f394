//! Any text: what reads as a path reads the same when it is written again.
#![no_main]

use kubescape_engine::Path;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(path) = Path::parse(text) {
        let again = path.to_string();
        assert_eq!(Path::parse(&again).as_ref(), Ok(&path));
    }
});
