//! Rules of metadata. (`apimachinery/pkg/api/validation/objectmeta.go`)

use serde_json::Value;

use crate::failure::Cause;

/// Everything wrong with an object's metadata, in Kubernetes' words. At most
/// 100 causes; names must also begin and end with a letter or digit.
pub fn validate_meta(object: &Value, namespaced: bool) -> Vec<Cause> {
    let _ = (object, namespaced);
    todo!()
}
