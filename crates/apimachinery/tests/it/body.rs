//! Bodies in both formats.

use kubescape_apimachinery::Format::{Json, Yaml};
use kubescape_apimachinery::body::{decode, encode, expect_kind};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn json_and_yaml_read_the_same() {
    let expected = json!({"a": [1, true, null, "x"], "b": {"c": 1.5}});
    assert_eq!(
        decode(Json, br#"{"a":[1,true,null,"x"],"b":{"c":1.5}}"#)
            .unwrap()
            .value,
        expected
    );
    assert_eq!(
        decode(Yaml, b"a: [1, true, null, x]\nb:\n  c: 1.5\n")
            .unwrap()
            .value,
        expected
    );
    assert_eq!(
        decode(Yaml, br#" {"a":[1,true,null,"x"],"b":{"c":1.5}}"#)
            .unwrap()
            .value,
        expected
    );
    assert_eq!(
        decode(Yaml, b"{a: [1, true, null, x], b: {c: 1.5}}")
            .unwrap()
            .value,
        expected
    );
}

#[test]
fn repeated_fields_are_noted_in_json_and_refused_in_yaml() {
    let decoded = decode(Json, br#"{"spec":{"a":1,"a":2}}"#).unwrap();
    assert_eq!(decoded.duplicates, ["spec.a"]);
    assert_eq!(decoded.value, json!({"spec": {"a": 2}}));
    assert_eq!(decode(Yaml, b"a: 1\na: 2\n").unwrap_err().code, 400);
}

#[test]
fn hostile_bodies_are_refused_in_little_time_and_space() {
    let deep = "[".repeat(1_000_000);
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    for bytes in [
        deep.as_bytes(),
        bomb.as_bytes(),
        b"\xff\xfe",
        b"{",
        b"{\"a\":\xff}",
    ] {
        for format in [Json, Yaml] {
            let failure = decode(format, bytes).unwrap_err();
            assert_eq!(failure.code, 400);
            assert!(failure.message.len() < 2000);
        }
    }
    assert_eq!(decode(Json, b"").unwrap_err().code, 400);
    assert_eq!(decode(Json, b"{} {}").unwrap_err().code, 400);
}

#[test]
fn a_missing_kind_is_filled_in_and_another_refused() {
    let mut object = json!({"metadata": {"name": "a"}, "kind": ""});
    expect_kind(&mut object, "g.io", "v1", "Thing").unwrap();
    assert_eq!(
        object,
        json!({"apiVersion": "g.io/v1", "kind": "Thing", "metadata": {"name": "a"}})
    );
    let table = [
        (
            json!({"apiVersion": "g.io/v2", "kind": "Thing"}),
            "the API version in the data (g.io/v2) does not match the expected API version (g.io/v1)",
        ),
        (
            json!({"apiVersion": "v1", "kind": "Pod"}),
            "Pod in version \"v1\" cannot be handled as a Thing: no kind \"Pod\" is registered for version \"v1\"",
        ),
        (
            json!({"kind": 7}),
            "the object provided is unrecognized (must be of type Thing): couldn't get version/kind; kind must be a string",
        ),
        (
            json!([]),
            "the object provided is unrecognized (must be of type Thing): couldn't get version/kind; it is no JSON object",
        ),
    ];
    for (mut object, message) in table {
        let failure = expect_kind(&mut object, "g.io", "v1", "Thing").unwrap_err();
        assert_eq!((failure.code, failure.message.as_str()), (400, message));
    }
}

#[test]
fn answers_are_written_in_both_formats() {
    let value = json!({"kind": "K", "metadata": {"labels": {"a": "yes", "b": "1"}}});
    assert_eq!(encode(Json, &json!({})).unwrap(), b"{}\n");
    let yaml = String::from_utf8(encode(Yaml, &value).unwrap()).unwrap();
    assert!(
        yaml.starts_with("kind: K\nmetadata:\n  labels:\n"),
        "{yaml}"
    );
    assert_eq!(decode(Yaml, yaml.as_bytes()).unwrap().value, value);
}

proptest! {
    #[test]
    fn any_bytes_are_a_body_or_a_400(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[a-c:{}\\[\\],&*!|>' \"\n-]{0,40}") {
        for format in [Json, Yaml] {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                if let Err(failure) = decode(format, bytes) {
                    prop_assert_eq!(failure.code, 400);
                }
            }
        }
    }
}
