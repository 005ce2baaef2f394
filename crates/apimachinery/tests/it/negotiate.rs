//! Accept and Content-Type headers of real clients.

use kubescape_apimachinery::Format::{Json, Yaml};
use kubescape_apimachinery::negotiate::{
    Discovery, PatchType, Shape, Target, accept, accept_discovery, accept_openapi, body_format,
    patch_type,
};
use proptest::prelude::*;

const KUBECTL_GET: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
const METADATA_LIST: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

#[test]
fn clients_get_the_first_thing_that_is_served() {
    let table: &[(&str, Target, _, Shape)] = &[
        ("", Target::Object, Json, Shape::Whole),
        ("*/*", Target::Object, Json, Shape::Whole),
        ("*", Target::Object, Json, Shape::Whole),
        ("application/*", Target::List, Json, Shape::Whole),
        ("application/yaml", Target::Object, Yaml, Shape::Whole),
        (
            "text/html, application/yaml;q=0.9, application/json;q=0.8",
            Target::Object,
            Yaml,
            Shape::Whole,
        ),
        (
            "application/vnd.kubernetes.protobuf, application/json",
            Target::List,
            Json,
            Shape::Whole,
        ),
        (
            "application/vnd.kubernetes.protobuf,*/*;q=0.1",
            Target::List,
            Json,
            Shape::Whole,
        ),
        (
            KUBECTL_GET,
            Target::List,
            Json,
            Shape::Table { beta: false },
        ),
        (
            KUBECTL_GET,
            Target::Watch,
            Json,
            Shape::Table { beta: false },
        ),
        (KUBECTL_GET, Target::Fixed, Json, Shape::Whole),
        (
            "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
            Target::Object,
            Json,
            Shape::Table { beta: true },
        ),
        (
            METADATA_LIST,
            Target::List,
            Json,
            Shape::Metadata { beta: false },
        ),
        (
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
            Target::Watch,
            Json,
            Shape::Metadata { beta: false },
        ),
        (
            "application/json;as=Strange;g=meta.k8s.io;v=v1,application/json",
            Target::Object,
            Json,
            Shape::Whole,
        ),
        (
            "application/yaml,application/json",
            Target::Watch,
            Json,
            Shape::Whole,
        ),
        (
            "application/cbor,application/json;q=0.5",
            Target::Object,
            Json,
            Shape::Whole,
        ),
        (
            "application/json;stream=watch",
            Target::Watch,
            Json,
            Shape::Whole,
        ),
    ];
    for (header, target, format, shape) in table {
        let representation = accept(Some(header), *target).unwrap();
        assert_eq!(
            (&representation.format, &representation.shape),
            (format, shape),
            "{header}"
        );
    }
}

#[test]
fn what_nothing_serves_is_406_with_what_is() {
    let failure = accept(Some("application/vnd.kubernetes.protobuf"), Target::List).unwrap_err();
    assert_eq!(failure.code, 406);
    assert_eq!(
        failure.message,
        "only the following media types are accepted: application/json, application/yaml"
    );
    for header in [
        "application/vnd.kubernetes.protobuf;stream=watch",
        "application/yaml",
        "application/json;stream=other",
    ] {
        assert_eq!(
            accept(Some(header), Target::Watch).unwrap_err().code,
            406,
            "{header}"
        );
    }
    assert_eq!(
        accept(Some("application/json;q=0"), Target::Object)
            .unwrap_err()
            .code,
        406
    );
    let list_of_one = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    assert_eq!(
        accept(Some(list_of_one), Target::Object).unwrap_err().code,
        406
    );
    let one_of_list = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    assert_eq!(
        accept(Some(one_of_list), Target::List).unwrap_err().code,
        406
    );
}

#[test]
fn a_watch_repeats_the_stream_that_was_asked_for() {
    let plain = accept(Some("application/json"), Target::Watch).unwrap();
    assert_eq!(plain.content_type(), "application/json");
    let stream = accept(Some("application/json;stream=watch"), Target::Watch).unwrap();
    assert_eq!(stream.content_type(), "application/json;stream=watch");
}

#[test]
fn discovery_is_aggregated_for_those_who_ask() {
    assert_eq!(
        accept_discovery(Some(DISCOVERY), true).unwrap(),
        Discovery::V2
    );
    assert_eq!(
        accept_discovery(Some(DISCOVERY), false).unwrap(),
        Discovery::Plain(Json)
    );
    assert_eq!(
        accept_discovery(None, true).unwrap(),
        Discovery::Plain(Json)
    );
    assert_eq!(
        accept_discovery(Some("application/yaml"), true).unwrap(),
        Discovery::Plain(Yaml)
    );
    let beta = "application/json;as=APIGroupDiscoveryList;v=v2beta1;g=apidiscovery.k8s.io,application/json";
    assert_eq!(
        accept_discovery(Some(beta), true).unwrap(),
        Discovery::V2Beta1
    );
    let aggregator =
        "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    assert_eq!(
        accept_discovery(Some(aggregator), true).unwrap_err().code,
        406
    );
}

#[test]
fn openapi_is_json() {
    let kubectl = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    assert_eq!(accept_openapi(Some(kubectl)).unwrap_err().code, 406);
    for header in [
        "application/json",
        "application/json, */*",
        "application/com.github.proto-openapi.spec.v2.v1.0+protobuf,application/json;q=0.5",
        "*/*",
    ] {
        assert_eq!(accept_openapi(Some(header)).unwrap(), Json, "{header}");
    }
}

#[test]
fn bodies_are_json_or_yaml() {
    for header in [
        None,
        Some(""),
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
    ] {
        assert_eq!(body_format(header).unwrap(), Json);
    }
    assert_eq!(body_format(Some("application/yaml")).unwrap(), Yaml);
    for header in [
        "application/vnd.kubernetes.protobuf",
        "text/plain",
        "application/cbor",
        "x",
        "*/*",
    ] {
        let failure = body_format(Some(header)).unwrap_err();
        assert_eq!(failure.code, 415);
        assert!(
            failure
                .message
                .ends_with("application/json, application/yaml")
        );
    }
}

#[test]
fn patches_are_of_four_types() {
    let table = [
        ("application/json-patch+json", PatchType::Json),
        ("application/merge-patch+json", PatchType::Merge),
        (
            "application/strategic-merge-patch+json; charset=utf-8",
            PatchType::StrategicMerge,
        ),
        ("application/apply-patch+yaml", PatchType::Apply),
    ];
    for (header, expected) in table {
        assert_eq!(patch_type(Some(header)).unwrap(), expected);
    }
    for header in [
        None,
        Some("application/json"),
        Some("application/apply-patch+cbor"),
    ] {
        assert_eq!(patch_type(header).unwrap_err().code, 415);
    }
}

proptest! {
    #[test]
    fn any_header_is_an_answer_or_a_failure(header in "[a-z*/;,=q.0-9 \"]{0,60}|\\PC{0,60}") {
        for target in [Target::Object, Target::List, Target::Watch, Target::Fixed] {
            if let Err(failure) = accept(Some(&header), target) {
                prop_assert_eq!(failure.code, 406);
            }
        }
        let _ = accept_discovery(Some(&header), true);
        let _ = body_format(Some(&header));
        let _ = patch_type(Some(&header));
    }
}
