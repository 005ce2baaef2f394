//! The API's description, in both forms.

use http::Response;
use kubescape_runtime::serve::{Body, text};
use serde_json::{Value, json};

/// The page of a path, if it is one.
pub(crate) fn page(path: &str) -> Option<Response<Body>> {
    match path {
        "/openapi/v3" => Some(text(200, "application/json", v3().to_string())),
        // JSON is YAML.
        "/openapi/v2/swagger.yaml" => Some(text(200, "application/yaml", v2().to_string())),
        "/openapi/v2/docs" | "/openapi/v2/rapi" | "/openapi/v2/swaggerui" => {
            Some(text(200, "text/plain; charset=utf-8", DOCS))
        }
        _ => None,
    }
}

/// Pages with programs from elsewhere would need the internet.
const DOCS: &str = "\
POST /v1/triggerAction   carry out commands: {\"commands\":[{\"commandName\":\"scan\",…}]}; 200 ok once taken
GET  /v1/jobs?limit=N    the newest jobs
GET  /v1/jobs/{jobID}    one job
GET  /openapi/v2/swagger.yaml, /openapi/v3   this, for programs
";

fn command() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    let names = kubescape_commands::CommandName::ALL.map(|(name, _)| name);
    json!({
        "type": "object",
        "required": ["commandName"],
        "properties": {
            "commandName": {"type": "string", "enum": names},
            "responseID": text("kept for the sender"),
            "wlid": text("one workload: wlid://cluster-<c>/namespace-<ns>/<kind>-<name>"),
            "wildWlid": text("a scope: wlid://cluster-<c>[/namespace-<ns>]"),
            "sid": text("not used"),
            "wildSid": text("not used"),
            "designators": {"type": "array", "items": {
                "type": "object",
                "properties": {
                    "designatorType": {"type": "string"},
                    "attributes": {"type": "object", "description": "namespace"},
                },
            }},
            "jobTracking": {"type": "object", "properties": {
                "jobID": {"type": "string"},
                "parentAction": {"type": "string"},
                "numSeq": {"type": "integer"},
                "timestamp": {"type": "string", "format": "date-time"},
            }},
            "args": {"type": "object", "description":
                "scanV1, jobParams, labels, fieldSelector, containerToImageIDs, registryInfo-v1"},
        },
    })
}

fn commands() -> Value {
    json!({
        "type": "object",
        "required": ["commands"],
        "properties": {"commands": {"type": "array", "items": command()}},
    })
}

fn job() -> Value {
    json!({
        "type": "object",
        "properties": {
            "jobID": {"type": "string"},
            "parentID": {"type": "string"},
            "commandName": {"type": "string"},
            "target": {"type": "string"},
            "status": {"type": "string", "enum": ["queued", "running", "done", "failure"]},
            "message": {"type": "string"},
            "createdAt": {"type": "string", "format": "date-time"},
            "endedAt": {"type": "string", "format": "date-time"},
        },
    })
}

const REFUSALS: [(&str, &str); 6] = [
    ("400", "The body is not as described."),
    ("405", "The method is another."),
    ("408", "The body stopped coming."),
    ("413", "The body is too large, or has too many commands."),
    ("429", "The queue is full."),
    ("503", "The operator is shutting down."),
];

fn answers(ok: &Value) -> Value {
    let mut answers = json!({ "200": ok });
    if let Some(answers) = answers.as_object_mut() {
        for (code, about) in REFUSALS {
            answers.insert(code.to_owned(), json!({ "description": about }));
        }
    }
    answers
}

fn info() -> Value {
    json!({"title": "Kubescape operator", "version": env!("CARGO_PKG_VERSION")})
}

fn v3() -> Value {
    let json_of = |about: &str, schema: Value| json!({"description": about, "content": {"application/json": {"schema": schema}}});
    let list = json!({"type": "object", "properties": {
        "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
        "kept": {"type": "integer"},
    }});
    json!({
        "openapi": "3.0.3",
        "info": info(),
        "paths": {
            "/v1/triggerAction": {"post": {
                "summary": "Carry out commands",
                "requestBody": {"required": true, "content": {"application/json":
                    {"schema": {"$ref": "#/components/schemas/Commands"}}}},
                "responses": answers(&json!({"description": "All were taken: ok"})),
            }},
            "/v1/jobs": {"get": {
                "summary": "The newest jobs",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"200": json_of("Jobs", list)},
            }},
            "/v1/jobs/{jobID}": {"get": {
                "summary": "One job",
                "parameters": [{"name": "jobID", "in": "path", "required": true,
                    "schema": {"type": "string"}}],
                "responses": {
                    "200": json_of("The job", json!({"$ref": "#/components/schemas/Job"})),
                    "404": {"description": "There is no such job, or no longer"},
                },
            }},
        },
        "components": {"schemas": {"Commands": commands(), "Job": job()}},
    })
}

fn v2() -> Value {
    let list = json!({"type": "object", "properties": {
        "jobs": {"type": "array", "items": {"$ref": "#/definitions/Job"}},
        "kept": {"type": "integer"},
    }});
    json!({
        "swagger": "2.0",
        "info": info(),
        "paths": {
            "/v1/triggerAction": {"post": {
                "summary": "Carry out commands",
                "consumes": ["application/json"],
                "parameters": [{"name": "commands", "in": "body", "required": true,
                    "schema": {"$ref": "#/definitions/Commands"}}],
                "responses": answers(&json!({"description": "All were taken: ok"})),
            }},
            "/v1/jobs": {"get": {
                "summary": "The newest jobs",
                "parameters": [{"name": "limit", "in": "query", "type": "integer"}],
                "responses": {"200": {"description": "Jobs", "schema": list}},
            }},
            "/v1/jobs/{jobID}": {"get": {
                "summary": "One job",
                "parameters": [{"name": "jobID", "in": "path", "required": true, "type": "string"}],
                "responses": {
                    "200": {"description": "The job", "schema": {"$ref": "#/definitions/Job"}},
                    "404": {"description": "There is no such job, or no longer"},
                },
            }},
        },
        "definitions": {"Commands": commands(), "Job": job()},
    })
}
