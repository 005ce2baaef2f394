//! Input that means harm: nothing panics, nothing grows without bound.

use kubescape_api::schema::{Object, Schema};
use kubescape_api::{DEEPEST, MOST_REPORTED, RESOURCES, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::resource;

/// Any JSON, with the names of real fields among its keys, so that it gets deep
/// into the schemas.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("")),
    ];
    let names = names();
    leaf.prop_recursive(8, 128, 8, move |inner| {
        let key = prop_oneof![3 => prop::sample::select(names.clone()), 1 => ".{0,6}".prop_map(String::from)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A value that mostly fits a schema, at random places not.
fn fitting(schema: Schema, choices: &mut impl Iterator<Item = u8>, depth: usize) -> Value {
    let choice = choices.next().unwrap_or(0);
    if choice < 20 || depth > 12 {
        return match choice % 5 {
            0 => Value::Null,
            1 => json!(""),
            2 => json!([]),
            3 => json!({}),
            _ => json!(i64::from(choice) - 10),
        };
    }
    match schema {
        Schema::String | Schema::OrString(_) | Schema::ListOrOne(_) | Schema::Time => json!("text"),
        Schema::Int32 | Schema::Int64 | Schema::IntOrString => json!(choice),
        Schema::Number => json!(0.5),
        Schema::Bool => json!(choice > 128),
        Schema::Any => json!({"any": [1]}),
        Schema::Object(object) => {
            let mut fields = serde_json::Map::new();
            for field in object.all_fields() {
                if choices.next().is_some_and(|choice| choice > 80) {
                    let value = fitting(field.schema, choices, depth + 1);
                    fields.insert(field.name.to_owned(), value);
                }
            }
            Value::Object(fields)
        }
        Schema::List(item) => (0..choice % 3)
            .map(|_| fitting(*item, choices, depth + 1))
            .collect(),
        Schema::Map(item) => json!({"key": fitting(*item, choices, depth + 1)}),
    }
}

fn names() -> Vec<String> {
    fn walk(object: &'static Object, names: &mut Vec<String>, depth: usize) {
        for field in object.all_fields().filter(|_| depth < 6) {
            names.push(field.name.to_owned());
            let mut schema = field.schema;
            while let Some(inner) = schema.items() {
                schema = inner;
            }
            if let Schema::Object(inner) = schema {
                walk(inner, names, depth + 1);
            }
        }
    }
    let mut names = vec!["items".to_owned()];
    for one in RESOURCES {
        walk(one.object, &mut names, 0);
    }
    names.sort();
    names.dedup();
    names
}

fn stays_calm(object: &Value) {
    for one in RESOURCES {
        let errors = one.validate(object);
        assert!(errors.len() <= MOST_REPORTED);
        assert!(one.unknown_fields(object).len() <= MOST_REPORTED);
        let mut once = object.clone();
        one.normalize(&mut once);
        let mut twice = once.clone();
        one.normalize(&mut twice);
        assert_eq!(once, twice, "normalizing {} twice", one.kind);
        let kept = one.columns(&once);
        assert_eq!(
            one.cells("n", None, &kept).len(),
            one.column_definitions().len()
        );
        one.prune(&mut once);
        assert_eq!(one.unknown_fields(&once), Vec::<String>::new());
    }
}

proptest! {
    #[test]
    fn any_json_is_taken_calmly(object in any_json()) {
        stays_calm(&object);
    }

    #[test]
    fn objects_that_nearly_fit_are_taken_calmly(kind in 0..22_usize, choices in prop::collection::vec(any::<u8>(), 1..800)) {
        let one = &RESOURCES[kind];
        let mut object = fitting(one.schema(), &mut choices.into_iter(), 0);
        let before = one.validate(&object);
        let mut normal = object.clone();
        one.normalize(&mut normal);
        let mut twice = normal.clone();
        one.normalize(&mut twice);
        prop_assert_eq!(&normal, &twice);
        if before.is_empty() {
            // What was good stays good, whatever form it gets.
            let required: Vec<_> = one.validate(&normal).into_iter().filter(|error| error.error_type != kubescape_api::ErrorType::Required && !error.path.ends_with("threshold")).collect();
            prop_assert_eq!(required, vec![], "{}", object);
        }
        one.prune(&mut object);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let ours = parse(&bytes);
        let theirs = serde_json::from_slice::<Value>(&bytes);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok());
    }

    #[test]
    fn good_json_is_read_as_serde_reads_it(object in any_json()) {
        let parsed = parse(object.to_string().as_bytes()).expect("JSON");
        let theirs: Value = serde_json::from_str(&object.to_string()).expect("JSON");
        prop_assert_eq!(parsed.value, theirs);
        prop_assert!(parsed.duplicates.is_empty());
    }
}

#[test]
fn call_stacks_deeper_than_we_look_are_refused_not_walked() {
    let mut node = json!({});
    for _ in 0..DEEPEST {
        node = json!({"children": [node]});
    }
    let object = json!({"spec": {"identifiedCallStacks": [{"callStack": {"root": node}}]}});
    let profile = resource("ContainerProfile");
    let errors = profile.validate(&object);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].detail.contains("nested deeper"), "{}", errors[0]);
    let mut once = object.clone();
    profile.normalize(&mut once);
    let mut twice = once.clone();
    profile.normalize(&mut twice);
    assert_eq!(once, twice);
}

#[test]
fn deep_json_and_bad_text_are_refused_while_reading() {
    assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    assert!(parse(b"{\"a\": \"\xff\"}").is_err());
    assert!(parse(b"{} {}").is_err());
    assert!(parse(b"").is_err());
}

#[test]
fn a_million_faults_are_told_in_a_hundred() {
    let bad: Vec<Value> = (0..200_000)
        .map(|_| json!({"ipBlock": "nowhere", "odd": 1}))
        .collect();
    let object = json!({"spec": bad});
    let servers = resource("KnownServer");
    assert_eq!(servers.validate(&object).len(), MOST_REPORTED);
    assert_eq!(servers.unknown_fields(&object).len(), MOST_REPORTED);
    let body = format!("{{{}}}", vec![r#""a":1"#; 100_000].join(","));
    assert_eq!(parse(body.as_bytes()).expect("JSON").duplicates, ["a"]);
}

#[test]
fn long_values_are_quoted_in_part() {
    let object = json!({"spec": [{"ipBlock": "é".repeat(1_000_000)}]});
    let errors = resource("KnownServer").validate(&object);
    assert!(errors[0].to_string().len() < 400);
}

#[test]
fn long_keys_are_named_in_part() {
    let key = "é".repeat(1_000_000);
    let object = json!({"metadata": {"labels": {key.clone(): 5}}, key.clone(): 5});
    let servers = resource("KnownServer");
    assert!(servers.validate(&object)[0].path.len() < 400);
    assert!(servers.unknown_fields(&object)[0].len() < 400);
    let body = format!("{{{key:?}: {{{}}}}}", vec![r#""a":1"#; 100_000].join(","));
    let duplicates = parse(body.as_bytes()).expect("JSON").duplicates;
    assert!(duplicates.len() == 1 && duplicates[0].len() < 400);
}
