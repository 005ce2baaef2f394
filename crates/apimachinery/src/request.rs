//! What a request is about, from its method, path and query.
//! (`apiserver/pkg/endpoints/request/requestinfo.go`)

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::failure::Failure;
use crate::qualified::path_segment_errors;
use crate::query::Query;
use crate::quote::quote;
use crate::selector::parse_field_selector;

/// More segments than this no path has.
const MOST_SEGMENTS: usize = 64;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Read one object.
    Get,
    /// Read many.
    List,
    /// Follow one or many.
    Watch,
    /// Make one.
    Create,
    /// Replace one.
    Update,
    /// Change one.
    Patch,
    /// Delete one.
    Delete,
    /// Delete many.
    DeleteCollection,
    /// The method in lower case: of paths that are no resource, and of methods
    /// that resources do not have.
    Method(String),
}

/// What a request is about. Texts are percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestInfo {
    /// Whether it is about a resource; else only `path` and `verb` count.
    pub is_resource: bool,
    /// The path as it was sent.
    pub path: String,
    /// What is to be done.
    pub verb: Verb,
    /// `api` or `apis`.
    pub api_prefix: String,
    /// The group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The plural of the resource, `namespaces` included.
    pub resource: String,
    /// The namespace; empty for all or none.
    pub namespace: String,
    /// The name; empty for many. Of lists and watches that a field selector
    /// limits to one name, that name (authorization wants it).
    pub name: String,
    /// What comes after the name, such as `status`.
    pub subresource: String,
    /// Path segments after the subresource, which nothing here has.
    pub rest: Vec<String>,
}

impl Verb {
    /// The word that authorization and discovery use.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Method(method) => method,
        }
    }
}

impl RequestInfo {
    /// Reads method, raw path (not decoded) and raw query (without `?`).
    ///
    /// # Errors
    ///
    /// 400 for segments of a resource's path that cannot be names: `.`, `..`,
    /// with `/` or `%` in them once decoded, or not UTF-8; and for empty ones.
    pub fn parse(method: &str, path: &str, query: &str) -> Result<Self, Failure> {
        let mut info = Self::non_resource(method, path);
        let segments: Vec<&str> = path
            .trim_matches('/')
            .split('/')
            .take(MOST_SEGMENTS)
            .collect();
        let (group, rest) = match segments.as_slice() {
            ["api", rest @ ..] if rest.len() >= 2 => ("", rest),
            ["apis", group, rest @ ..] if rest.len() >= 2 => (*group, rest),
            _ => return Ok(info),
        };
        let names = rest.iter().map(|segment| name(segment));
        let names = names.collect::<Result<Vec<String>, Failure>>()?;
        info.is_resource = true;
        segments[0].clone_into(&mut info.api_prefix);
        if !group.is_empty() {
            info.group = name(group)?;
        }
        info.verb = match method {
            "POST" => Verb::Create,
            "GET" | "HEAD" => Verb::Get,
            "PUT" => Verb::Update,
            "PATCH" => Verb::Patch,
            "DELETE" => Verb::Delete,
            other => Verb::Method(other.to_ascii_lowercase()),
        };
        let mut names = names.into_iter();
        info.version = names.next().unwrap_or_default();
        let mut parts: Vec<String> = names.collect();
        let watch_path = parts.first().is_some_and(|part| part == "watch") && parts.len() > 1;
        if watch_path {
            // The old form: /apis/GROUP/VERSION/watch/…
            parts.remove(0);
            info.verb = Verb::Watch;
        }
        info.take_parts(parts);
        if info.name.is_empty() && !watch_path {
            info.for_many(query);
        }
        Ok(info)
    }

    fn non_resource(method: &str, path: &str) -> Self {
        Self {
            is_resource: false,
            path: path.to_owned(),
            verb: Verb::Method(method.to_ascii_lowercase()),
            api_prefix: String::new(),
            group: String::new(),
            version: String::new(),
            resource: String::new(),
            namespace: String::new(),
            name: String::new(),
            subresource: String::new(),
            rest: Vec::new(),
        }
    }

    /// What comes after the version: `[namespaces/NAMESPACE/]resource[/name[/subresource…]]`.
    fn take_parts(&mut self, mut parts: Vec<String>) {
        if parts.first().is_some_and(|part| part == "namespaces") && parts.len() > 1 {
            self.namespace.clone_from(&parts[1]);
            // A namespace's own subresources are not resources in it.
            if parts.len() > 2 && !matches!(parts[2].as_str(), "status" | "finalize") {
                parts.drain(..2);
            }
        }
        let mut parts = parts.into_iter();
        self.resource = parts.next().unwrap_or_default();
        self.name = parts.next().unwrap_or_default();
        self.subresource = parts.next().unwrap_or_default();
        self.rest = parts.collect();
    }

    /// Without a name a GET is a list or a watch, and a DELETE a deletecollection.
    fn for_many(&mut self, query: &str) {
        match self.verb {
            Verb::Get => {
                let query = Query::parse(query);
                let watch = query.flag("watch").unwrap_or_default();
                self.verb = if watch { Verb::Watch } else { Verb::List };
                // A bad selector is refused with the options.
                let selector = parse_field_selector(query.text("fieldSelector"));
                let name = selector.ok().and_then(|selector| selector.name);
                if let Some(name) = name.filter(|name| path_segment_errors(name).is_empty()) {
                    self.name = name;
                }
            }
            Verb::Delete => self.verb = Verb::DeleteCollection,
            _ => {}
        }
    }
}

/// One segment of a path, decoded.
fn name(segment: &str) -> Result<String, Failure> {
    let bytes: Cow<'_, [u8]> = percent_decode_str(segment).into();
    let invalid = |name: &str, why: &str| {
        let name = quote(name);
        Failure::bad_request(format!("Name parameter invalid: {name}: {why}"))
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| invalid(segment, "must be UTF-8"))?;
    if text.is_empty() {
        return Err(Failure::bad_request("Name parameter required."));
    }
    let errors = path_segment_errors(text);
    if !errors.is_empty() {
        return Err(invalid(text, &errors.join(";")));
    }
    Ok(text.to_owned())
}
