//! GET and LIST of computed kinds.

use http::Response;
use kubescape_api::GROUP;
use kubescape_apimachinery::Failure;
use kubescape_apimachinery::negotiate::Target;
use kubescape_apimachinery::options::{GetOptions, ListOptions, Spec};
use kubescape_apimachinery::render::ListMeta;
use kubescape_runtime::serve::Body;
use kubescape_store::{At, Filter, Object};
use serde_json::Value;

use super::call::Call;
use super::get::{one, text, view};
use super::list::{Writer, view_of_many};
use super::pages::Pages;
use super::render::as_stored;
use crate::clock::now;
use crate::computed::{Failure as Computed, SOURCES};
use crate::lanes::Lane;

/// Policies of one list; each is made of a body, so that more would take the
/// memory of the process.
const MOST_POLICIES: usize = 5_000;

pub(super) async fn get(call: &Call) -> Result<Response<Body>, Failure> {
    let options = GetOptions::parse(&call.query)?;
    let representation = call.accepted(Target::Object)?;
    let view = view(call, representation, options.spec)?;
    let _turn = call.enter(Lane::Light).await?;
    let now = now();
    let found = match call.resource.kind {
        "ConfigurationScanSummary" => call.server.configurations.get(&call.name, &now).await,
        "VulnerabilitySummary" => call.server.vulnerabilities.get(&call.name, &now).await,
        _ => {
            let policy = call.server.policies.get(&call.namespace, &call.name, &now);
            Ok(Some(policy.await.map_err(|error| computed(call, error))?))
        }
    };
    let object = found
        .map_err(|error| call.failed(&error))?
        .ok_or_else(|| call.not_found())?;
    let (meta, body) = as_stored(call.resource, &object);
    let body = (options.spec != Spec::Metadata).then_some(&body);
    one(&view, representation.format, &meta, body).await
}

pub(super) async fn list(call: &Call) -> Result<Response<Body>, Failure> {
    let options = ListOptions::parse(&call.query)?;
    let representation = call.accepted(Target::List)?;
    let view = view_of_many(call, representation, &options)?;
    let _turn = call.enter(Lane::Light).await?;
    let version = call.store().resource_version().await;
    let version = version.map_err(|error| call.failed(&error))?;
    let now = now();
    let objects = match call.resource.kind {
        "ConfigurationScanSummary" => call.server.configurations.all(&now).await,
        "VulnerabilitySummary" => call.server.vulnerabilities.all(&now).await,
        _ => Ok(policies(call, &options, &now).await?),
    };
    let objects = objects.map_err(|error| call.failed(&error))?;
    let mut writer = Writer::start(view, Vec::new());
    for value in objects {
        let (meta, body) = as_stored(call.resource, &value);
        let key = &meta.key;
        let chosen = options.field_selector.matches(&key.namespace, &key.name)
            && options.label_selector.matches(&meta.labels);
        if chosen {
            let object = Object {
                meta: meta.into(),
                body: (options.spec != Spec::Metadata).then_some(body),
            };
            writer.item(&object)?;
        }
    }
    let meta = ListMeta {
        resource_version: version,
        ..ListMeta::default()
    };
    text(200, representation.format, writer.finish(&meta)).await
}

/// The policies of all sources, the older kind first; of one workload one only.
async fn policies(call: &Call, options: &ListOptions, now: &str) -> Result<Vec<Value>, Failure> {
    let mut made: Vec<Value> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for resource in SOURCES {
        let mut filter = Filter::all(resource);
        if !call.namespace.is_empty() {
            filter.namespace = Some(call.namespace.clone());
        }
        let fields = options.field_selector.clone();
        let pages = Pages::start(call.store().clone(), filter, At::Now, false, fields, 0);
        let mut pages = pages.await.map_err(|error| call.failed(&error))?;
        while let Some(source) = pages.next().await.map_err(|error| call.failed(&error))? {
            let policy = match call.server.policies.of(&source.meta, now).await {
                Ok(policy) => policy,
                // Gone or changed meanwhile.
                Err(Computed::Store(kubescape_store::Error::Compacted { .. })) => continue,
                Err(error) => return Err(computed(call, error)),
            };
            let text = |key: &str| {
                let value = policy["metadata"][key].as_str();
                value.unwrap_or_default().to_owned()
            };
            if seen.insert((text("namespace"), text("name"))) {
                made.push(policy);
            }
            if made.len() > MOST_POLICIES {
                return Err(Failure::bad_request(format!(
                    "there are more than {MOST_POLICIES} policies: list them by namespace"
                )));
            }
        }
    }
    made.sort_by_cached_key(|policy| {
        let text = |key: &str| policy["metadata"][key].as_str().map(str::to_owned);
        (text("namespace"), text("name"))
    });
    Ok(made)
}

fn computed(call: &Call, error: Computed) -> Failure {
    match error {
        // Upstream names the kind that is missing.
        Computed::NoSource => Failure::not_found(GROUP, SOURCES[0], &call.name),
        Computed::Unreadable(why) => Failure::internal(why),
        Computed::Store(error) => call.failed(&error),
    }
}
