//! The workloads in a scope.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use kubescape_commands::Expansion;

use crate::dispatch::Dispatcher;

/// Pods on a page.
const PAGE: u32 = 500;
/// Times a list that expired is begun anew.
const ANEW: u32 = 3;

/// What a scope holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each workload once, in order.
    pub(crate) wlids: BTreeSet<String>,
    /// Pods of CronJobs and of namespaces that are left out.
    pub(crate) skipped: usize,
}

/// Lists the pods, page by page, and finds the workloads that they belong to.
pub(crate) async fn workloads(dispatcher: &Dispatcher, scope: &Expansion) -> Result<Found, String> {
    let mut found = Found::default();
    for namespace in &scope.namespaces {
        let mut tries = 0;
        while !list(dispatcher, scope, namespace.as_deref(), &mut found).await? {
            tries += 1;
            if tries > ANEW {
                return Err("the list of pods expired again and again".to_owned());
            }
        }
    }
    Ok(found)
}

/// False when the list expired before its end.
async fn list(
    dispatcher: &Dispatcher,
    scope: &Expansion,
    namespace: Option<&str>,
    found: &mut Found,
) -> Result<bool, String> {
    let client = dispatcher.client()?;
    let config = dispatcher.config();
    let api: Api<Pod> = match namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let mut params = ListParams::default().limit(PAGE);
    if !scope.labels.is_empty() {
        params = params.labels(&scope.labels);
    }
    if !scope.fields.is_empty() {
        params = params.fields(&scope.fields);
    }
    loop {
        let page = match api.list_metadata(&params).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == 410 => return Ok(false),
            Err(error) => return Err(format!("cannot list pods: {error}")),
        };
        for pod in &page.items {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
            if !config.wants(namespace) {
                found.skipped += 1;
                continue;
            }
            match dispatcher
                .owners()
                .wlid(&config.cluster, &pod.metadata)
                .await?
            {
                Some(wlid) => {
                    found.wlids.insert(wlid.to_string());
                }
                None => found.skipped += 1,
            }
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(true),
        }
    }
}
