//! What a request is about, from its method, path and query.
//! (`apiserver/pkg/endpoints/request/requestinfo.go`)

use crate::failure::Failure;

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
    /// 400 for segments that cannot be names: `.`, `..`, with `/` or `%` in
    /// them once decoded, or not UTF-8.
    pub fn parse(method: &str, path: &str, query: &str) -> Result<Self, Failure> {
        let _ = (method, path, query);
        todo!()
    }
}
