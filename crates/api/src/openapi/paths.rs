//! The paths of the group and what can be done at each.

use serde_json::{Map, Value, json};

use crate::openapi::Style;
use crate::openapi::definitions::{list_name, reference};
use crate::openapi::operations::{Action, Operation, TAG, TAG_PASCAL, answers, path_parameters};
use crate::resource::Resource;
use crate::{API_VERSION, GROUP, RESOURCES, meta};

/// Every path, with its operations.
pub(super) fn paths(style: Style) -> Value {
    let mut paths = Map::new();
    paths.insert(format!("/apis/{API_VERSION}/"), discovery(style));
    for resource in RESOURCES {
        let plural = resource.plural;
        let base = if resource.namespaced() {
            format!("/apis/{API_VERSION}/namespaces/{{namespace}}/{plural}")
        } else {
            format!("/apis/{API_VERSION}/{plural}")
        };
        paths.insert(format!("{base}/{{name}}"), item(style, resource));
        paths.insert(base, collection(style, resource));
        if resource.namespaced() {
            let everywhere = format!("/apis/{API_VERSION}/{plural}");
            paths.insert(everywhere, all_namespaces(style, resource));
        }
    }
    Value::Object(paths)
}

fn discovery(style: Style) -> Value {
    let schema = reference(style, &meta::API_RESOURCE_LIST);
    let produces = ["application/json", "application/yaml"];
    let mut get = json!({
        "operationId": format!("get{TAG_PASCAL}APIResources"),
        "description": format!("get the resources of {GROUP}"),
        "tags": [TAG],
        "responses": answers(style, &[("200", "OK")], &produces, &schema),
    });
    if style == Style::V2 {
        get["schemes"] = json!(["https"]);
        get["produces"] = json!(produces);
        get["consumes"] = json!(produces);
    }
    json!({"get": get})
}

fn list_action(resource: &Resource) -> Action {
    if resource.computed {
        Action::ListComputed
    } else {
        Action::List
    }
}

fn collection(style: Style, resource: &Resource) -> Value {
    let mut actions = vec![list_action(resource)];
    if !resource.computed {
        actions.extend([Action::Create, Action::DeleteCollection]);
    }
    path(style, resource, &actions, place(resource), "")
}

fn item(style: Style, resource: &Resource) -> Value {
    let mut actions = vec![Action::Get];
    if !resource.computed {
        actions.extend([Action::Replace, Action::Patch, Action::Delete]);
    }
    let mut path = path(style, resource, &actions, place(resource), "");
    path["parameters"] = path_parameters(style, resource.namespaced(), true);
    path
}

fn all_namespaces(style: Style, resource: &Resource) -> Value {
    let mut path = path(
        style,
        resource,
        &[list_action(resource)],
        "",
        "ForAllNamespaces",
    );
    path["parameters"] = path_parameters(style, false, false);
    path
}

fn place(resource: &Resource) -> &'static str {
    if resource.namespaced() {
        "Namespaced"
    } else {
        ""
    }
}

fn path(style: Style, resource: &Resource, actions: &[Action], place: &str, suffix: &str) -> Value {
    let mut path = Map::new();
    for &action in actions {
        let object = reference(style, resource.object);
        let body = match action {
            Action::Create | Action::Replace => Some(object.clone()),
            Action::Patch => Some(reference(style, &meta::PATCH)),
            Action::Delete | Action::DeleteCollection => {
                Some(reference(style, &meta::DELETE_OPTIONS))
            }
            Action::Get | Action::List | Action::ListComputed => None,
        };
        let answer = match action {
            Action::List | Action::ListComputed => {
                json!({"$ref": style.reference(&list_name(resource))})
            }
            Action::Delete | Action::DeleteCollection => reference(style, &meta::STATUS),
            _ => object,
        };
        let operation = Operation {
            action,
            kind: resource.kind,
            object: resource.object,
            place,
            suffix,
            body,
            answer,
        };
        path.insert(action.method().to_owned(), operation.render(style));
    }
    let namespaced = resource.namespaced();
    path.insert(
        "parameters".to_owned(),
        path_parameters(style, namespaced, false),
    );
    Value::Object(path)
}
