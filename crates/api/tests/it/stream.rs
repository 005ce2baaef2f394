//! Writing `spec` from text to text does what reading it whole does.

use std::fmt::Write as _;

use kubescape_api::schema::{Object, Schema};
use kubescape_api::{Resource, Weight, parse, take_apart};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::resource;

fn heavy() -> impl Strategy<Value = &'static Resource> {
    let all: Vec<_> = kubescape_api::RESOURCES
        .iter()
        .filter(|one| one.weight == Weight::Heavy && one.object.field("spec").is_some())
        .collect();
    prop::sample::select(all)
}

fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![any::<i64>(), -2..3_i64].prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop_oneof![any::<f64>(), Just(0.0), Just(-0.0)].prop_map(Value::from),
        "[a-c\"\\\\\u{1}é]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"\\\\\u{1}é]{0,3}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
    .boxed()
}

/// A value that mostly fits; fields are missing, null, unknown or, with `wild`,
/// of any type.
fn fitting(schema: Schema, depth: usize, wild: bool) -> BoxedStrategy<Value> {
    let value = match schema {
        Schema::String => "[a-z\"\\\\]{0,3}".prop_map(Value::from).boxed(),
        Schema::Int32 | Schema::IntOrString => any::<i32>().prop_map(Value::from).boxed(),
        Schema::Int64 => prop_oneof![any::<i64>(), Just(0)]
            .prop_map(Value::from)
            .boxed(),
        Schema::Number => prop_oneof![
            any::<f64>().prop_map(Value::from),
            (0..3_u64).prop_map(Value::from)
        ]
        .boxed(),
        Schema::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Schema::Time => prop_oneof![Just(json!("2023-12-01T09:30:00Z")), Just(json!(""))].boxed(),
        Schema::Any => any_json(),
        _ if depth == 0 => Just(Value::Null).boxed(),
        Schema::Object(object) => fields(object, depth - 1, wild),
        Schema::List(item) => prop::collection::vec(fitting(*item, depth - 1, wild), 0..3)
            .prop_map(Value::from)
            .boxed(),
        Schema::Map(item) => {
            let entry = fitting(*item, depth - 1, wild);
            prop::collection::btree_map("[a-c\"\\\\]{0,2}", entry, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect()))
                .boxed()
        }
        Schema::OrString(inner) => prop_oneof![
            fitting(*inner, depth - 1, wild),
            "[a-z]{0,2}".prop_map(Value::from)
        ]
        .boxed(),
        Schema::ListOrOne(item) => prop_oneof![
            prop::collection::vec(fitting(*item, depth - 1, wild), 0..3).prop_map(Value::from),
            "[a-z]{0,2}".prop_map(Value::from)
        ]
        .boxed(),
    };
    if wild {
        prop_oneof![30 => value, 2 => Just(Value::Null), 1 => any_json()].boxed()
    } else {
        prop_oneof![15 => value, 1 => Just(Value::Null)].boxed()
    }
}

fn fields(object: &'static Object, depth: usize, wild: bool) -> BoxedStrategy<Value> {
    let known: Vec<_> = object
        .all_fields()
        .map(|field| {
            let value = match (field.one_of, field.range) {
                ([], None) => fitting(field.schema, depth, wild),
                ([], Some((least, most))) => (least..=most.min(least + 5))
                    .prop_map(Value::from)
                    .boxed(),
                (some, _) => prop::sample::select(some).prop_map(Value::from).boxed(),
            };
            let name = field.name.to_owned();
            prop_oneof![3 => value.prop_map(move |value| Some((name.clone(), value))), 1 => Just(None)]
        })
        .collect();
    let unknown = prop_oneof![12 => Just(Vec::new()), 1 => prop::collection::vec(("[x-z\"]{1,2}", any_json()), 1..3)];
    (known, unknown)
        .prop_map(|(known, unknown)| {
            let known = known.into_iter().flatten();
            Value::Object(known.chain(unknown).collect::<Map<_, _>>())
        })
        .boxed()
}

/// The value as a text whose fields are in some order, with white space.
fn print(value: &Value, order: u64, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { " ,\n" } else { "" });
                print(item, order.rotate_left(7) ^ at as u64, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            if order & 1 == 1 {
                fields.reverse();
            }
            let middle = fields.len() / 2;
            if order & 2 == 2 {
                fields.rotate_left(middle);
            }
            out.push('{');
            for (at, (key, value)) in fields.into_iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                let _ = write!(out, "{} : ", Value::from(key.as_str()));
                print(value, order.rotate_left(5) ^ at as u64, out);
            }
            out.push('}');
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Both ways agree; gives whether the text could go by itself.
fn agree(resource: &Resource, text: &str) -> Result<bool, TestCaseError> {
    let whole = parse(text.as_bytes()).expect("made from a value");
    let parts = take_apart(text.as_bytes()).expect("an object with a spec");
    let mut out = b"before".to_vec();
    let mut head = parts.head.clone();
    let written = resource.write_spec(parts.spec, &mut out);
    let mut object = whole.value;
    let unknown = resource.unknown_fields(&object);
    resource.prune(&mut object);
    resource.normalize(&mut object);
    let Some(written) = written else {
        return Ok(false);
    };
    prop_assert_eq!(whole.duplicates.len(), 0);
    prop_assert_eq!(resource.unknown_beside(&head, &written), unknown);
    resource.prune(&mut head);
    let sound = resource.normalize_beside(&mut head);
    prop_assert_eq!(sound, resource.validate(&object).is_empty());
    let text = std::str::from_utf8(&out).expect("JSON");
    let spec = text.strip_prefix("before").expect("appended");
    prop_assert_eq!(spec, object["spec"].to_string());
    prop_assert_eq!(
        resource.columns_beside(&head, spec),
        resource.columns(&object)
    );
    Ok(true)
}

