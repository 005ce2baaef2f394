//! Credentials for an image's registry: from the pod's pull secrets, its
//! ServiceAccount's, those of registries' scans, and files. Never logged.

mod files;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::ListParams;
use kube::{Api, Client};
use kubescape_commands::{Credential, cloud_of, docker_config, registry_of, registry_secret};
use tokio::time::Instant;

use crate::config::Config;
use crate::schedules::Schedules;
use crate::slim::SlimPod;

/// How long what was read counts.
const FRESH: Duration = Duration::from_mins(1);
/// Secrets and accounts that are remembered.
const REMEMBERED: usize = 1000;
/// Secrets of registries' scans that are read.
const PAGE: u32 = 200;

/// A secret's bytes by key.
type Data = BTreeMap<String, Vec<u8>>;

/// What was read, and when.
type Known = HashMap<String, (Instant, Arc<Vec<Data>>)>;

/// Reads credentials. Clones share the memory.
#[derive(Clone)]
pub(crate) struct Credentials {
    client: Option<Client>,
    namespace: String,
    /// Of recurring scans that this process keeps.
    kept: Option<Schedules>,
    /// A file in Docker's form, or a folder of such.
    files: Option<PathBuf>,
    known: Arc<Mutex<Known>>,
}

/// What was found for an image.
pub(crate) struct Found {
    pub(crate) credentials: Vec<Credential>,
    /// What is missing, with the remedy: without it the scan may fail.
    pub(crate) lacks: Option<String>,
}

impl Credentials {
    pub(crate) fn new(client: Option<Client>, kept: Option<Schedules>, config: &Config) -> Self {
        Self {
            client,
            namespace: config.namespace.clone(),
            kept,
            files: config.registry_credentials.clone(),
            known: Arc::default(),
        }
    }

    /// All for the registry of this image, those nearest to the pod first. What cannot
    /// be read is said once a look and left out: the image may be public.
    pub(crate) async fn of(&self, pod: &SlimPod, image: &str) -> Found {
        let registry = registry_of(image);
        let mut all = Vec::new();
        if let Some(client) = self.client.clone() {
            all.extend(self.of_pod(&client, pod, &registry).await);
            for data in self.registries(&client).await.iter() {
                let read = data
                    .get("registriesAuth")
                    .map(|text| registry_secret(text, &registry));
                let name = format!("{}/kubescape-registry-scan…", self.namespace);
                all.extend(said(read, &name));
            }
        }
        let kept = self.kept.iter().flat_map(Schedules::secrets);
        for text in kept {
            let read = registry_secret(text.reveal().as_bytes(), &registry);
            all.extend(said(Some(read), "schedules.json"));
        }
        if let Some(path) = &self.files {
            for (name, text) in self.read_files(path).await.iter().flatten() {
                all.extend(said(Some(docker_config(text, &registry)), name));
            }
        }
        let mut credentials: Vec<Credential> = Vec::new();
        for one in all {
            if !credentials.contains(&one) {
                credentials.push(one);
            }
        }
        let lacks = cloud_of(&registry)
            .filter(|_| credentials.is_empty())
            .map(|cloud| cloud.lacks(&registry));
        if let Some(lacks) = &lacks {
            tracing::warn!(image, "{lacks}");
        }
        Found { credentials, lacks }
    }

    /// Those of the pod's pull secrets, and of its account's.
    async fn of_pod(&self, client: &Client, pod: &SlimPod, registry: &str) -> Vec<Credential> {
        let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
        let own = pod.spec.image_pull_secrets.iter();
        let mut names: Vec<String> = own.map(|one| one.name.clone()).collect();
        for name in self
            .account_secrets(client, namespace, &pod.spec.service_account_name)
            .await
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut found = Vec::new();
        for name in names.iter().filter(|name| !name.is_empty()) {
            for data in self.secret(client, namespace, name).await.iter() {
                for key in [".dockerconfigjson", ".dockercfg"] {
                    let read = data.get(key).map(|text| docker_config(text, registry));
                    found.extend(said(read, &format!("{namespace}/{name}")));
                }
            }
        }
        found
    }

    /// Files of credentials by their paths.
    async fn read_files(&self, path: &Path) -> Arc<Vec<Data>> {
        let path = path.to_owned();
        self.remember(format!("file {}", path.display()), async move {
            files::read(&path).map(|data| vec![data])
        })
        .await
    }

