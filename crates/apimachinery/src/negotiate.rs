//! Which representation a client gets, and which one it sent.
//! (`apiserver/pkg/endpoints/handlers/negotiation`, `munnerz/goautoneg`)

mod accept;
mod clause;
mod content;

pub use accept::{
    Discovery, Representation, Shape, Target, accept, accept_discovery, accept_openapi,
};
pub use content::{PatchType, body_format, patch_type};

/// A text format that bodies and answers have. Protobuf and CBOR are not served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    #[default]
    Json,
    /// `application/yaml`
    Yaml,
}

impl Format {
    /// The `Content-Type` of a body of this format.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }
}

/// What bodies and answers may be, as failures list it.
pub const SUPPORTED: &[&str] = &["application/json", "application/yaml"];
