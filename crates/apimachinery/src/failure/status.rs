//! Failures as JSON. (`metav1.Status`)

use serde_json::{Map, Value, json};

use super::{Cause, Details, Failure, Reason};

impl Reason {
    /// The word in `Status.reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable => "NotAcceptable",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Gone => "Gone",
            Self::Expired => "Expired",
            Self::RequestEntityTooLarge => "RequestEntityTooLarge",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::Invalid => "Invalid",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalError => "InternalError",
            Self::ServerTimeout => "ServerTimeout",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Timeout => "Timeout",
        }
    }
}

impl Failure {
    /// The answer's body.
    pub fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason.as_str(),
            "code": self.code,
        });
        if let Some(details) = &self.details {
            status["details"] = details.to_json();
        }
        status
    }
}

/// The body of an answer to a deletion that left nothing to show: `details`
/// names what was deleted.
pub fn success(group: &str, resource: &str, name: &str, uid: &str) -> Value {
    let details = Details {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: resource.to_owned(),
        uid: uid.to_owned(),
        ..Details::default()
    };
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details.to_json(),
    })
}

impl Details {
    fn to_json(&self) -> Value {
        let mut json = Map::new();
        let texts = [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
            ("uid", &self.uid),
        ];
        put_texts(&mut json, texts);
        if !self.causes.is_empty() {
            let causes: Vec<Value> = self.causes.iter().map(Cause::to_json).collect();
            json.insert("causes".to_owned(), causes.into());
        }
        if let Some(seconds) = self.retry_after_seconds
            && seconds > 0
        {
            json.insert("retryAfterSeconds".to_owned(), seconds.into());
        }
        Value::Object(json)
    }
}

impl Cause {
    /// The cause as an entry of `details.causes`.
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        let texts = [
            ("reason", &self.reason),
            ("message", &self.message),
            ("field", &self.field),
        ];
        put_texts(&mut json, texts);
        Value::Object(json)
    }
}

fn put_texts<const N: usize>(json: &mut Map<String, Value>, texts: [(&str, &String); N]) {
    for (key, text) in texts {
        if !text.is_empty() {
            json.insert(key.to_owned(), text.as_str().into());
        }
    }
}
