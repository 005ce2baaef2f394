//! Credentials that stand in plain text where everybody who may read a
//! workload or a `ConfigMap` sees them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use kubescape_engine::{Inputs, Object, Out, Workload};

/// An environment variable looks like a credential, by its name or its value.
/// Variables that refer to a Secret or anything else are fine.
pub(crate) fn in_environment<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.all_containers() {
        for (index, variable) in container.at("env").items().iter().enumerate() {
            let name = variable.at("name").str();
            let Some(value) = variable.at("value").as_str() else {
                continue;
            };
            let matches = |text: &str| out.inputs.matches_any_case("sensitiveValues", text);
            if is_credential(name, value, out.inputs, matches) {
                out.fail(workload.object)
                    .delete(format_args!("{container}.env[{index}].name"))
                    .delete(format_args!("{container}.env[{index}].value"));
            }
        }
    }
}

/// An entry of a `ConfigMap` looks like a credential, by its key or its value.
pub(crate) fn in_config_map<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "ConfigMap" {
        return;
    }
    for (key, value) in object.at("data").entries() {
        let Some(value) = value.as_str() else {
            continue;
        };
        let matches = |text: &str| out.inputs.matches("sensitiveValues", text);
        if is_credential(key, value, out.inputs, matches) {
            out.fail(object).delete(format_args!("data[{key}]"));
        }
    }
}

fn is_credential(name: &str, value: &str, inputs: &Inputs, matches: impl Fn(&str) -> bool) -> bool {
    if value.is_empty() || is_file_path(value) {
        return false;
    }
    let suspicious = names_credential(name, inputs.list("sensitiveKeyNames"))
        || matches(value)
        || decoded(value).is_some_and(|text| matches(&text));
    suspicious
        && !names_credential(name, inputs.list("sensitiveKeyNamesAllowed"))
        && !inputs.matches("sensitiveValuesAllowed", value)
}

fn names_credential(name: &str, parts: &[String]) -> bool {
    parts
        .iter()
        .any(|part| !part.is_empty() && contains_any_case(name, part))
}

/// Whether `text` contains `part`, without regard to the case of letters and
/// without allocating.
fn contains_any_case(text: &str, part: &str) -> bool {
    text.as_bytes()
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// A path says where a credential is, not what it is.
fn is_file_path(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/@".contains(&byte);
    let rooted = value.starts_with('/') || value.starts_with("./") || value.starts_with("../");
    rooted && value.bytes().all(plain)
}

/// Too short to hold any credential.
const SHORTEST: usize = 12;

/// Base64 as people paste it: tools differ in the bits behind the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What the value stands for when it is base64 of a text.
fn decoded(value: &str) -> Option<String> {
    let value = value.trim();
    let possible = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    // Nearly all values are no base64: see that before memory is taken.
    if value.len() < SHORTEST || !value.len().is_multiple_of(4) || !value.bytes().all(possible) {
        return None;
    }
    String::from_utf8(BASE64.decode(value).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        let text = |value: &str| decoded(value);
        assert_eq!(text("QmVhcmVyIGFiYw==").as_deref(), Some("Bearer abc"));
        assert_eq!(text("QmVhcmVyIGFiYzEy").as_deref(), Some("Bearer abc12"));
        assert_eq!(text("not base64 at all"), None);
        assert_eq!(text("===="), None);
        assert_eq!(text("QmVhcmVyIGFiYzF=").as_deref(), Some("Bearer abc1"));
        assert_eq!(text("QmVhcmVyIGFi_w=="), None);
        assert_eq!(text(""), None);
    }

    #[test]
    fn paths() {
        for path in ["/etc/ml_secret_key", "./token", "/run/secrets/db.password"] {
            assert!(is_file_path(path), "{path}");
        }
        for other in ["", "etc/key", "/a b", "https://example.com", "/x+y="] {
            assert!(!is_file_path(other), "{other}");
        }
    }

    #[test]
    fn parts_of_names() {
        assert!(contains_any_case("DB_Password", "password"));
        assert!(!contains_any_case("PWD", "password"));
    }
}
