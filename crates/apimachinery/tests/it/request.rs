//! Paths as `RequestInfoFactory` reads them.

use kubescape_apimachinery::{RequestInfo, Verb};
use proptest::prelude::*;

const BASE: &str = "/apis/spdx.softwarecomposition.kubescape.io/v1beta1";

/// Method, path after the version and query; then verb, namespace, resource,
/// name and subresource. A dash is nothing.
const RESOURCES: &str = "
    GET     /sbomsyfts                            -            list   -    sbomsyfts    -      -
    GET     /sbomsyfts/                           -            list   -    sbomsyfts    -      -
    HEAD    /knownservers/a                       -            get    -    knownservers a      -
    GET     /namespaces/shop/sbomsyfts            -            list   shop sbomsyfts    -      -
    GET     /namespaces/shop/sbomsyfts            watch=true   watch  shop sbomsyfts    -      -
    GET     /namespaces/shop/sbomsyfts            watch=0      list   shop sbomsyfts    -      -
    GET     /namespaces/shop/sbomsyfts            fieldSelector=metadata.name%3Dx list shop sbomsyfts x -
    GET     /namespaces/shop/sbomsyfts/a          watch=true   get    shop sbomsyfts    a      -
    GET     /namespaces/shop/sbomsyfts/a/status   -            get    shop sbomsyfts    a      status
    POST    /namespaces/shop/sbomsyfts            -            create shop sbomsyfts    -      -
    PUT     /namespaces/shop/sbomsyfts/a          -            update shop sbomsyfts    a      -
    PATCH   /namespaces/shop/sbomsyfts/a          -            patch  shop sbomsyfts    a      -
    DELETE  /namespaces/shop/sbomsyfts/a          -            delete shop sbomsyfts    a      -
    DELETE  /namespaces/shop/sbomsyfts            -            deletecollection shop sbomsyfts - -
    DELETE  /sbomsyfts                            fieldSelector=metadata.name%3Dx deletecollection - sbomsyfts - -
    OPTIONS /sbomsyfts                            -            options -   sbomsyfts    -      -
    GET     /watch/namespaces/shop/sbomsyfts      -            watch  shop sbomsyfts    -      -
    GET     /namespaces/shop                      -            get    shop namespaces   shop   -
    PUT     /namespaces/shop/finalize             -            update shop namespaces   shop   finalize
    GET     /namespaces/shop/sbomsyfts/a%2Eb%3Ac  -            get    shop sbomsyfts    a.b:c  -
";

#[test]
fn resources_are_told_by_method_and_path() {
    for line in RESOURCES.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let word = |index: usize| {
            if words[index] == "-" {
                ""
            } else {
                words[index]
            }
        };
        let path = format!("{BASE}{}", word(1));
        let info = RequestInfo::parse(word(0), &path, word(2)).unwrap();
        assert!(info.is_resource);
        assert_eq!(info.group, "spdx.softwarecomposition.kubescape.io");
        assert_eq!(info.api_prefix, "apis");
        assert_eq!(info.version, "v1beta1");
        let told = [
            info.verb.as_str(),
            &info.namespace,
            &info.resource,
            &info.name,
            &info.subresource,
        ];
        assert_eq!(told, [3, 4, 5, 6, 7].map(word), "{line}");
    }
    let core = RequestInfo::parse("GET", "/api/v1/namespaces/n/pods/p/log/more", "").unwrap();
    assert_eq!((core.group.as_str(), core.resource.as_str()), ("", "pods"));
    assert_eq!(core.rest, ["more"]);
}

#[test]
fn other_paths_are_no_resources() {
    for path in [
        "",
        "/",
        "/healthz",
        "/apis",
        "/apis/g",
        "/apis/g/v1",
        "/api/v1",
        "/openapi/v3/apis/g/v1",
        "/readyz/a%2Fb/c/d/e",
    ] {
        let info = RequestInfo::parse("GET", path, "watch=1").unwrap();
        assert!(!info.is_resource, "{path}");
        assert_eq!(info.verb, Verb::Method("get".into()));
        assert_eq!(info.path, path);
    }
}

#[test]
fn names_that_would_break_paths_are_refused() {
    for name in [".", "..", "%2E%2E", "a%2Fb", "a%25b", "%FF", "a%"] {
        let failure =
            RequestInfo::parse("GET", &format!("{BASE}/namespaces/n/sbomsyfts/{name}"), "")
                .unwrap_err();
        assert_eq!(failure.code, 400, "{name}");
    }
    let failure = RequestInfo::parse("GET", &format!("{BASE}/sbomsyfts/a%2Fb"), "").unwrap_err();
    assert_eq!(
        failure.message,
        "Name parameter invalid: \"a/b\": may not contain '/'"
    );
    assert_eq!(
        RequestInfo::parse("GET", &format!("{BASE}/namespaces//sbomsyfts"), "")
            .unwrap_err()
            .code,
        400
    );
}

proptest! {
    #[test]
    fn any_path_is_told_or_refused(method in "[A-Z]{0,7}", path in "(/[a-z%.0-9]{0,6}){0,9}|\\PC{0,40}", query in "\\PC{0,20}") {
        match RequestInfo::parse(&method, &path, &query) {
            Ok(info) => for part in [&info.namespace, &info.name, &info.resource] {
                let bad = part == "." || part == ".." || part.contains(['/', '%']);
                prop_assert!(!bad);
            },
            Err(failure) => prop_assert_eq!(failure.code, 400),
        }
    }
}
