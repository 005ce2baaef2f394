//! The constructors: codes, words and shapes of a real API server.

use std::collections::BTreeMap;

use super::{Cause, Details, Failure, Reason};
use crate::quote::quote;

/// Why an update with an old `resourceVersion` is refused.
const STALE: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// `plural.group`, or only the plural in the core group.
fn qualified(resource: &str, group: &str) -> String {
    if group.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}.{group}")
    }
}

fn about(group: &str, kind: &str, name: &str) -> Details {
    Details {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        ..Details::default()
    }
}

fn retry(seconds: u32) -> Details {
    Details {
        retry_after_seconds: Some(seconds),
        ..Details::default()
    }
}

impl Failure {
    fn new(code: u16, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    fn with(mut self, details: Details) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    /// 404: there is no object of that name.
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {} not found", qualified(resource, group), quote(name));
        Self::new(404, Reason::NotFound, message).with(about(group, resource, name))
    }

    /// 404: there is no such path or resource.
    pub fn unknown_path() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(404, Reason::NotFound, message).with(Details::default())
    }

    /// 409: the name is taken.
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!(
            "{} {} already exists",
            qualified(resource, group),
            quote(name)
        );
        Self::new(409, Reason::AlreadyExists, message).with(about(group, resource, name))
    }

    /// 409: the name that the server made from `generateName` is taken; trying
    /// again in a second may help.
    pub fn generated_name_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!(
            "{} {} already exists, the server was not able to generate a unique name for the object",
            qualified(resource, group),
            quote(name)
        );
        let mut details = about(group, resource, name);
        details.retry_after_seconds = Some(1);
        Self::new(409, Reason::AlreadyExists, message).with(details)
    }

    /// 409: the object is not as the request demands.
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {}: {why}",
            qualified(resource, group),
            quote(name)
        );
        Self::new(409, Reason::Conflict, message).with(about(group, resource, name))
    }

    /// 409: the object changed since the client read it.
    pub fn stale(group: &str, resource: &str, name: &str) -> Self {
        Self::conflict(group, resource, name, STALE)
    }

    /// 409: another manager owns fields that an apply wants to change. Each
    /// cause has the path in `field` and `conflict with "manager" …` as message.
    /// (`managedfields/internal/conflict.go`)
    pub fn apply_conflict(causes: Vec<Cause>) -> Self {
        let message = match causes.as_slice() {
            [one] => format!(
                "Apply failed with 1 conflict: {}: {}",
                one.message, one.field
            ),
            many => {
                let mut by_manager = BTreeMap::<&str, Vec<&str>>::new();
                for cause in many {
                    let paths = by_manager.entry(&cause.message).or_default();
                    paths.push(&cause.field);
                }
                let mut lines = Vec::new();
                for (message, paths) in by_manager {
                    lines.push(format!("{}:", message.replacen("conflict", "conflicts", 1)));
                    lines.extend(paths.iter().map(|path| format!("- {path}")));
                }
                let count = many.len();
                format!("Apply failed with {count} conflicts: {}", lines.join("\n"))
            }
        };
        Self::new(409, Reason::Conflict, message).with(Details {
            causes,
            ..Details::default()
        })
    }

    /// 422: fields are wrong.
    pub fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let mut message = format!("{} {} is invalid", qualified(kind, group), quote(name));
        let mut texts: Vec<String> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for cause in &causes {
            let text = cause.to_string();
            if seen.insert(text.clone()) {
                texts.push(text);
            }
        }
        match texts.as_slice() {
            [] => {}
            [one] => message = format!("{message}: {one}"),
            many => message = format!("{message}: [{}]", many.join(", ")),
        }
        let mut details = about(group, kind, name);
        details.causes = causes;
        Self::new(422, Reason::Invalid, message).with(details)
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, Reason::BadRequest, message)
    }

    /// 410: the continue token or the version is no longer served; list again.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, Reason::Expired, message)
    }

    /// 410: what was asked for will not come back.
    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(410, Reason::Gone, message)
    }

    /// 429: come back after that many seconds.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::new(429, Reason::TooManyRequests, message).with(retry(retry_after_seconds))
    }

    /// 413: the body is larger than that many bytes.
    pub fn too_large(limit: u64) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(413, Reason::RequestEntityTooLarge, message)
    }

    /// 415: the body is of a type that is not read. `offered` is the header's
    /// value; a real server does not repeat it, and neither does this.
    pub fn unsupported_media_type(_offered: &str, supported: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            supported.join(", ")
        );
        Self::new(415, Reason::UnsupportedMediaType, message)
    }

    /// 406: the client takes none of these.
    pub fn not_acceptable(supported: &[&str]) -> Self {
        let message = format!(
            "only the following media types are accepted: {}",
            supported.join(", ")
        );
        Self::new(406, Reason::NotAcceptable, message)
    }

    /// 406: the representation does not fit what is asked for.
    pub fn not_acceptable_because(message: impl Into<String>) -> Self {
        Self::new(406, Reason::NotAcceptable, message)
    }

    /// 405: the resource has no such verb.
    pub fn method_not_supported(group: &str, resource: &str, verb: &str) -> Self {
        let qualified = qualified(resource, group);
        let message = format!(
            "{verb} is not supported on resources of kind {}",
            quote(&qualified)
        );
        Self::new(405, Reason::MethodNotAllowed, message).with(about(group, resource, ""))
    }

    /// 403: the user may not do this. An empty namespace is the cluster scope;
    /// `why` comes from the authorizer and may be empty.
    /// (`apiserver/pkg/endpoints/handlers/responsewriters/errors.go`)
    pub fn forbidden(
        user: &str,
        verb: &str,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
        why: &str,
    ) -> Self {
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {}", quote(namespace))
        };
        let what = format!(
            "User {} cannot {verb} resource {} in API group {} {place}",
            quote(user),
            quote(resource),
            quote(group)
        );
        // A subresource belongs to the sentence and not to the details.
        let resource = resource.split('/').next().unwrap_or_default();
        let subject = if name.is_empty() {
            qualified(resource, group)
        } else {
            format!("{} {}", qualified(resource, group), quote(name))
        };
        let message = format!(
            "{subject} is forbidden: {}{}",
            harmless(&what),
            because(why)
        );
        Self::new(403, Reason::Forbidden, message).with(about(group, resource, name))
    }

    /// 403 for a path that is no resource; the verb is the method in lower case.
    pub fn forbidden_path(user: &str, verb: &str, path: &str, why: &str) -> Self {
        let what = format!("User {} cannot {verb} path {}", quote(user), quote(path));
        let message = format!("forbidden: {}{}", harmless(&what), because(why));
        Self::new(403, Reason::Forbidden, message).with(Details::default())
    }

    /// 401: nobody known asks.
    pub fn unauthorized() -> Self {
        Self::new(401, Reason::Unauthorized, "Unauthorized")
    }

    /// 504: the request took too long.
    pub fn timeout(message: &str, retry_after_seconds: u32) -> Self {
        Self::new(504, Reason::Timeout, format!("Timeout: {message}"))
            .with(retry(retry_after_seconds))
    }

    /// 500: the server could not do it in time; the client may try again.
    pub fn server_timeout(
        group: &str,
        resource: &str,
        verb: &str,
        retry_after_seconds: u32,
    ) -> Self {
        let message = format!(
            "The {verb} operation against {} could not be completed at this time, please try again.",
            qualified(resource, group)
        );
        let mut details = about(group, resource, verb);
        details.retry_after_seconds = Some(retry_after_seconds);
        Self::new(500, Reason::ServerTimeout, message).with(details)
    }

    /// 500: a fault of the server.
    pub fn internal(message: impl Into<String>) -> Self {
        let message = message.into();
        let text = format!("Internal error occurred: {message}");
        Self::new(500, Reason::InternalError, text).with(Details {
            causes: vec![Cause {
                message,
                ..Cause::default()
            }],
            ..Details::default()
        })
    }

    /// 503: not ready, or something behind the server is away.
    pub fn service_unavailable(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::new(503, Reason::ServiceUnavailable, message).with(retry(retry_after_seconds))
    }
}

/// What a browser would take for HTML is escaped, as a real server does.
fn harmless(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn because(why: &str) -> String {
    if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    }
}
