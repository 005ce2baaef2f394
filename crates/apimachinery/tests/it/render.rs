//! Answers put together from stored texts.

use kubescape_apimachinery::Failure;
use kubescape_apimachinery::render::{
    EventType, Include, ListMeta, ListRenderer, Row, Stored, TableRenderer, bookmark, error_event,
    event, partial_metadata, splice_resource_version, store_form, table_bookmark_object,
    table_event_object,
};
use serde_json::{Value, json};

fn stored(name: &str) -> Stored {
    store_form(&json!({
        "apiVersion": "g/v1", "kind": "Thing",
        "metadata": {"name": name, "resourceVersion": "1"}, "spec": {"n": 1},
    }))
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_list_streams_piece_by_piece() {
    let mut sent = Vec::new();
    let mut buffer = Vec::new();
    let mut list = ListRenderer::start("g/v1", "ThingList", &mut buffer);
    for (name, version) in [("a", 4), ("b", 5)] {
        list.item(&mut buffer);
        assert!(splice_resource_version(
            &stored(name).body,
            version,
            &mut buffer
        ));
        sent.append(&mut buffer);
    }
    let meta = ListMeta {
        resource_version: 9,
        continue_token: "next".into(),
        remaining_item_count: Some(3),
    };
    list.finish(&meta, &mut sent);
    let expected = json!({
        "kind": "ThingList", "apiVersion": "g/v1",
        "metadata": {"resourceVersion": "9", "continue": "next", "remainingItemCount": 3},
        "items": [
            {"apiVersion": "g/v1", "kind": "Thing", "metadata": {"name": "a", "resourceVersion": "4"}, "spec": {"n": 1}},
            {"apiVersion": "g/v1", "kind": "Thing", "metadata": {"name": "b", "resourceVersion": "5"}, "spec": {"n": 1}},
        ],
    });
    assert_eq!(parse(&sent), expected);
}

#[test]
fn an_empty_list_has_items() {
    let mut out = Vec::new();
    let list = ListRenderer::start_metadata(false, &mut out);
    list.finish(&ListMeta::default(), &mut out);
    let expected = json!({
        "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "0"}, "items": [],
    });
    assert_eq!(parse(&out), expected);
}

#[test]
fn partial_metadata_is_a_kind_of_its_own() {
    let mut out = Vec::new();
    assert!(partial_metadata(&stored("a").metadata, 6, true, &mut out));
    let expected = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1beta1",
        "metadata": {"name": "a", "resourceVersion": "6"},
    });
    assert_eq!(parse(&out), expected);
    assert!(partial_metadata("{}", 6, false, &mut Vec::new()));
    assert!(!partial_metadata("null", 6, false, &mut Vec::new()));
}

#[test]
fn a_table_has_rows_with_as_much_as_was_asked_for() {
    let columns = [json!({"name": "Name", "type": "string"})];
    let cells = [json!("a")];
    let stored = stored("a");
    let row = Row {
        cells: &cells,
        metadata: &stored.metadata,
        body: Some(&stored.body),
        resource_version: 4,
    };
    let object = |include| {
        let mut out = Vec::new();
        let mut table = TableRenderer::start(Some(&columns), include, false, &mut out);
        assert!(table.row(&row, &mut out));
        assert!(table.row(&row, &mut out));
        table.finish(&ListMeta::default(), &mut out);
        let table = parse(&out);
        assert_eq!(table["kind"], "Table");
        assert_eq!(table["columnDefinitions"], json!(columns));
        assert_eq!(table["rows"][1]["cells"], json!(["a"]));
        table["rows"][0]["object"].clone()
    };
    assert_eq!(object(Include::None), Value::Null);
    assert_eq!(object(Include::Metadata)["kind"], "PartialObjectMetadata");
    assert_eq!(object(Include::Object)["kind"], "Thing");
    assert_eq!(object(Include::Object)["metadata"]["resourceVersion"], "4");
}

#[test]
fn a_row_that_cannot_be_written_leaves_no_trace() {
    let mut out = Vec::new();
    let mut table = TableRenderer::start(None, Include::Object, false, &mut out);
    let before = out.clone();
    let row = Row {
        cells: &[],
        metadata: "{}",
        body: None,
        resource_version: 1,
    };
    assert!(!table.row(&row, &mut out));
    assert_eq!(out, before);
}

#[test]
fn watch_events_are_lines() {
    let mut out = Vec::new();
    let mut object = Vec::new();
    assert!(splice_resource_version(&stored("a").body, 4, &mut object));
    event(EventType::Added, &object, &mut out);
    bookmark("g/v1", "Thing", 5, true, &mut out);
    bookmark("g/v1", "Thing", 6, false, &mut out);
    error_event(
        &Failure::expired("too old resource version: 1 (5)"),
        &mut out,
    );
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| parse(line.as_bytes())).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["type"], "ADDED");
    assert_eq!(lines[0]["object"]["metadata"]["resourceVersion"], "4");
    let end = json!({"type": "BOOKMARK", "object": {
        "kind": "Thing", "apiVersion": "g/v1",
        "metadata": {"resourceVersion": "5", "creationTimestamp": null, "annotations": {"k8s.io/initial-events-end": "true"}},
    }});
    assert_eq!(lines[1], end);
    assert_eq!(lines[2]["object"]["metadata"].get("annotations"), None);
    assert_eq!(
        (&lines[3]["type"], &lines[3]["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
}

#[test]
fn tables_of_events_have_headings_only_once() {
    let stored = stored("a");
    let cells = [json!("a")];
    let row = Row {
        cells: &cells,
        metadata: &stored.metadata,
        body: None,
        resource_version: 4,
    };
    let columns = [json!({"name": "Name"})];
    let first = table_event_object(Some(&columns), Include::Metadata, false, &row).unwrap();
    assert!(!first.contains(&b'\n'));
    assert_eq!(parse(&first)["metadata"]["resourceVersion"], "4");
    let later = table_event_object(None, Include::Metadata, false, &row).unwrap();
    assert_eq!(parse(&later)["columnDefinitions"], Value::Null);
    let end = parse(&table_bookmark_object(None, false, &[json!("")], 9, true));
    let metadata = &end["rows"][0]["object"]["metadata"];
    assert_eq!(metadata["resourceVersion"], "9");
    assert_eq!(metadata["annotations"]["k8s.io/initial-events-end"], "true");
}
