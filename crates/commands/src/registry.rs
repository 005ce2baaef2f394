//! Recurring scans of registries: their `Secret` and what their `CronJob` posts.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::command::Command;
use crate::fold::{field, list_of, object_of, remove, set, text_of};
use crate::recurring::Made;

/// Which registry, and how to enter. Printed without credentials.
#[derive(Clone, PartialEq)]
pub struct RegistryInfo {
    /// `quay.io/acme`.
    pub name: String,
    given: Map<String, Value>,
}

impl fmt::Debug for RegistryInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistryInfo({})", self.name)
    }
}

impl RegistryInfo {
    /// From `args.registryInfo-v1`.
    ///
    /// # Errors
    ///
    /// It is missing or contradicts itself.
    pub fn of(command: &Command) -> Result<Self, String> {
        let wrong = |problem: String| format!("args.registryInfo-v1: {problem}");
        let given = object_of(&command.args, "registryInfo-v1")
            .map_err(|error| error.to_string())?
            .ok_or_else(|| wrong("is missing: name the registry".to_owned()))?;
        let name = text_of(given, "registryName").map_err(|error| wrong(error.to_string()))?;
        if name.is_empty() {
            return Err(wrong(
                "registryName is missing: name the registry".to_owned(),
            ));
        }
        let filled = |name| {
            let list = list_of(given, name).map_err(|error| wrong(error.to_string()))?;
            Ok::<_, String>(!list.is_empty())
        };
        if filled("include")? && filled("exclude")? {
            return Err(wrong("include and exclude cannot both be given".to_owned()));
        }
        let info = Self {
            name: name.to_owned(),
            given: given.clone(),
        };
        info.check_method()
            .map_err(|problem| wrong(format!("authMethod: {problem}")))?;
        Ok(info)
    }

    /// Whether there is a way in. No value but the method's is quoted.
    fn check_method(&self) -> Result<(), String> {
        let method = self.auth("type").to_lowercase();
        let instead = "give type accesstoken with username and password";
        match method.as_str() {
            "" | "accesstoken" | "credentials" => {
                let given = [self.auth("username"), self.auth("password")];
                if given.iter().filter(|one| one.is_empty()).count() == 1 {
                    return Err("username and password belong together: give both".to_owned());
                }
                Ok(())
            }
            "public" => Ok(()),
            "ips" => Err(format!(
                "credentials of clouds are not asked for by the operator: {instead}"
            )),
            "identity_token" | "registry_token" => {
                Err(format!("{method} is not supported: {instead}"))
            }
            _ => Err(format!(
                "its type is not known: use accesstoken, credentials or public; {instead}"
            )),
        }
    }

    /// The text of a member of `authMethod`.
    fn auth(&self, name: &'static str) -> &str {
        let auth = field(&self.given, "authMethod").and_then(Value::as_object);
        auth.and_then(|auth| text_of(auth, name).ok())
            .unwrap_or_default()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        field(&self.given, name).and_then(Value::as_bool)
    }
}

/// The `Secret`, when a password came, and what the `CronJob` posts, which has none.
pub fn registry_objects(info: &RegistryInfo, name: &str, namespace: &str) -> (Option<Value>, Made) {
    let password = info.auth("password");
    let secret = (!password.is_empty()).then(|| {
        let kind = text_of(&info.given, "kind").unwrap_or_default();
        let entry = json!([{
            "registry": info.name,
            "auth_method": info.auth("type"),
            "username": info.auth("username"),
            "password": password,
            "kind": kind,
            "skipTLSVerify": info.flag("skipTLSVerify").unwrap_or(false),
            "http": !info.flag("isHTTPS").unwrap_or(true),
        }]);
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
            "type": "Opaque",
            "stringData": {"registriesAuth": entry.to_string()},
        })
    });
    let mut posted = info.given.clone();
    if let Some(Value::Object(mut auth)) = remove(&mut posted, "authMethod") {
        while remove(&mut auth, "username").is_some() {}
        while remove(&mut auth, "password").is_some() {}
        set(&mut posted, "authMethod", Value::Object(auth));
    }
    while remove(&mut posted, "registryToken").is_some() {}
    if secret.is_some() {
        set(&mut posted, "secretName", json!(name));
    }
    let made = Made {
        target: String::new(),
        body: json!({"commands": [
            {"commandName": "scanRegistry", "args": {"registryInfo-v1": posted}}
        ]}),
        annotations: vec![("armo.cloud/registryname".to_owned(), info.name.clone())],
    };
    (secret, made)
}
