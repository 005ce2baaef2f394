//! What is stored.

use kubescape_names::annotation;
pub use kubescape_posture::{ResultKey, ResultObject, ResultResource};

/// The annotation that keeps [`ResultObject::digest`].
pub const DIGEST: &str = annotation::RESULT_DIGEST.as_str();
