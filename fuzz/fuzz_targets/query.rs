//! Any text, as a query string and as a path: options or a proper failure.
#![no_main]

use kubescape_apimachinery::negotiate::PatchType;
use kubescape_apimachinery::options::{
    DeleteOptions, GetOptions, ListOptions, PatchOptions, TableOptions, WriteOptions,
};
use kubescape_apimachinery::{Failure, RequestInfo};
use libfuzzer_sys::fuzz_target;

fn proper<T>(result: Result<T, Failure>) {
    if let Err(failure) = result {
        assert!(matches!(failure.code, 400 | 422));
        assert_eq!(failure.to_status()["code"], failure.code);
    }
}

fuzz_target!(|text: &str| {
    proper(ListOptions::parse(text));
    proper(GetOptions::parse(text));
    proper(TableOptions::parse(text));
    proper(WriteOptions::parse_create(text));
    proper(WriteOptions::parse_update(text));
    proper(PatchOptions::parse(text, PatchType::Apply));
    proper(PatchOptions::parse(text, PatchType::Merge));
    proper(DeleteOptions::parse(text, None));
    proper(RequestInfo::parse("GET", text, text));
    let path = format!("/apis/g/v1/namespaces/{text}");
    if let Ok(info) = RequestInfo::parse("GET", &path, "") {
        assert!(!info.name.contains(['/', '%']));
    }
});
