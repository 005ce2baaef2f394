//! Memory of writing a large `spec`: that of two texts, whatever is in them.

#![allow(clippy::unwrap_used, reason = "this is how tests fail")]

use std::fmt::Write as _;

use allocation_counter::measure;
use kubescape_api::{Resource, parse, take_apart};

/// A bill of materials with that many packages, whose fields are as a Go program
/// writes them: not sorted.
fn sbom(packages: usize) -> String {
    let mut text = String::from(r#"{"kind":"SBOMSyft","spec":{"syft":{"artifacts":["#);
    for number in 0..packages {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"id":"{number:016x}","name":"lib-{number}","version":"1.0","type":"deb","foundBy":"dpkg","locations":[{{"path":"/var/lib/dpkg/status","layerID":"sha256:{number:064x}","accessPath":"/"}}],"licenses":["MIT",{{"value":"x"}}],"language":"","cpes":null,"purl":"pkg:deb/lib-{number}","metadata":{{"z":{number},"a":["b",null,1.5]}}}}"#
        );
    }
    text.push_str(r#"],"artifactRelationships":null}}}"#);
    text
}

#[test]
fn a_large_spec_takes_the_memory_of_its_texts_and_not_of_values() {
    let resource = Resource::by_kind("SBOMSyft").unwrap();
    let text = sbom(10_000);
    let mut length = 0;
    let streamed = measure(|| {
        let parts = take_apart(text.as_bytes()).unwrap();
        let mut out = Vec::with_capacity(parts.spec.len());
        resource.write_spec(parts.spec, &mut out).unwrap();
        let spec = std::str::from_utf8(&out).unwrap();
        let columns = resource.columns_beside(&parts.head, spec);
        assert_eq!(columns["packages"], 10_000);
        length = out.len();
    });
    let values = measure(|| {
        parse(text.as_bytes()).unwrap();
    });
    let times = |bytes: u64| bytes as f64 / text.len() as f64;
    println!(
        "{} bytes: streamed {:.1} times that, as values {:.1} times",
        text.len(),
        times(streamed.bytes_max),
        times(values.bytes_max)
    );
    // The stored text, twice while its outer fields are sorted, and as much again
    // where its buffer had to grow.
    assert!(streamed.bytes_max < 4 * length as u64);
    assert!(streamed.bytes_max < values.bytes_max);
}
