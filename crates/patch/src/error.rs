//! What can be wrong with a patch, as the API answers it.

use std::fmt;

use serde_json::{Value, json};

/// Why an object was not changed. Texts are those of kube-apiserver where it
/// has one; none holds more than a few hundred bytes of foreign data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The patch cannot be read, or is no patch of its type: 400 `BadRequest`.
    #[error("{0}")]
    BadRequest(String),
    /// The patch does not fit the object: 422 `Invalid`.
    #[error("{0}")]
    Unprocessable(String),
    /// Others own what the configuration would change: 409 `Conflict`.
    #[error("{0}")]
    Conflict(Conflict),
    /// The patch, or what it makes, is beyond the limits: 413
    /// `RequestEntityTooLarge`.
    #[error("{0}")]
    TooLarge(String),
}

impl Error {
    /// The HTTP code of the answer.
    pub fn http_code(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Unprocessable(_) => 422,
            Self::Conflict(_) => 409,
            Self::TooLarge(_) => 413,
        }
    }

    /// The `reason` of the `Status`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "BadRequest",
            Self::Unprocessable(_) => "Invalid",
            Self::Conflict(_) => "Conflict",
            Self::TooLarge(_) => "RequestEntityTooLarge",
        }
    }

    /// `details.causes` of the `Status`; empty for all but conflicts.
    pub fn causes(&self) -> Vec<Value> {
        match self {
            Self::Conflict(conflict) => conflict.causes.iter().map(Cause::status).collect(),
            _ => Vec::new(),
        }
    }
}

/// All that stands against an apply without force. Its text is the `message`
/// of the `Status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflict {
    /// Each field and owner, by owner, then by path. At most
    /// [`Conflict::MOST_CAUSES`] are listed.
    pub causes: Vec<Cause>,
    /// How many there are in all.
    pub total: usize,
}

/// One field that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The owner as messages name it: `"kubectl" using v1`, `"ci"`.
    pub owner: String,
    /// The field, such as `.spec.egress[identifier="a"].ports`.
    pub field: String,
}

impl Cause {
    /// The `message` of the `StatusCause`.
    pub fn message(&self) -> String {
        format!("conflict with {}", self.owner)
    }

    /// The `StatusCause`.
    pub fn status(&self) -> Value {
        json!({
            "reason": "FieldManagerConflict",
            "message": self.message(),
            "field": self.field,
        })
    }
}

impl Conflict {
    /// Most causes listed, so that an answer stays small.
    pub const MOST_CAUSES: usize = 1_000;
}

impl fmt::Display for Conflict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([cause], 1) = (self.causes.as_slice(), self.total) {
            let (message, field) = (cause.message(), &cause.field);
            return write!(out, "Apply failed with 1 conflict: {message}: {field}");
        }
        write!(out, "Apply failed with {} conflicts: ", self.total)?;
        let mut owner = None;
        for cause in &self.causes {
            if owner != Some(&cause.owner) {
                let line = if owner.is_some() { "\n" } else { "" };
                write!(out, "{line}conflicts with {}:", cause.owner)?;
                owner = Some(&cause.owner);
            }
            write!(out, "\n- {}", cause.field)?;
        }
        if self.total > self.causes.len() {
            write!(out, "\n- and {} more", self.total - self.causes.len())?;
        }
        Ok(())
    }
}
