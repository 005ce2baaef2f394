//! Credentials of registries, and which image they are for.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::fold::{field, text_of};

/// A user of a registry. Printed without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Who.
    pub username: String,
    /// The secret.
    pub password: String,
    /// The secret in Docker's form, or the method of registries' secrets.
    pub auth: String,
    /// The registry.
    pub server: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.server)
    }
}

impl Credential {
    pub(crate) fn to_value(&self) -> Value {
        let mut object = Map::new();
        for (key, text) in [
            ("username", &self.username),
            ("password", &self.password),
            ("auth", &self.auth),
            ("serveraddress", &self.server),
        ] {
            if !text.is_empty() {
                object.insert(key.to_owned(), json!(text));
            }
        }
        Value::Object(object)
    }
}

/// The registry's host (with its port) of an image's name, as containers' runtimes
/// find it: `docker.io` where the name has none.
pub fn registry_of(image: &str) -> String {
    let first = image.split_once('/').map_or("", |(first, _)| first);
    if first.contains(['.', ':']) || first == "localhost" {
        canonical(first)
    } else {
        "docker.io".to_owned()
    }
}

/// The host of a registry as secrets write it: with scheme, path, or an old name.
fn host(server: &str) -> String {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    canonical(rest.split('/').next().unwrap_or_default())
}

fn canonical(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        _ => host,
    }
}

/// All entries for a registry of a pull secret: `.dockerconfigjson`, or the older
/// `.dockercfg`, which is the map of registries itself.
///
/// # Errors
///
/// It is not of that form. No value is quoted.
pub fn docker_config(text: &[u8], registry: &str) -> Result<Vec<Credential>, &'static str> {
    let value: Value = serde_json::from_slice(text).map_err(|_| "is not JSON")?;
    let object = value.as_object().ok_or("is not an object")?;
    let entries = match field(object, "auths") {
        Some(auths) => auths.as_object().ok_or("has auths that are no object")?,
        None => object,
    };
    let mut found = Vec::new();
    for (server, entry) in entries {
        let Some(entry) = entry.as_object().filter(|_| host(server) == registry) else {
            continue;
        };
        let text = |name| text_of(entry, name).unwrap_or_default().to_owned();
        let mut credential = Credential {
            username: text("username"),
            password: text("password"),
            auth: text("auth"),
            server: server.clone(),
        };
        complete(&mut credential);
        if !credential.password.is_empty() {
            found.push(credential);
        }
    }
    Ok(found)
}

/// Docker gives both, or only base64 of both together.
fn complete(credential: &mut Credential) {
    if credential.auth.is_empty() && !credential.password.is_empty() {
        let both = format!("{}:{}", credential.username, credential.password);
        credential.auth = STANDARD.encode(both);
        return;
    }
    if !credential.password.is_empty() {
        return;
    }
    let decoded = STANDARD.decode(credential.auth.trim()).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((user, password)) = text.as_deref().and_then(|text| text.split_once(':')) {
        user.clone_into(&mut credential.username);
        password
            .trim_end_matches('\0')
            .clone_into(&mut credential.password);
    }
}

/// All entries with a password for exactly this registry of a secret of registries'
/// scans: `registriesAuth`, a JSON list.
///
/// # Errors
///
/// It is not of that form. No value is quoted.
pub fn registry_secret(text: &[u8], registry: &str) -> Result<Vec<Credential>, &'static str> {
    let value: Value = serde_json::from_slice(text).map_err(|_| "is not JSON")?;
    let entries = value.as_array().ok_or("is not a list")?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.as_object().ok_or("has an entry that is no object")?;
        let text = |name| text_of(entry, name).unwrap_or_default().to_owned();
        let server = text("registry");
        let password = text("password");
        if password.is_empty() || host(&server) != registry {
            continue;
        }
        let mut credential = Credential {
            username: text("username"),
            password,
            auth: String::new(),
            server,
        };
        complete(&mut credential);
        found.push(credential);
    }
    Ok(found)
}
