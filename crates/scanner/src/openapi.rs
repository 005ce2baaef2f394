//! The OpenAPI document, and a page of it that needs nothing from elsewhere. Pure.

mod insight;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::request::{FIELDS, FieldType};
use crate::routes::{ROUTES, Route, is_guarded};

/// OpenAPI 3.0 of all endpoints.
pub(crate) fn document() -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in &ROUTES {
        let methods = paths.entry(route.path).or_default();
        methods.insert(route.method.to_lowercase(), operation(route));
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Kubescape scanner",
            "description": "Scans the configuration of the cluster that it runs in.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Explanation": insight::explanation(),
                "PostScanRequest": request(),
                "Progress": insight::progress(),
                "Response": response(),
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let parameters: Vec<Value> = route
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "in": "query",
                "description": parameter.text,
                "schema": {"type": parameter.schema},
            })
        })
        .collect();
    let answers: Map<String, Value> = route
        .answers
        .iter()
        .map(|(code, text)| (code.to_string(), answer(route, *code, text)))
        .collect();
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.text,
        "parameters": parameters,
        "responses": answers,
    });
    if route.body {
        let schema = json!({"$ref": "#/components/schemas/PostScanRequest"});
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    if is_guarded(route.path) {
        // An empty choice: without KS_API_TOKEN none is needed.
        operation["security"] = json!([{"token": []}, {}]);
    }
    operation
}

fn answer(route: &Route, code: u16, text: &str) -> Value {
    let mut answer = json!({"description": text});
    let is_json =
        is_guarded(route.path) && code != 204 && !(route.name == "getMetrics" && code == 200);
    if is_json {
        let name = match (route.name, code) {
            ("getExplain", 200) => "Explanation",
            ("getProgress", 200) => "Progress",
            _ => "Response",
        };
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        answer["content"] = json!({"application/json": {"schema": schema}});
    }
    answer
}

fn request() -> Value {
    let text = || json!({"type": "string"});
    let properties: Map<String, Value> = FIELDS
        .iter()
        .map(|field| {
            let mut schema = match field.schema {
                FieldType::Text => text(),
                FieldType::Texts => json!({"type": "array", "items": text()}),
                FieldType::Bool => json!({"type": "boolean"}),
                FieldType::Number => json!({"type": "number"}),
                FieldType::List => json!({"type": "array", "items": {"type": "object"}}),
                FieldType::Object => json!({
                    "type": "object",
                    "required": ["kind", "metadata"],
                    "properties": {
                        "apiVersion": text(),
                        "kind": text(),
                        "metadata": {
                            "type": "object",
                            "required": ["name"],
                            "properties": {"name": text(), "namespace": text()},
                        },
                    },
                }),
            };
            schema["description"] = json!(field.text);
            (field.name.to_owned(), schema)
        })
        .collect();
    json!({"type": "object", "properties": properties})
}

fn response() -> Value {
    json!({
        "type": "object",
        "required": ["id", "type"],
        "properties": {
            "id": {"type": "string", "description": "The scan's UUID; may be empty."},
            "type": {
                "type": "string",
                "enum": ["id", "error", "v1results", "busy", "notBusy"],
            },
            "response": {"description": "A text, or the report."},
        },
    })
}

/// The same for people.
pub(crate) fn page() -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Kubescape scanner</title>\n\
         <style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
         code{background:#8882;padding:0 .2em}table{border-collapse:collapse}\
         td,th{border:1px solid #8886;padding:.2em .6em;text-align:left}\
         :root{color-scheme:light dark}</style></head><body>\n<h1>Kubescape scanner</h1>\n\
         <p>The same as <a href=\"/openapi/v3\">OpenAPI 3</a>.</p>\n",
    );
    for route in &ROUTES {
        write_route(route, &mut page);
    }
    page.push_str("<h2>Body of a scan</h2>\n<table><tr><th>Field<th>\n");
    for field in &FIELDS {
        write_row(field.name, field.text, &mut page);
    }
    page.push_str("</table>\n</body></html>\n");
    page
}

fn write_route(route: &Route, page: &mut String) {
    let Route {
        method, path, text, ..
    } = route;
    // Writing to memory cannot fail.
    let _ = write!(
        page,
        "<h2><code>{method} {path}</code></h2>\n<p>{}</p>\n",
        escaped(text)
    );
    if !route.parameters.is_empty() {
        page.push_str("<table><tr><th>Query<th>\n");
        for parameter in route.parameters {
            write_row(parameter.name, parameter.text, page);
        }
        page.push_str("</table>\n");
    }
    page.push_str("<table><tr><th>Answer<th>\n");
    for (code, text) in route.answers {
        write_row(&code.to_string(), text, page);
    }
    page.push_str("</table>\n");
}

fn write_row(name: &str, text: &str, page: &mut String) {
    let (name, text) = (escaped(name), escaped(text));
    let _ = writeln!(page, "<tr><td><code>{name}</code><td>{text}");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
