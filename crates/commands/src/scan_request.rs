//! The request to the scanner of configurations, and its replies.

use serde_json::{Map, Value, json};

use crate::fold::{Wrong, field, list_of, set, text_of};

/// What the configuration adds to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanDefaults {
    /// Scans by framework get the framework `security`, too.
    pub security_framework: bool,
    /// There is no backend: results stay here, though the request does not say so.
    pub keep_local: bool,
}

/// Fields of the request, as they are documented.
const FIELDS: [&str; 14] = [
    "format",
    "account",
    "accessKey",
    "failThreshold",
    "excludedNamespaces",
    "includeNamespaces",
    "targetNames",
    "targetType",
    "submit",
    "hostScanner",
    "keepLocal",
    "useCachedArtifacts",
    "scanObject",
    "isDeletedScanObject",
];

/// The body to post: the argument `scanV1` with its defaults. Empty target names are
/// all frameworks; an empty name is `all`; `security` is added when asked for.
///
/// # Errors
///
/// There is no `scanV1` (`null` and `{}` are fine), or a field is of another type.
pub fn scan_request(args: &Map<String, Value>, defaults: ScanDefaults) -> Result<Value, String> {
    let found = args.iter().find(|(key, _)| *key == "scanV1").or_else(|| {
        args.iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("scanV1"))
    });
    let given = match found.map(|(_, value)| value) {
        None => return Err("request not found: give args.scanV1, which may be {}".to_owned()),
        Some(Value::Null) => Map::new(),
        Some(Value::Object(given)) => given.clone(),
        Some(_) => return Err("args.scanV1 is not an object".to_owned()),
    };
    // Under the documented names: the scanner may count case.
    let mut body = Map::new();
    for (key, value) in &given {
        let known = FIELDS.iter().find(|name| name.eq_ignore_ascii_case(key));
        if !value.is_null() {
            set(
                &mut body,
                known.map_or(key.as_str(), |name| name),
                value.clone(),
            );
        }
    }
    targets(&mut body, defaults).map_err(|wrong| format!("args.scanV1: {wrong}"))?;
    if defaults.keep_local && field(&body, "keepLocal").is_none() {
        body.insert("keepLocal".to_owned(), true.into());
    }
    Ok(Value::Object(body))
}

fn targets(body: &mut Map<String, Value>, defaults: ScanDefaults) -> Result<(), Wrong> {
    let wrong = Wrong {
        field: "targetNames",
        wanted: "a list of texts",
    };
    let mut names: Vec<String> = Vec::new();
    for name in list_of(body, "targetNames")? {
        let name = name.as_str().ok_or_else(|| wrong.clone())?;
        names.push(if name.is_empty() { "all" } else { name }.to_owned());
    }
    let mut kind = text_of(body, "targetType")?.to_owned();
    if names.is_empty() {
        names.push("all".to_owned());
        "Framework".clone_into(&mut kind);
    }
    let by_framework = kind.eq_ignore_ascii_case("framework");
    if defaults.security_framework && by_framework && !names.iter().any(|name| name == "security") {
        names.push("security".to_owned());
    }
    body.insert("targetNames".to_owned(), json!(names));
    if !kind.is_empty() {
        body.insert("targetType".to_owned(), kind.into());
    }
    Ok(())
}

/// What the scanner says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanReply {
    /// The scan's.
    pub id: String,
    /// `busy`, `notBusy`, `error`, `v1results`, `ready`, `id`.
    pub kind: String,
    /// A text of `response`, cut; empty for anything else.
    pub text: String,
}

impl ScanReply {
    /// Reads a reply.
    ///
    /// # Errors
    ///
    /// It is no reply of a scanner.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|_| "the scanner's reply is not JSON".to_owned())?;
        let Value::Object(object) = &value else {
            return Err("the scanner's reply is not an object".to_owned());
        };
        let text = |name| text_of(object, name).unwrap_or_default();
        let kind = text("type");
        if kind.is_empty() {
            return Err("the scanner's reply has no type".to_owned());
        }
        Ok(Self {
            id: text("id").to_owned(),
            kind: kind.to_owned(),
            text: text("response").chars().take(300).collect(),
        })
    }

    /// Whether the scan still runs.
    pub fn is_busy(&self) -> bool {
        self.kind.eq_ignore_ascii_case("busy")
    }

    /// Whether the scan failed.
    pub fn is_error(&self) -> bool {
        self.kind.eq_ignore_ascii_case("error")
    }
}
