//! Any bytes, as a YAML and as a JSON file: reading and locating never panic.
#![no_main]

use std::ops::ControlFlow;

use kubescape_collect::{Input, Limits, Source, locate, parse, read_stream};
use kubescape_engine::{Arena, Path};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { document_bytes: 4096 };
    let paths = ["a", "items[0].kind", "metadata.labels[a.b/c]"];
    let paths = paths.map(|path| Path::parse(path).expect("a path"));
    for name in ["x.yaml", "x.json"] {
        let source = Source {
            index: 0,
            name: name.to_owned(),
            input: Input::Stdin,
            explicit: true,
        };
        read_stream(&source, &mut &*bytes, limits, &mut |one| {
            if let Ok(document) = one {
                parse(&document, &source, &Arena::new());
                locate(&document, &paths);
            }
            ControlFlow::Continue(())
        });
    }
});
