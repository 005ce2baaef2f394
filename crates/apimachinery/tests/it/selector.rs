//! Selectors as `apimachinery/pkg/labels` and `fields` read them.

use std::collections::BTreeSet;

use kubescape_apimachinery::selector::{
    FieldSelector, Requirement, Requirement::*, parse_field_selector, parse_label_selector,
    restrict_to_name,
};
use proptest::prelude::*;

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn read(text: &str) -> Vec<Requirement> {
    parse_label_selector(text).unwrap().0
}

#[test]
fn label_selectors_read_as_kubernetes_reads_them() {
    let key = |key: &str| key.to_owned();
    let table: &[(&str, Vec<Requirement>)] = &[
        ("", vec![]),
        ("  ", vec![]),
        ("a=b", vec![Equals(key("a"), key("b"))]),
        ("a==b", vec![Equals(key("a"), key("b"))]),
        ("a=", vec![Equals(key("a"), key(""))]),
        ("x!=y", vec![NotEquals(key("x"), key("y"))]),
        ("x", vec![Exists(key("x"))]),
        ("!x", vec![Missing(key("x"))]),
        ("! x", vec![Missing(key("x"))]),
        (
            "z=1,a=2",
            vec![Equals(key("a"), key("2")), Equals(key("z"), key("1"))],
        ),
        ("a=,b", vec![Equals(key("a"), key("")), Exists(key("b"))]),
        ("x in (b,a)", vec![In(key("x"), set(&["a", "b"]))]),
        (" x\tin\n( b , a ) ", vec![In(key("x"), set(&["a", "b"]))]),
        ("x in ()", vec![In(key("x"), set(&[""]))]),
        ("x in (,a,)", vec![In(key("x"), set(&["", "a"]))]),
        ("x in (a,,b)", vec![In(key("x"), set(&["", "a", "b"]))]),
        ("x notin (y)", vec![NotIn(key("x"), set(&["y"]))]),
        (
            "in in (in,notin)",
            vec![In(key("in"), set(&["in", "notin"]))],
        ),
        ("x=in", vec![Equals(key("x"), key("in"))]),
        ("x>1", vec![GreaterThan(key("x"), 1)]),
        ("x<7", vec![LessThan(key("x"), 7)]),
        (
            "kubescape.io/workload-name=cart",
            vec![Equals(key("kubescape.io/workload-name"), key("cart"))],
        ),
        (
            "a=b,c!=d,e in (f,g),!h,i notin (j)",
            vec![
                Equals(key("a"), key("b")),
                NotEquals(key("c"), key("d")),
                In(key("e"), set(&["f", "g"])),
                Missing(key("h")),
                NotIn(key("i"), set(&["j"])),
            ],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(&read(text), expected, "{text}");
    }
}

#[test]
fn bad_label_selectors_are_told_in_the_same_words() {
    let table = [
        (
            ",",
            "found ',', expected: !, identifier, or 'end of string'",
        ),
        ("a,", "found '', expected: identifier after ','"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        (
            "a b",
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
        ),
        (
            "a in b",
            "unable to parse requirement: found 'b' expected: '('",
        ),
        (
            "a in (b",
            "unable to parse requirement: found '', expected: ',' or ')'",
        ),
        (
            "a==!",
            "unable to parse requirement: found '!', expected: identifier",
        ),
        (
            "!",
            "unable to parse requirement: found '', expected: identifier",
        ),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        (
            "a in (b,!)",
            "unable to parse requirement: found '!', expected: ',', or identifier",
        ),
        (
            "x>a",
            "unable to parse requirement: values[0]: Invalid value: \"a\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ];
    for (text, expected) in table {
        let failure = parse_label_selector(text).unwrap_err();
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (400, expected),
            "{text}"
        );
    }
    let key = parse_label_selector("-a=b").unwrap_err().message;
    assert!(
        key.starts_with(
            "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of"
        ),
        "{key}"
    );
    let value = parse_label_selector("a=-b").unwrap_err().message;
    assert!(value.starts_with("unable to parse requirement: values[0][a]: Invalid value: \"-b\": a valid label must be"), "{value}");
    for text in ["a=b\0", "é", "a=é", "a/b/c=d"] {
        assert_eq!(
            parse_label_selector(text).unwrap_err().code,
            400,
            "{text:?}"
        );
    }
}

#[test]
fn a_huge_selector_is_read_in_proportion_to_its_size() {
    let values: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
    let text = format!("x in ({})", values.join(","));
    let In(_, set) = &read(&text)[0] else {
        panic!("no set");
    };
    assert_eq!(set.len(), 100_000);
    let message = parse_label_selector(&"=".repeat(1 << 20))
        .unwrap_err()
        .message;
    assert!(message.len() < 1000);
    let message = parse_label_selector(&"-".repeat(1 << 20))
        .unwrap_err()
        .message;
    assert!(message.len() < 1000);
}

#[test]
fn field_selectors_know_name_and_namespace() {
    let table = [
        ("", FieldSelector::default()),
        (",", FieldSelector::default()),
        (
            "metadata.name=a",
            FieldSelector {
                name: Some("a".into()),
                ..Default::default()
            },
        ),
        (
            "metadata.name==a,metadata.namespace=n",
            FieldSelector {
                name: Some("a".into()),
                namespace: Some("n".into()),
                ..Default::default()
            },
        ),
        (
            "metadata.name!=a",
            FieldSelector {
                not_names: set(&["a"]),
                ..Default::default()
            },
        ),
        (
            r"metadata.name=a\,b\=c\\",
            FieldSelector {
                name: Some(r"a,b=c\".into()),
                ..Default::default()
            },
        ),
    ];
    for (text, expected) in table {
        assert_eq!(parse_field_selector(text).unwrap(), expected, "{text}");
    }
    for text in [
        "metadata.name=a,metadata.name=b",
        "metadata.name=a,metadata.name!=a",
        "metadata.namespace!=a,metadata.namespace=a",
    ] {
        assert!(parse_field_selector(text).unwrap().never, "{text}");
    }
}

#[test]
fn field_selectors_fit_places() {
    let selector = parse_field_selector("metadata.namespace=shop,metadata.name!=b").unwrap();
    assert!(selector.matches("shop", "a"));
    assert!(!selector.matches("shop", "b"));
    assert!(!selector.matches("", "a"));
    assert!(
        !parse_field_selector("metadata.name=a,metadata.name=b")
            .unwrap()
            .matches("", "a")
    );
}

#[test]
fn bad_field_selectors_are_told() {
    let table = [
        (
            "spec.nodeName=a",
            "field label not supported: spec.nodeName",
        ),
        ("=", "field label not supported: "),
        ("b,a=", "invalid selector: 'b,a='; can't understand 'b'"),
        (
            "metadata.name",
            "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
        ),
        (
            "metadata.name=a=b",
            "invalid field selector: unescaped character in value: 61",
        ),
        (
            r"metadata.name=\x",
            r"invalid field selector: invalid escape sequence: \x",
        ),
        (
            r"metadata.name=\",
            r"invalid field selector: invalid escape sequence: \",
        ),
    ];
    for (text, expected) in table {
        let failure = parse_field_selector(text).unwrap_err();
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (400, expected),
            "{text}"
        );
    }
}

#[test]
fn a_watch_of_one_object_takes_only_its_own_name() {
    let mut selector = FieldSelector::default();
    restrict_to_name(&mut selector, "a").unwrap();
    restrict_to_name(&mut selector, "a").unwrap();
    assert!(selector.matches("x", "a") && !selector.matches("x", "b"));
    assert_eq!(restrict_to_name(&mut selector, "b").unwrap_err().code, 400);
}

proptest! {
    #[test]
    fn any_text_is_a_selector_or_a_400(text in "[a-c=!(),<> \\\\inot/.-]{0,24}|\\PC{0,40}") {
        if let Err(failure) = parse_label_selector(&text) {
            prop_assert_eq!(failure.code, 400);
        }
        if let Err(failure) = parse_field_selector(&text) {
            prop_assert_eq!(failure.code, 400);
        }
    }

    #[test]
    fn sets_in_any_layout_read_the_same(values in prop::collection::btree_set("[a-z]{1,5}", 1..5), blank in "[ \t\n]{0,3}") {
        let list: Vec<&str> = values.iter().map(String::as_str).collect();
        let text = format!("k{blank} in {blank}({blank}{}{blank})", list.join(&format!("{blank},{blank}")));
        prop_assert_eq!(read(&text), vec![In("k".into(), values)]);
    }
}
