//! Who asks, and whether that may be.
//!
//! kube-apiserver forwards a request with its own certificate and the user's
//! name in headers, after it has authorised it: such a request is let in
//! without another question. Whoever comes directly needs a client certificate
//! or a token, and is authorised by a SubjectAccessReview. Nobody is anonymous,
//! but for health and discovery. (storage reference, section 11)

mod authenticate;
mod cache;
mod user;

pub(crate) use authenticate::Asked;
pub use authenticate::{Authentication, Caller, FrontProxy};
pub(crate) use user::MASTERS;
pub use user::User;

use async_trait::async_trait;

/// What a request wants to do, for a SubjectAccessReview.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// `get`, `list`, `create`, …
    pub verb: String,
    /// The plural; empty for a path.
    pub resource: String,
    /// The namespace; empty for all or none.
    pub namespace: String,
    /// The name; empty for all.
    pub name: String,
    /// The path, of what is no resource.
    pub path: String,
}

/// What a reviewer found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may be.
    pub allowed: bool,
    /// Why, in the reviewer's words; may be empty.
    pub reason: String,
}

/// Answers the two questions that only a cluster can answer.
#[async_trait]
pub trait Reviewer: Send + Sync {
    /// Whose token this is; `None` if nobody's.
    ///
    /// # Errors
    ///
    /// Says why there is no answer: then nobody is let in.
    async fn whose(&self, token: &str) -> Result<Option<User>, String>;

    /// Whether the user may do that.
    ///
    /// # Errors
    ///
    /// Says why there is no answer: then it may not.
    async fn may(&self, user: &User, access: &Access) -> Result<Verdict, String>;
}