    /// The names of pull secrets of a ServiceAccount.
    async fn account_secrets(&self, client: &Client, namespace: &str, name: &str) -> Vec<String> {
        let name = if name.is_empty() { "default" } else { name };
        let key = format!("account/{namespace}/{name}");
        let names = self.remember(key, async {
            let api: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
            let account = api.get_opt(name).await?;
            let secrets = account.and_then(|account| account.image_pull_secrets);
            let names = secrets.unwrap_or_default().into_iter();
            Ok::<_, kube::Error>(
                names
                    .map(|one| Data::from([(one.name, Vec::new())]))
                    .collect(),
            )
        });
        names
            .await
            .iter()
            .flat_map(|data| data.keys().cloned())
            .collect()
    }

    async fn secret(&self, client: &Client, namespace: &str, name: &str) -> Arc<Vec<Data>> {
        self.remember(format!("secret/{namespace}/{name}"), async {
            let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
            let found = api.get_opt(name).await?;
            Ok::<_, kube::Error>(found.map(data).into_iter().collect())
        })
        .await
    }

    async fn registries(&self, client: &Client) -> Arc<Vec<Data>> {
        self.remember("registries".to_owned(), async {
            let api: Api<Secret> = Api::namespaced(client.clone(), &self.namespace);
            let ours = |secret: &Secret| {
                let name = secret.metadata.name.as_deref().unwrap_or_default();
                name.starts_with("kubescape-registry-scan")
            };
            let mut params = ListParams::default().limit(PAGE);
            let mut found = Vec::new();
            loop {
                let page = api.list(&params).await?;
                found.extend(page.items.into_iter().filter(ours).map(data));
                let next = page.metadata.continue_.filter(|token| !token.is_empty());
                match next.filter(|_| found.len() < REMEMBERED) {
                    Some(token) => params = params.continue_token(&token),
                    None => return Ok::<_, kube::Error>(found),
                }
            }
        })
        .await
    }

    async fn remember(
        &self,
        key: String,
        read: impl Future<Output = Result<Vec<Data>, impl std::fmt::Display>>,
    ) -> Arc<Vec<Data>> {
        if let Some((when, known)) = self.lock().get(&key)
            && when.elapsed() < FRESH
        {
            return Arc::clone(known);
        }
        let found = match read.await {
            Ok(found) => Arc::new(found),
            Err(error) => {
                tracing::warn!(%error, object = %key, "cannot be read: images of its registry may not be scanned");
                Arc::default()
            }
        };
        let mut known = self.lock();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, (Instant::now(), Arc::clone(&found)));
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn data(secret: Secret) -> Data {
    let data = secret.data.unwrap_or_default().into_iter();
    data.map(|(key, bytes)| (key, bytes.0)).collect()
}

fn said(read: Option<Result<Vec<Credential>, &'static str>>, name: &str) -> Vec<Credential> {
    match read {
        None => Vec::new(),
        Some(Ok(found)) => found,
        Some(Err(problem)) => {
            tracing::warn!(secret = name, problem, "a secret is not usable");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn credentials(files: &Path) -> Credentials {
        Credentials {
            client: None,
            namespace: "kubescape".to_owned(),
            kept: None,
            files: Some(files.to_owned()),
            known: Arc::default(),
        }
    }

    #[tokio::test]
    async fn files_enter_registries_and_what_clouds_lack_is_said() {
        // Given a folder as a Secret is mounted, with a file that is none.
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let auths = json!({"auths": {
            "acme.azurecr.io": {"username": "u", "password": "hunter2"},
            "reg.example": {"auth": "dTpw"}}});
        file("config.json", &auths.to_string());
        file("broken.json", "{");
        file("..data", "{");
        let of = async |image: &str| {
            let credentials = credentials(folder.path());
            credentials.of(&SlimPod::default(), image).await
        };
        let found = of("acme.azurecr.io/web:1").await;
        assert_eq!(found.credentials[0].password, "hunter2");
        assert_eq!(found.lacks, None);
        assert_eq!(of("reg.example/web:1").await.credentials[0].username, "u");
        // A host that only contains the name gets nothing.
        let found = of("reg.example.evil/web:1").await;
        assert!(found.credentials.is_empty() && found.lacks.is_none());
        let found = of("1.dkr.ecr.eu-west-1.amazonaws.com/web:1").await;
        let lacks = found.lacks.unwrap();
        assert!(lacks.contains("aws ecr get-login-password"), "{lacks}");
        // A folder that is not there is no end of the world.
        let credentials = credentials(&folder.path().join("none"));
        let pod = SlimPod::default();
        let found = credentials.of(&pod, "reg.example/web:1").await;
        assert!(found.credentials.is_empty());
    }
}
