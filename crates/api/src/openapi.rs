//! The group's OpenAPI documents, from which kubectl explains, validates and
//! patches. The same schemas give both versions; the bytes never vary.

mod definitions;
mod operations;
mod paths;

use serde_json::{Map, Value, json};

use crate::{API_VERSION, GROUP, VERSION};

/// The version of OpenAPI that a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// 2.0, also called Swagger.
    V2,
    /// 3.0.
    V3,
}

impl Style {
    fn reference(self, definition: &str) -> String {
        match self {
            Self::V2 => format!("#/definitions/{definition}"),
            Self::V3 => format!("#/components/schemas/{definition}"),
        }
    }
}

/// The document of `/openapi/v2` as JSON; the aggregator of Kubernetes merges
/// it into the cluster's.
pub fn v2() -> Value {
    json!({
        "swagger": "2.0",
        "info": info(),
        "paths": paths::paths(Style::V2),
        "definitions": definitions::definitions(Style::V2),
    })
}

/// The document of `/openapi/v3/apis/<group>/v1beta1` as JSON.
pub fn v3() -> Value {
    json!({
        "openapi": "3.0.0",
        "info": info(),
        "paths": paths::paths(Style::V3),
        "components": {"schemas": definitions::definitions(Style::V3)},
    })
}

/// The index at `/openapi/v3`. `hash` names the bytes of [`v3`], so that
/// clients may keep them for ever.
pub fn v3_index(hash: &str) -> Value {
    let address = format!("/openapi/v3/apis/{API_VERSION}?hash={hash}");
    let mut paths = Map::new();
    paths.insert(
        format!("apis/{API_VERSION}"),
        json!({"serverRelativeURL": address}),
    );
    json!({"paths": paths})
}

fn info() -> Value {
    json!({"title": "Kubescape", "version": VERSION})
}

fn group_version_kind(kind: &str) -> Value {
    json!({"group": GROUP, "version": VERSION, "kind": kind})
}