fn object_of(resource: &Resource, spec: &Value, order: u64) -> String {
    let object = json!({
        "kind": resource.kind,
        "metadata": {"name": "a", "labels": {"kubescape.io/image-name": "x"}, "odd": 1},
        "spec": spec,
        "status": {},
        "more": 1,
        "then": 2,
    });
    let mut text = String::new();
    print(&object, order, &mut text);
    text
}

fn spec_of(resource: &Resource, wild: bool) -> BoxedStrategy<Value> {
    let schema = resource.object.field("spec").expect("a spec").schema;
    fitting(schema, 7, wild)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_text_is_written_as_its_value_would_be(
        (resource, spec) in heavy().prop_flat_map(|one| (Just(one), spec_of(one, true))),
        order in any::<u64>(),
    ) {
        agree(resource, &object_of(resource, &spec, order))?;
    }

    #[test]
    fn sound_bills_of_materials_need_no_value(
        spec in spec_of(resource("SBOMSyft"), false), order in any::<u64>(),
    ) {
        let resource = resource("SBOMSyft");
        // An empty text is no time.
        let text = object_of(resource, &spec, order).replace("\"createdAt\" : \"\"", "\"createdAt\" : null");
        let sound = resource.validate(&parse(text.as_bytes()).expect("JSON").value).is_empty();
        prop_assert_eq!(agree(resource, &text)?, sound);
    }

    #[test]
    fn any_text_is_taken_apart_or_not(text in "[{}\\[\\]\",:a-c0 spec]{0,60}") {
        if let Some(parts) = take_apart(text.as_bytes()) {
            for resource in kubescape_api::RESOURCES {
                let _ = resource.write_spec(parts.spec, &mut Vec::new());
            }
        }
    }
}

#[test]
fn what_is_given_twice_is_left_to_the_reader_of_values() {
    let sbom = resource("SBOMSyft");
    for spec in [
        r#"{"syft":{},"syft":{}}"#,
        r#"{"syft":{"artifacts":[{"id":"a","id":"b"}]}}"#,
        r#"{"syft":{"artifacts":[{"metadata":{"a":1,"b":1,"\u0061":2}}]}}"#,
        r#"{"syft":{"artifacts":[{"odd":{"a":1,"a":2}}]}}"#,
        r#"{"odd":1,"odd":2}"#,
    ] {
        assert_eq!(sbom.write_spec(spec, &mut Vec::new()), None, "{spec}");
    }
    for text in [
        r#"{"spec":{},"spec":{}}"#,
        r#"{"spec":{},"kind":"a","kind":"b"}"#,
        r#"{"spec":{},"metadata":{"name":"a","name":"b"}}"#,
    ] {
        assert!(take_apart(text.as_bytes()).is_none(), "{text}");
    }
}

#[test]
fn nesting_ends_where_it_ends_for_values() {
    let sbom = resource("SBOMSyft");
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"spec":{{"syft":{{"artifacts":[{{"metadata":{open}{close}}}]}}}}}}"#)
    };
    for depth in 118..130 {
        let text = nested(depth);
        let spec = take_apart(text.as_bytes()).map(|parts| parts.spec.to_owned());
        let written = spec.is_some_and(|spec| sbom.write_spec(&spec, &mut Vec::new()).is_some());
        assert_eq!(written, parse(text.as_bytes()).is_ok(), "{depth}");
    }
    // Far deeper nesting ends early, too.
    let deep = nested(1_000_000);
    if let Some(parts) = take_apart(deep.as_bytes()) {
        assert!(sbom.write_spec(parts.spec, &mut Vec::new()).is_none());
    }
}

#[test]
fn huge_objects_with_fields_in_bad_order_take_linear_time_and_memory() {
    let sbom = resource("SBOMSyft");
    let mut free = String::new();
    for number in (0..300_000).rev() {
        let _ = write!(free, "\"{number:06}\":0,");
    }
    let spec = format!(r#"{{"syft":{{"artifacts":[{{"metadata":{{{free}"z":0}}}}]}}}}"#);
    let mut out = Vec::new();
    assert!(sbom.write_spec(&spec, &mut out).is_some());
    assert!(out.capacity() < 4 * spec.len());
}

#[test]
fn the_deepest_text_fits_the_stack_of_a_worker() {
    let deep = |steps: usize| {
        let (open, close) = (r#"{"a":"#.repeat(steps), "}".repeat(steps));
        format!(r#"{{"syft":{{"artifacts":[{{"metadata":{open}1{close}}}]}}}}"#)
    };
    let sbom = resource("SBOMSyft");
    // Threads of the server have 2 MiB, and this is the slow and large debug build.
    let worker = std::thread::Builder::new().stack_size(1 << 20);
    let depths = worker.spawn(move || {
        let written = |steps| sbom.write_spec(&deep(steps), &mut Vec::new()).is_some();
        (written(100), written(200), written(100_000))
    });
    assert_eq!(depths.unwrap().join().unwrap(), (true, false, false));
}

#[test]
fn a_null_among_items_whose_zero_breaks_a_rule_is_left_to_the_reader_of_values() {
    let profiles = resource("ContainerProfile");
    let written = |spec| profiles.write_spec(spec, &mut Vec::new());
    assert_eq!(written(r#"{"matchExpressions":[null]}"#), None);
    assert!(written(r#"{"capabilities":["a",null]}"#).is_some());
}
