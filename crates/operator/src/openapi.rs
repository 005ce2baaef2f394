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
GET  /v1/schedules       the recurring scans, and when each comes next
GET  /v1/schedules/{name} one of them
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

fn schedule() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "kind": {"type": "string", "enum": ["configurations", "images", "registry"]},
            "schedule": text("cron expression"),
            "timeZone": {"type": "string"},
            "suspended": {"type": "boolean"},
            "body": {"type": "object", "description":
                "what is posted; of CronJobs it is in the ConfigMap of the same name"},
            "hasCredentials": {"type": "boolean"},
            "lastRun": {"type": "string", "format": "date-time"},
            "nextRun": {"type": "string", "format": "date-time"},
        },
    })
}

/// The paths of recurring scans; `content` makes an answer of its text and schema, and
/// `name` is the parameter.
fn schedules(
    content: impl Fn(&str, Value) -> Value,
    reference: &str,
    name: &Value,
) -> [(String, Value); 2] {
    let one = json!({ "$ref": reference });
    let list = json!({"type": "object", "properties": {
        "schedules": {"type": "array", "items": one},
        "keptBy": {"type": "string", "enum": ["internal", "cronjobs"]},
    }});
    let absent = json!({"description": "The cluster does not list them now"});
    let all = json!({"get": {
        "summary": "The recurring scans, and when each comes next",
        "responses": {"200": content("Recurring scans", list), "503": absent},
    }});
    let single = json!({"get": {
        "summary": "One recurring scan",
        "parameters": [name],
        "responses": {
            "200": content("The recurring scan", one),
            "404": {"description": "There is no such recurring scan"},
            "503": absent,
        },
    }});
    [
        ("/v1/schedules".to_owned(), all),
        ("/v1/schedules/{name}".to_owned(), single),
    ]
}

/// The document with more paths.
fn with_paths(mut document: Value, more: [(String, Value); 2]) -> Value {
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.extend(more);
    }
    document
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
    let name =
        json!({"name": "name", "in": "path", "required": true, "schema": {"type": "string"}});
    let more = schedules(json_of, "#/components/schemas/RecurringScan", &name);
    let document = json!({
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
        "components": {"schemas":
            {"Commands": commands(), "Job": job(), "RecurringScan": schedule()}},
    });
    with_paths(document, more)
}

fn v2() -> Value {
    let list = json!({"type": "object", "properties": {
        "jobs": {"type": "array", "items": {"$ref": "#/definitions/Job"}},
        "kept": {"type": "integer"},
    }});
    let json_of = |about: &str, schema: Value| json!({"description": about, "schema": schema});
    let name = json!({"name": "name", "in": "path", "required": true, "type": "string"});
    let more = schedules(json_of, "#/definitions/RecurringScan", &name);
    let document = json!({
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
        "definitions": {"Commands": commands(), "Job": job(), "RecurringScan": schedule()},
    });
    with_paths(document, more)
}
